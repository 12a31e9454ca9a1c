//! Postings of several legs: balanced in each currency, decided as a whole, recorded with the leg
//! that was declined, and reversed as a whole.

use super::super::judge::judge;
use super::super::validate::validate as checked;
use super::*;
use proptest::prelude::*;
use strongroom_ledger_api::{Direction, LEGS_MAX, Leg, RecordedLeg};
use strongroom_sdk::money::{Currency, Money};

const CAROL: Uuid = Uuid::from_u128(0xC);

/// A leg of EUR, on the account with this id.
#[derive(Clone, Copy)]
pub(super) struct Eur(Direction, u128, i64);

pub(super) const TWO: [Eur; 2] = [
    Eur(Direction::Debit, 1, 100),
    Eur(Direction::Credit, 2, 100),
];

impl Eur {
    pub(super) fn leg(self) -> Leg {
        leg(self.0, Uuid::from_u128(self.1), eur(self.2))
    }
}

fn leg(direction: Direction, account: Uuid, amount: Money) -> Leg {
    Leg {
        account,
        direction,
        amount,
        denied_by: None,
    }
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

/// A posting by Alice.
pub(super) fn posting(id: u128, legs: Vec<Leg>) -> Transfer {
    Transfer {
        authority: DebitAuthority::Owner(ALICE),
        actor: Actor::user(ALICE),
        requested_at_ms: CLOCK.0 - 5,
        ..kit::transfer(id, Instruction::of_legs(legs))
    }
}

pub(super) fn reversal(id: u128, original: u128) -> Transfer {
    let instruction = Instruction {
        kind: Kind::Reversal,
        original: Some(Uuid::from_u128(original)),
        ..Instruction::of_legs(Vec::new())
    };
    by_bank(kit::transfer(id, instruction))
}

fn recorded(account: &Account, leg: &Leg) -> RecordedLeg {
    RecordedLeg {
        account: Some(party(account)),
        direction: leg.direction,
        amount: leg.amount,
    }
}

#[test]
fn a_split_payment_moves_all_its_legs_or_is_recorded_as_they_were_asked_for() {
    let (store, alices, bobs) = bank();
    let carols = open(&store, CAROL, "EUR");
    let legs = vec![debit(&alices, 300), credit(&bobs, 290), credit(&carols, 10)];
    let posted_once = accepted(&store, &posting(2, legs.clone()));
    let accounts = [&alices, &bobs, &carols];
    let balances = || accounts.map(|account| balance_of(&store, account));
    assert_eq!(balances(), [700, 290, 10]);
    let expected = accounts
        .iter()
        .zip(&legs)
        .map(|(account, leg)| recorded(account, leg));
    assert_eq!(posted_once.legs, expected.collect::<Vec<_>>());
    assert_eq!(
        (posted_once.kind, posted_once.status),
        (Kind::Posting, Status::Posted)
    );
    assert_eq!((posted_once.amount, posted_once.declined_leg), (None, None));
    assert_eq!(accounts_of(&posted_once), [None, None]);
    assert_eq!(lookup(&store, posted_once.id), Some(posted_once.clone()));
    assert_eq!(posted(&store, &posting(2, legs)), repeated(&posted_once));

    let dear = vec![credit(&bobs, 1_000), debit(&alices, 1_000)];
    let short = declined(
        &store,
        &posting(3, dear.clone()),
        Decline::InsufficientFunds,
    );
    assert_eq!(short.declined_leg, Some(1));
    assert_eq!(
        short.legs,
        [recorded(&bobs, &dear[0]), recorded(&alices, &dear[1])]
    );
    assert_eq!(lookup(&store, short.id), Some(short.clone()));
    assert_eq!(posted(&store, &posting(3, dear)), repeated(&short));
    assert_eq!(balances(), [700, 290, 10]);
    assert_invariants(&store);
}

#[test]
fn currencies_are_exchanged_over_two_more_accounts() {
    let (store, alices, bobs) = bank();
    let [yen, desk] = [BOB, ALICE].map(|owner| open(&store, owner, "JPY"));
    let into = transfer(2, Kind::Deposit, None, Some(desk.id), 1);
    let yens = Money::from_minor(500, Currency::from_code("JPY").unwrap());
    let into = Transfer {
        instruction: Instruction {
            amount: Some(yens),
            ..into.instruction.clone()
        },
        ..into
    };
    accepted(&store, &into);
    let legs = vec![
        debit(&alices, 3),
        credit(&bobs, 3),
        debit(&desk, 480),
        credit(&yen, 480),
    ];
    accepted(&store, &posting(3, legs));
    let accounts = [&alices, &bobs, &desk, &yen];
    assert_eq!(accounts.map(|it| balance_of(&store, it)), [997, 3, 20, 480]);
    assert_invariants(&store);
}

#[test]
fn the_first_decline_counts_debits_before_credits_and_names_its_leg() {
    let (store, alices, bobs) = bank();
    let (empty, closed) = (open(&store, ALICE, "EUR"), open(&store, BOB, "EUR"));
    let (yen, frozen) = (open(&store, BOB, "JPY"), open(&store, CAROL, "EUR"));
    account::close(&store, &CLOCK, closed.id, &teller()).unwrap();
    account::freeze(
        &store,
        &CLOCK,
        frozen.id,
        account::Freeze::Credits,
        &teller(),
    )
    .unwrap();
    let nowhere = leg(Direction::Credit, Uuid::from_u128(0xDEAD), eur(1));
    let euros_of_yen = leg(Direction::Credit, yen.id, eur(1));
    let denied = Leg {
        denied_by: Some("list_7".to_owned()),
        ..debit(&alices, 1)
    };
    let cases: [(Vec<Leg>, Decline, u32); 6] = rows! {
        (vec![credit(&closed, 1), debit(&empty, 1)], Decline::InsufficientFunds, 1),
        (vec![nowhere, debit(&empty, 1)], Decline::InsufficientFunds, 1),
        (vec![debit(&alices, 1), credit(&closed, 1)], Decline::AccountClosed, 1),
        (vec![debit(&alices, 1), credit(&frozen, 1)], Decline::AccountFrozen, 1),
        (vec![euros_of_yen, debit(&alices, 1)], Decline::CurrencyMismatch, 0),
        (vec![credit(&closed, 1), denied], Decline::ScreeningDenied, 1),
    };
    for (id, (legs, decline, declined_leg)) in (10..).zip(cases) {
        let record = declined(&store, &posting(id, legs), decline);
        assert_eq!(record.declined_leg, Some(declined_leg), "{record:?}");
        let rule = (decline == Decline::ScreeningDenied).then(|| "list_7".to_owned());
        assert_eq!(record.denied_by, rule);
        assert_eq!(lookup(&store, record.id), Some(record));
    }
    assert_eq!(balance_of(&store, &bobs), 0);
    assert_invariants(&store);
}

#[test]
fn an_account_of_another_is_credited_and_not_debited_and_only_the_bank_debits_all() {
    let (store, alices, bobs) = bank();
    accepted(
        &store,
        &posting(2, vec![debit(&alices, 9), credit(&bobs, 9)]),
    );
    let back = || vec![credit(&alices, 4), debit(&bobs, 4)];
    refused(
        &store,
        &posting(3, back()),
        LedgerError::AccountNotFound(Side::Leg(1)),
    );
    let nowhere = leg(Direction::Credit, Uuid::from_u128(0xDEAD), eur(1));
    let lost = posting(3, vec![nowhere, debit(&alices, 1)]);
    refused(&store, &lost, LedgerError::AccountNotFound(Side::Leg(0)));
    let settlement = settlement::id_of(alices.currency);
    let paid_out = posting(
        3,
        vec![
            debit(&alices, 1),
            leg(Direction::Credit, settlement, eur(1)),
        ],
    );
    refused(
        &store,
        &by_bank(paid_out),
        LedgerError::AccountNotFound(Side::Leg(1)),
    );
    accepted(&store, &by_bank(posting(3, back())));
    let tellers = open(&store, teller().id, "EUR");
    let own = posting(4, vec![debit(&alices, 1), credit(&tellers, 1)]);
    refused(&store, &by_bank(own), LedgerError::OwnAccount);
    assert_invariants(&store);
}

#[test]
fn a_posting_is_reversed_once_as_a_whole_or_not_at_all() {
    let (store, alices, bobs) = bank();
    let carols = open(&store, CAROL, "EUR");
    let legs = vec![
        debit(&alices, 300),
        credit(&bobs, 200),
        credit(&carols, 100),
    ];
    let original = accepted(&store, &posting(2, legs));
    accepted(
        &store,
        &by_bank(posting(3, vec![debit(&bobs, 1), credit(&alices, 1)])),
    );
    let short = declined(&store, &reversal(4, 2), Decline::InsufficientFunds);
    assert_eq!(short.declined_leg, Some(1));
    accepted(
        &store,
        &by_bank(posting(5, vec![credit(&bobs, 1), debit(&alices, 1)])),
    );
    let reversed = accepted(&store, &reversal(6, 2));
    assert_eq!(reversed.original, Some(original.id));
    assert_eq!(reversed.legs, mirrored(&original.legs));
    let accounts = [&alices, &bobs, &carols];
    assert_eq!(accounts.map(|it| balance_of(&store, it)), [1_000, 0, 0]);
    let resolution = lookup(&store, original.id).unwrap().resolution.unwrap();
    assert_eq!(
        (resolution.id, resolution.kind),
        (reversed.id, Kind::Reversal)
    );
    let again = declined(&store, &reversal(7, 2), Decline::AlreadyReversed);
    assert_eq!(again.declined_leg, None);
    declined(&store, &reversal(8, 6), Decline::NotReversible);
    declined(&store, &reversal(9, 4), Decline::NotReversible);
    refused(&store, &reversal(10, 1), LedgerError::invalid("amount"));
    refused(&store, &reversal(10, 0xDEAD), LedgerError::OriginalNotFound);
    let whole = holds::of_original(10, Kind::Reversal, 2, 300);
    refused(&store, &whole, LedgerError::invalid("amount"));
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
        let legs = accounts
            .iter()
            .enumerate()
            .map(|(place, account)| match place % 2 {
                0 => debit(account, 1),
                _ => credit(account, 1),
            });
        first(&store, &posting(id, legs.collect()));
    }
    let (mut after, mut parts) = (100, Vec::new());
    loop {
        let part = journal(&store, after, 1_000).unwrap();
        let Some(last) = part.last() else {
            break;
        };
        after = last.sequence.cast_signed();
        parts.push(part.len());
    }
    assert_eq!(parts.iter().sum::<usize>(), 60);
    assert!(parts.iter().all(|length| *length < 30), "{parts:?}");
}

#[test]
fn legs_have_their_rules() {
    let eurs = |legs: &[Eur]| legs.iter().map(|leg| leg.leg()).collect::<Vec<_>>();
    let many = |count: u128| {
        let credits = (2..=count).map(|id| Eur(Direction::Credit, id, 1));
        let total = Eur(Direction::Debit, 1, i64::try_from(count).unwrap() - 1);
        eurs(&[total].into_iter().chain(credits).collect::<Vec<_>>())
    };
    let [debit, credit] = TWO;
    let mixed = |code: &str| {
        let mut legs = eurs(&TWO);
        legs[1].amount = Money::from_minor(100, Currency::from_code(code).unwrap());
        legs
    };
    let ruled = |rule: &str| {
        let mut legs = eurs(&TWO);
        legs[0].denied_by = Some(rule.to_owned());
        legs
    };
    let most = strongroom_sdk::money::AMOUNT_MINOR_MAX;
    let of = |minor| eurs(&[Eur(debit.0, 1, minor), Eur(credit.0, 2, minor)]);
    for (legs, fits) in [
        (eurs(&TWO), true),
        (Vec::new(), false),
        (eurs(&[debit]), false),
        (many(LEGS_MAX as u128), true),
        (many(LEGS_MAX as u128 + 1), false),
        (eurs(&[debit, Eur(Direction::Credit, 1, 100)]), false),
        (eurs(&[debit, Eur(Direction::Credit, 2, 99)]), false),
        (mixed("JPY"), false),
        (of(0), false),
        (of(-1), false),
        (of(most), true),
        (of(most + 1), false),
        (ruled("list_7"), true),
        (ruled("List!"), false),
    ] {
        let found = checked(&posting(1, legs.clone()));
        let expected = if fits {
            Ok(())
        } else {
            Err(LedgerError::invalid("legs"))
        };
        assert_eq!(found, expected, "{legs:?}");
    }
    let judged = judge(&store(), &CLOCK, &posting(1, eurs(&TWO)));
    assert_eq!(judged, Err(LedgerError::invalid("kind")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Each posting moves some of the money of six accounts, two of another currency.
    #[test]
    fn random_legs_keep_all_sums_and_a_decline_leaves_the_balances(
        postings in prop::collection::vec(
            prop::collection::vec((0_usize..6, any::<bool>(), 1_i64..400), 1..6), 1..12)
    ) {
        let store = store();
        let accounts = six_accounts(&store);
        for (id, sides) in (100..).zip(postings) {
            let legs = balanced(&accounts, &sides);
            if legs.len() < 2 {
                continue;
            }
            let before = accounts.each_ref().map(|it| balance_of(&store, it));
            let reply = posted(&store, &by_bank(posting(id, legs.clone()))).unwrap();
            let after = accounts.each_ref().map(|it| balance_of(&store, it));
            let moved = |account: &Account| -> i64 {
                let own = legs.iter().filter(|leg| leg.account == account.id);
                own.map(|leg| match leg.direction {
                    Direction::Debit => -leg.amount.minor(),
                    Direction::Credit => leg.amount.minor(),
                }).sum()
            };
            let is_posted = reply.posting.status == Status::Posted;
            for ((account, before), after) in accounts.iter().zip(before).zip(after) {
                let by = if is_posted { moved(account) } else { 0 };
                prop_assert_eq!(after, before + by);
            }
            prop_assert_eq!(reply.posting.declined_leg.is_some(), !is_posted);
        }
        assert_invariants(&store);
    }
}

/// Four accounts of EUR and two of JPY, each with 500.
fn six_accounts(store: &SqliteStore) -> [Account; 6] {
    let accounts = ["EUR", "EUR", "EUR", "EUR", "JPY", "JPY"];
    let accounts = accounts.map(|code| open(store, ALICE, code));
    for (id, account) in (1..).zip(&accounts) {
        let mut deposit = transfer(id, Kind::Deposit, None, Some(account.id), 1);
        deposit.instruction.amount = Some(money(account, 500));
        accepted(store, &deposit);
    }
    accounts
}

/// The legs on distinct accounts; the last one of each currency makes it balance.
fn balanced(accounts: &[Account; 6], sides: &[(usize, bool, i64)]) -> Vec<Leg> {
    let mut legs: Vec<Leg> = Vec::new();
    for half in [&accounts[..4], &accounts[4..]] {
        let mut sum = 0;
        let mut free: Vec<&Account> = half.iter().collect();
        for (index, is_credit, minor) in sides {
            let account = &accounts[*index];
            let place = free.iter().position(|it| it.id == account.id);
            if let Some(place) = place.filter(|_| free.len() > 1) {
                free.remove(place);
                sum += if *is_credit { *minor } else { -*minor };
                legs.push(if *is_credit {
                    credit(account, *minor)
                } else {
                    debit(account, *minor)
                });
            }
        }
        match sum {
            0 => {}
            1.. => legs.push(debit(free[0], sum)),
            _ => legs.push(credit(free[0], -sum)),
        }
    }
    legs
}
