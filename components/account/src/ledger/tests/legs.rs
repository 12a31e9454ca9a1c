//! Postings of several legs: balanced in each currency, decided, recorded, and reversed as a whole.

use super::super::judge::judge;
use super::super::validate::validate as checked;
use super::*;
use crate::tests::kit::leg;
use proptest::prelude::*;
use strongroom_ledger_api::{Direction, LEGS_MAX, Leg, RecordedLeg};
use strongroom_sdk::money::{AMOUNT_MINOR_MAX, Money};

const CAROL: Uuid = Uuid::from_u128(0xC);

/// Two legs of EUR that balance.
pub(super) fn two(minor: i64) -> Vec<Leg> {
    let [from, to] = [1, 2].map(Uuid::from_u128);
    kit::legs(from, to, eur(minor)).legs
}

pub(super) fn debit(account: &Account, minor: i64) -> Leg {
    leg(Direction::Debit, account.id, money(account, minor))
}

pub(super) fn credit(account: &Account, minor: i64) -> Leg {
    leg(Direction::Credit, account.id, money(account, minor))
}

fn money(account: &Account, minor: i64) -> Money {
    Money::from_minor(minor, account.currency)
}

pub(super) fn posting(id: u128, legs: Vec<Leg>) -> Transfer {
    by_alice(id, Instruction::of_legs(legs))
}

pub(super) fn reversal(id: u128, original: u128) -> Transfer {
    by_bank(kit::transfer(id, kit::reversal_of_legs(original)))
}

fn recorded(accounts: &[&Account], legs: &[Leg]) -> Vec<RecordedLeg> {
    let sides = accounts.iter().zip(legs);
    let legs = sides.map(|(account, leg)| RecordedLeg {
        account: Some(party(account)),
        direction: leg.direction,
        amount: leg.amount,
    });
    legs.collect()
}

#[test]
fn a_split_payment_moves_all_its_legs_or_is_recorded_as_they_were_asked_for() {
    let (store, alices, bobs) = bank();
    let carols = open(&store, CAROL, "EUR");
    let accounts = [&alices, &bobs, &carols];
    let legs = vec![debit(&alices, 300), credit(&bobs, 290), credit(&carols, 10)];
    let payment = posting(2, legs.clone());
    let split = accepted(&store, &payment);
    assert_eq!(balances(&store, accounts), [700, 290, 10]);
    assert_eq!(split.legs, recorded(&accounts, &legs));
    assert_eq!((split.kind, split.status), (Kind::Posting, Status::Posted));
    assert_eq!((split.amount, split.declined_leg), (None, None));
    assert_eq!(accounts_of(&split), [None, None]);

    let legs = vec![credit(&bobs, 1_000), debit(&alices, 1_000)];
    let dear = posting(3, legs.clone());
    let short = declined(&store, &dear, Decline::InsufficientFunds);
    assert_eq!(short.declined_leg, Some(1));
    assert_eq!(short.legs, recorded(&[&bobs, &alices], &legs));
    for (asked, record) in [(payment, split), (dear, short)] {
        assert_eq!(posted(&store, &asked), repeated(&record));
        assert_eq!(lookup(&store, asked.id), Some(record));
    }
    assert_eq!(balances(&store, accounts), [700, 290, 10]);
    assert_invariants(&store);
}

#[test]
fn the_first_decline_counts_debits_before_credits_and_names_its_leg() {
    let (store, alices, bobs) = bank();
    let (empty, closed) = (open(&store, ALICE, "EUR"), open(&store, BOB, "EUR"));
    let (yen, frozen) = (open(&store, BOB, "JPY"), open(&store, CAROL, "EUR"));
    account::close(&store, &CLOCK, closed.id, &teller()).unwrap();
    let credits = account::Freeze::Credits;
    account::freeze(&store, &CLOCK, frozen.id, credits, &teller()).unwrap();
    let nowhere = leg(Direction::Credit, Uuid::from_u128(0xDEAD), eur(1));
    let euros_of_yen = leg(Direction::Credit, yen.id, eur(1));
    let denied = with(debit(&alices, 1), |it| it.denied_by = Some(RULE.to_owned()));
    for (id, legs, decline, declined_leg) in rows! {
        (10, vec![credit(&closed, 1), debit(&empty, 1)], Decline::InsufficientFunds, 1),
        (11, vec![nowhere, debit(&empty, 1)], Decline::InsufficientFunds, 1),
        (12, vec![debit(&alices, 1), credit(&closed, 1)], Decline::AccountClosed, 1),
        (13, vec![debit(&alices, 1), credit(&frozen, 1)], Decline::AccountFrozen, 1),
        (14, vec![euros_of_yen, debit(&alices, 1)], Decline::CurrencyMismatch, 0),
        (15, vec![credit(&closed, 1), denied], Decline::ScreeningDenied, 1),
    } {
        let record = declined(&store, &posting(id, legs), decline);
        assert_eq!(record.declined_leg, Some(declined_leg), "{record:?}");
        let rule = (decline == Decline::ScreeningDenied).then_some(RULE);
        assert_eq!(record.denied_by.as_deref(), rule);
        assert_eq!(lookup(&store, record.id), Some(record));
    }
    assert_eq!(balance_of(&store, &bobs), 0);
    assert_invariants(&store);
}

#[test]
fn an_account_of_another_is_credited_and_not_debited_and_only_the_bank_debits_all() {
    let (store, alices, bobs) = bank();
    let there = posting(2, vec![debit(&alices, 9), credit(&bobs, 9)]);
    accepted(&store, &there);
    let back = posting(3, vec![credit(&alices, 4), debit(&bobs, 4)]);
    let nowhere = leg(Direction::Credit, Uuid::from_u128(0xDEAD), eur(1));
    let settlement = leg(Direction::Credit, settlement_account(&store).0, eur(1));
    for (place, posting) in rows! {
        (1, &back),
        (0, &posting(3, vec![nowhere, debit(&alices, 1)])),
        (1, &by_bank(posting(3, vec![debit(&alices, 1), settlement]))),
    } {
        let not_found = LedgerError::AccountNotFound(Side::Leg(place));
        refused(&store, posting, not_found);
    }
    accepted(&store, &by_bank(back));
    let tellers = open(&store, teller().id, "EUR");
    let own = posting(4, vec![debit(&alices, 1), credit(&tellers, 1)]);
    refused(&store, &by_bank(own), LedgerError::OwnAccount);
    assert_invariants(&store);
}

#[test]
fn a_posting_is_reversed_once_as_a_whole_or_not_at_all() {
    let (store, alices, bobs) = bank();
    let carols = open(&store, CAROL, "EUR");
    let legs = vec![debit(&alices, 300), credit(&bobs, 290), credit(&carols, 10)];
    let original = accepted(&store, &posting(2, legs));
    let move_one = |id, from, to| {
        let posting = posting(id, vec![debit(from, 1), credit(to, 1)]);
        accepted(&store, &by_bank(posting));
    };
    move_one(3, &bobs, &alices);
    let short = declined(&store, &reversal(4, 2), Decline::InsufficientFunds);
    assert_eq!(short.declined_leg, Some(1));
    move_one(5, &alices, &bobs);
    let reversed = accepted(&store, &reversal(6, 2));
    assert_eq!(reversed.original, Some(original.id));
    assert_eq!(reversed.legs, mirrored(&original.legs));
    assert_eq!(balances(&store, [&alices, &bobs, &carols]), [1_000, 0, 0]);
    let end = lookup(&store, original.id).unwrap().resolution.unwrap();
    assert_eq!((end.id, end.kind), (reversed.id, Kind::Reversal));
    let again = declined(&store, &reversal(7, 2), Decline::AlreadyReversed);
    assert_eq!(again.declined_leg, None);
    for (id, original) in [(8, 6), (9, 4)] {
        declined(&store, &reversal(id, original), Decline::NotReversible);
    }
    let whole = holds::of_original(10, Kind::Reversal, 2, 300);
    for wrong in [reversal(10, 1), whole] {
        refused(&store, &wrong, LedgerError::invalid("amount"));
    }
    refused(&store, &reversal(10, 0xDEAD), LedgerError::OriginalNotFound);
    assert_invariants(&store);
}

/// A hundred legs take some 50 KB of what a link call may carry, which is 8 MiB.
#[test]
fn a_part_of_the_journal_is_short_where_there_are_many_legs() {
    let store = store();
    let accounts: Vec<_> = (0..100).map(|_| open(&store, ALICE, "EUR")).collect();
    for (id, account) in (1..).zip(&accounts) {
        deposit(&store, id, account, 100);
    }
    for id in 1_000..1_060 {
        let pairs = accounts.chunks(2);
        let legs = pairs.flat_map(|pair| [debit(&pair[0], 1), credit(&pair[1], 1)]);
        first(&store, &posting(id, legs.collect()));
    }
    let parts = parts(|after| journal(&store, after.max(100), 1_000).unwrap());
    let lengths: Vec<_> = parts.iter().map(Vec::len).collect();
    assert_eq!(lengths.iter().sum::<usize>(), 60);
    assert!(lengths.iter().all(|length| *length < 30), "{lengths:?}");
}

#[test]
fn legs_have_their_rules() {
    let debit = |id, minor| leg(Direction::Debit, Uuid::from_u128(id), eur(minor));
    let credit = |id, minor| leg(Direction::Credit, Uuid::from_u128(id), eur(minor));
    let many = |count: u128| {
        let total = debit(1, i64::try_from(count).unwrap() - 1);
        let credits = (2..=count).map(|id| credit(id, 1));
        [total].into_iter().chain(credits).collect::<Vec<_>>()
    };
    let most = LEGS_MAX as u128;
    let yens = with(credit(2, 100), |it| it.amount = yen(100));
    let ruled = |rule: &str| with(debit(1, 100), |it| it.denied_by = Some(rule.to_owned()));
    let invalid = Err(LedgerError::invalid("legs"));
    for (legs, fits) in rows! {
        (two(100), true), (Vec::new(), false), (vec![debit(1, 100)], false), (many(most), true),
        (many(most + 1), false), (vec![debit(1, 100), credit(1, 100)], false),
        (vec![debit(1, 100), credit(2, 99)], false), (vec![debit(1, 100), yens], false),
        (two(0), false), (two(-1), false), (two(AMOUNT_MINOR_MAX), true),
        (two(AMOUNT_MINOR_MAX + 1), false), (vec![ruled("list_7"), credit(2, 100)], true),
        (vec![ruled("List!"), credit(2, 100)], false),
    } {
        let found = checked(&posting(1, legs.clone()));
        let expected = if fits { Ok(()) } else { invalid.clone() };
        assert_eq!(found, expected, "{legs:?}");
    }
    let judged = judge(&store(), &CLOCK, &posting(1, two(100)));
    assert_eq!(judged, Err(LedgerError::invalid("kind")));
}

/// What four accounts of EUR and two of JPY get of the amounts that are moved within a currency.
fn nets(moves: &[(usize, usize, i64)]) -> [i64; 6] {
    let mut nets = [0; 6];
    for (from, to, minor) in moves {
        if (*from < 4) == (*to < 4) {
            nets[*from] -= minor;
            nets[*to] += minor;
        }
    }
    nets
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn random_legs_keep_all_sums_and_a_decline_leaves_the_balances(
        postings in prop::collection::vec(
            prop::collection::vec((0_usize..6, 0_usize..6, 1_i64..400), 1..6), 1..12)
    ) {
        let store = store();
        let accounts = ["EUR", "EUR", "EUR", "EUR", "JPY", "JPY"].map(|code| {
            let account = open(&store, ALICE, code);
            kit::set_limit(&store, &CLOCK, account.id, 500).unwrap()
        });
        for (id, nets) in (1..).zip(postings.iter().map(|moves| nets(moves))) {
            let sides = accounts.iter().zip(nets).filter(|(_, net)| *net != 0);
            let legs: Vec<_> = sides.map(|(account, net)| match net {
                ..0 => debit(account, -net),
                _ => credit(account, net),
            }).collect();
            if legs.is_empty() {
                continue;
            }
            let before = balances(&store, accounts.each_ref());
            let posting = posted(&store, &by_bank(posting(id, legs))).unwrap().posting;
            let is_posted = posting.status == Status::Posted;
            let expected: [i64; 6] = std::array::from_fn(|place| {
                before[place] + if is_posted { nets[place] } else { 0 }
            });
            prop_assert_eq!(balances(&store, accounts.each_ref()), expected);
            prop_assert_eq!(posting.declined_leg.is_some(), !is_posted);
        }
        assert_invariants(&store);
    }
}
