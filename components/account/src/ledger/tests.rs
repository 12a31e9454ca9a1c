//! Goal: one id is decided once, every decision follows the documented order, and money is never made or lost.
//! Method: named cases on an in-memory store; random sequences are in `model`.

mod batch;
mod holds;
mod model;
mod reversal;

use super::*;
use crate::account::{self, AccountType, Actor, NumberFormat, OpenRequest, OpenRules};
use crate::audit::check_invariants;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::money::{AMOUNT_MINOR_MAX, Currency};
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::{
    Ending, SqliteStore, Store, StoreError, Transaction, Value, WatchedStore, migrate,
};
use uuid::Uuid;

struct FixedClock(i64);

impl Clock for FixedClock {
    fn now_ms(&self) -> i64 {
        self.0
    }
}

const CLOCK: FixedClock = FixedClock(1_800_000_000_000);
const ALICE: Uuid = Uuid::from_u128(0xA);
const BOB: Uuid = Uuid::from_u128(0xB);
const TELLER: Uuid = Uuid::from_u128(0x7);

fn store() -> SqliteStore {
    let store = SqliteStore::in_memory().unwrap();
    migrate(&store, crate::schema::MIGRATIONS).unwrap();
    store
}

fn actor() -> Actor {
    Actor {
        id: TELLER,
        role: "teller".to_owned(),
        request_id: "request".to_owned(),
    }
}

fn open(store: &SqliteStore, owner_id: Uuid, currency: &str) -> account::Account {
    let rules = OpenRules {
        number_format: NumberFormat::new("DE", "10000000").unwrap(),
        accounts_per_user_max: 100,
    };
    let request = OpenRequest {
        owner_id,
        account_type: AccountType::Checking,
        currency: Currency::from_code(currency).unwrap(),
        name: None,
    };
    account::open(store, (&CLOCK, &SystemRandom), &rules, request, &actor()).unwrap()
}

fn transfer(
    id: u128,
    kind: Kind,
    source: Option<Uuid>,
    destination: Option<Uuid>,
    amount_minor: i64,
) -> Transfer {
    let authority = match kind {
        Kind::Transfer | Kind::Hold | Kind::Capture | Kind::Void => DebitAuthority::Owner(ALICE),
        Kind::Deposit | Kind::Withdrawal | Kind::Expiry | Kind::Reversal => DebitAuthority::Bank,
    };
    Transfer {
        id: Uuid::from_u128(id),
        fingerprint: [7; 32],
        kind,
        authority,
        initiator: ALICE,
        source,
        destination: destination.map(AccountRef::Id),
        subject: None,
        amount_minor,
        currency: "EUR".to_owned(),
        reference: Some("rent".to_owned()),
        metadata: Some(r#"{"invoice":"7"}"#.to_owned()),
        timeout_seconds: None,
        requested_at_ms: CLOCK.0 - 5,
    }
}

fn deposit(store: &SqliteStore, id: u128, to: &account::Account, amount_minor: i64) {
    let mut deposit = transfer(id, Kind::Deposit, None, Some(to.id), amount_minor);
    deposit.currency = to.currency.code().to_owned();
    assert_eq!(
        post(store, &CLOCK, &deposit).unwrap().status,
        Status::Posted
    );
}

fn balance_of(store: &SqliteStore, account: &account::Account) -> i64 {
    account::by_id(store, account.id)
        .unwrap()
        .unwrap()
        .balance
        .posted()
}

fn assert_invariants(store: &SqliteStore) {
    let report = check_invariants(store).unwrap();
    assert_eq!(report.violations().collect::<Vec<_>>(), Vec::new());
}

#[test]
fn a_transfer_moves_its_amount_and_answers_the_same_for_ever() {
    let store = store();
    let (from, to) = (open(&store, ALICE, "EUR"), open(&store, BOB, "EUR"));
    deposit(&store, 1, &from, 1_000);
    let payment = transfer(2, Kind::Transfer, Some(from.id), Some(to.id), 300);

    let posting = post(&store, &CLOCK, &payment).unwrap();
    assert_eq!(
        (posting.status, posting.decline, posting.sequence),
        (Status::Posted, None, 2)
    );
    assert_eq!(posting.source.map(|party| party.owner_id), Some(ALICE));
    assert_eq!(
        posting.destination.map(|party| party.account_id),
        Some(to.id)
    );
    for _ in 0..3 {
        assert_eq!(post(&store, &FixedClock(0), &payment).unwrap(), posting);
        assert_eq!(fence(&store, &CLOCK, &payment).unwrap(), posting);
    }
    assert_eq!(lookup(&store, payment.id).unwrap(), Some(posting));
    assert_eq!(
        (balance_of(&store, &from), balance_of(&store, &to)),
        (700, 300)
    );
    assert_invariants(&store);
}

#[test]
fn a_known_id_with_another_fingerprint_is_reused() {
    let store = store();
    let account = open(&store, ALICE, "EUR");
    deposit(&store, 1, &account, 1_000);
    let mut other = transfer(1, Kind::Deposit, None, Some(account.id), 2_000);
    other.fingerprint = [8; 32];
    assert_eq!(post(&store, &CLOCK, &other), Err(LedgerError::IdReused));
    assert_eq!(fence(&store, &CLOCK, &other), Err(LedgerError::IdReused));
    assert_eq!(balance_of(&store, &account), 1_000);
}

#[test]
fn a_decline_is_recorded_and_stays_one() {
    let store = store();
    let (from, to) = (open(&store, ALICE, "EUR"), open(&store, BOB, "EUR"));
    let payment = transfer(1, Kind::Transfer, Some(from.id), Some(to.id), 300);
    let declined = post(&store, &CLOCK, &payment).unwrap();
    assert_eq!(declined.decline, Some(Decline::InsufficientFunds));
    deposit(&store, 2, &from, 1_000);
    assert_eq!(post(&store, &CLOCK, &payment).unwrap(), declined);
    assert_eq!(balance_of(&store, &from), 1_000);
    assert_invariants(&store);
}

#[test]
fn a_fenced_id_never_moves_money() {
    let store = store();
    let (from, to) = (open(&store, ALICE, "EUR"), open(&store, BOB, "EUR"));
    deposit(&store, 1, &from, 1_000);
    let payment = transfer(2, Kind::Transfer, Some(from.id), Some(to.id), 300);
    let fenced = fence(&store, &CLOCK, &payment).unwrap();
    assert_eq!(
        (fenced.status, fenced.decline),
        (Status::Declined, Some(Decline::Cancelled))
    );
    assert_eq!(post(&store, &CLOCK, &payment).unwrap(), fenced);
    // An id is burnt even when its accounts do not exist.
    let nowhere = transfer(
        3,
        Kind::Transfer,
        Some(Uuid::from_u128(404)),
        Some(Uuid::from_u128(405)),
        1,
    );
    assert_eq!(fence(&store, &CLOCK, &nowhere).unwrap().source, None);
    assert_eq!(
        post(&store, &CLOCK, &nowhere).unwrap().decline,
        Some(Decline::Cancelled)
    );
    assert_eq!(balance_of(&store, &from), 1_000);
    assert_invariants(&store);
}

#[test]
fn declines_come_in_the_documented_order() {
    let store = store();
    let (from, to) = (open(&store, ALICE, "EUR"), open(&store, BOB, "EUR"));
    let (yen, frozen, closed) = (
        open(&store, BOB, "JPY"),
        open(&store, BOB, "JPY"),
        open(&store, BOB, "JPY"),
    );
    account::freeze(&store, &CLOCK, frozen.id, account::Freeze::Both, &actor()).unwrap();
    account::close(&store, &CLOCK, closed.id, &actor()).unwrap();
    // Each case also has every fault of the later ones: the source is empty, and for the first three the currency is wrong.
    for (id, destination, decline) in [
        (1, &closed, Decline::AccountClosed),
        (2, &frozen, Decline::AccountFrozen),
        (3, &yen, Decline::CurrencyMismatch),
        (4, &to, Decline::InsufficientFunds),
    ] {
        let payment = transfer(id, Kind::Transfer, Some(from.id), Some(destination.id), 300);
        assert_eq!(
            post(&store, &CLOCK, &payment).unwrap().decline,
            Some(decline)
        );
    }
    assert_invariants(&store);
}

#[test]
fn a_counter_at_its_limit_declines() {
    let store = store();
    let (from, to) = (open(&store, ALICE, "EUR"), open(&store, BOB, "EUR"));
    deposit(&store, 1, &from, 10);
    let transaction = store.begin().unwrap();
    let full = [Value::from(to.key), Value::from(COUNTER_MINOR_MAX)];
    transaction
        .execute(
            "UPDATE balance SET credits_posted = ?2, debits_posted = ?2 WHERE account_key = ?1",
            &full,
        )
        .unwrap();
    transaction.commit().unwrap();
    let payment = transfer(2, Kind::Transfer, Some(from.id), Some(to.id), 10);
    assert_eq!(
        post(&store, &CLOCK, &payment).unwrap().decline,
        Some(Decline::LimitExceeded)
    );
}

#[test]
fn other_people_s_and_internal_accounts_are_not_found() {
    let store = store();
    let (mine, theirs) = (open(&store, ALICE, "EUR"), open(&store, BOB, "EUR"));
    deposit(&store, 1, &theirs, 1_000);
    let settlement = store
        .query("SELECT id FROM account WHERE type = 'settlement'", &[])
        .unwrap();
    let settlement = settlement.first().unwrap().uuid(0).unwrap();
    let nobody = Uuid::from_u128(404);
    let source = Err(LedgerError::AccountNotFound(Side::Source));
    let destination = Err(LedgerError::AccountNotFound(Side::Destination));
    for (id, from, to, expected) in [
        (2, theirs.id, mine.id, &source),
        (3, nobody, mine.id, &source),
        (4, settlement, mine.id, &source),
        (5, mine.id, nobody, &destination),
        (6, mine.id, settlement, &destination),
    ] {
        let payment = transfer(id, Kind::Transfer, Some(from), Some(to), 1);
        assert_eq!(&post(&store, &CLOCK, &payment), expected);
        assert_eq!(lookup(&store, payment.id).unwrap(), None);
    }
    let mut numbered = transfer(7, Kind::Transfer, Some(mine.id), None, 1);
    numbered.destination = Some(AccountRef::Number("SETTLEMENT-EUR".to_owned()));
    assert_eq!(post(&store, &CLOCK, &numbered), destination);
}

#[test]
fn an_account_is_credited_by_its_number() {
    let store = store();
    let (from, to) = (open(&store, ALICE, "EUR"), open(&store, BOB, "EUR"));
    deposit(&store, 1, &from, 1_000);
    let mut payment = transfer(2, Kind::Transfer, Some(from.id), None, 300);
    payment.destination = Some(AccountRef::Number(to.number.clone()));
    let posting = post(&store, &CLOCK, &payment).unwrap();
    assert_eq!(
        posting.destination.map(|party| party.account_id),
        Some(to.id)
    );
    let mut to_itself = transfer(3, Kind::Transfer, Some(from.id), None, 300);
    to_itself.destination = Some(AccountRef::Number(from.number.clone()));
    assert_eq!(
        post(&store, &CLOCK, &to_itself),
        Err(LedgerError::Invalid("destination"))
    );
    assert_eq!(
        fence(&store, &CLOCK, &to_itself),
        Err(LedgerError::Invalid("destination"))
    );
    assert_invariants(&store);
}

#[test]
fn what_is_not_a_transfer_is_invalid_and_leaves_no_trace() {
    let store = store();
    let (from, to) = (open(&store, ALICE, "EUR"), open(&store, BOB, "EUR"));
    let good = transfer(1, Kind::Transfer, Some(from.id), Some(to.id), 1);
    let with = |change: &dyn Fn(&mut Transfer)| {
        let mut bad = good.clone();
        change(&mut bad);
        (post(&store, &CLOCK, &bad), fence(&store, &CLOCK, &bad))
    };
    for (field, change) in [
        (
            "amount-minor",
            &(|bad: &mut Transfer| bad.amount_minor = 0) as &dyn Fn(&mut Transfer),
        ),
        ("amount-minor", &|bad| bad.amount_minor = -1),
        ("amount-minor", &|bad| {
            bad.amount_minor = AMOUNT_MINOR_MAX + 1
        }),
        ("currency", &|bad| bad.currency = "XAU".to_owned()),
        ("currency", &|bad| bad.currency = "eur".to_owned()),
        ("reference", &|bad| {
            bad.reference = Some("\u{e9}".repeat(141))
        }),
        ("metadata", &|bad| bad.metadata = Some("[]".to_owned())),
        ("metadata", &|bad| {
            bad.metadata = Some(format!("{{\"a\":\"{}\"}}", "x".repeat(4_096)))
        }),
        ("kind", &|bad| bad.kind = Kind::Deposit),
        ("kind", &|bad| bad.source = None),
        ("destination", &|bad| {
            bad.destination = Some(AccountRef::Id(from.id))
        }),
    ] {
        let invalid = || Err(LedgerError::Invalid(field));
        assert_eq!(with(change), (invalid(), invalid()), "{field}");
    }
    assert_eq!(journal(&store, 0, 10).unwrap(), Vec::new());
}

#[test]
fn the_overdraft_limit_is_available_to_the_last_cent() {
    let store = store();
    let (from, to) = (open(&store, ALICE, "EUR"), open(&store, BOB, "EUR"));
    account::set_overdraft_limit(&store, &CLOCK, from.id, 500, &actor()).unwrap();
    let pay = |id, amount| {
        let payment = transfer(id, Kind::Transfer, Some(from.id), Some(to.id), amount);
        post(&store, &CLOCK, &payment).unwrap().decline
    };
    assert_eq!(pay(1, 501), Some(Decline::InsufficientFunds));
    assert_eq!(pay(2, 500), None);
    assert_eq!(pay(3, 1), Some(Decline::InsufficientFunds));
    assert_eq!(balance_of(&store, &from), -500);
    assert_invariants(&store);
}

#[test]
fn recorded_times_never_go_back() {
    let store = store();
    let account = open(&store, ALICE, "EUR");
    let first = transfer(1, Kind::Deposit, None, Some(account.id), 1);
    let second = transfer(2, Kind::Deposit, None, Some(account.id), 1);
    let before = post(&store, &FixedClock(2_000), &first)
        .unwrap()
        .recorded_at_ms;
    let after = post(&store, &FixedClock(1_000), &second)
        .unwrap()
        .recorded_at_ms;
    assert_eq!((before, after), (2_000, 2_000));
}

#[test]
fn history_has_posted_transfers_of_both_sides_and_declines_of_the_one_who_asked() {
    let store = store();
    let (from, to) = (open(&store, ALICE, "EUR"), open(&store, BOB, "EUR"));
    deposit(&store, 1, &from, 1_000);
    for (id, amount) in [(2, 100), (3, 5_000), (4, 200), (5, 9_000)] {
        let payment = transfer(id, Kind::Transfer, Some(from.id), Some(to.id), amount);
        post(&store, &CLOCK, &payment).unwrap();
    }
    let sequences = |account: &account::Account, before, limit| {
        let postings = history(&store, account.id, before, limit).unwrap();
        postings
            .iter()
            .map(|posting| posting.sequence)
            .collect::<Vec<_>>()
    };
    assert_eq!(sequences(&from, 0, 10), [5, 4, 3, 2, 1]);
    assert_eq!(sequences(&from, 4, 2), [3, 2]);
    assert_eq!(sequences(&to, 0, 10), [4, 2]);
    assert_eq!(journal(&store, 2, 2).unwrap().len(), 2);
    assert_eq!(history(&store, Uuid::nil(), 0, 10).unwrap(), Vec::new());
}

#[test]
fn a_part_of_the_journal_is_short_where_its_words_are_long_and_nothing_is_left_out() {
    let store = store();
    let (from, to) = (open(&store, ALICE, "EUR"), open(&store, BOB, "EUR"));
    deposit(&store, 1, &from, 10_000);
    let words = format!("{{\"a\":\"{}\"}}", "x".repeat(4_000));
    for id in 2..=900 {
        let mut payment = transfer(id, Kind::Transfer, Some(from.id), Some(to.id), 1);
        payment.metadata = Some(words.clone());
        post(&store, &CLOCK, &payment).unwrap();
    }
    let mut sequences = Vec::new();
    loop {
        let after = sequences.last().copied().unwrap_or(0);
        let part = journal(&store, after, 1_000).unwrap();
        if part.is_empty() {
            break;
        }
        // With the longest words, in bytes, the host would answer a thousand rows no more.
        assert!(part.len() < 600);
        sequences.extend(part.iter().map(|posting| posting.sequence));
    }
    assert_eq!(sequences, (1..=900).collect::<Vec<_>>());
    let few = journal(&store, 0, 3).unwrap();
    assert_eq!(few.len(), 3);
}

#[test]
fn a_recalled_posting_is_answered_only_after_its_group_is_on_disk() {
    let store = store();
    let account = open(&store, ALICE, "EUR");
    let store = WatchedStore::new(store);
    let deposit = transfer(1, Kind::Deposit, None, Some(account.id), 1_000);
    post(&store, &CLOCK, &deposit).unwrap();
    post(&store, &CLOCK, &deposit).unwrap();
    fence(&store, &CLOCK, &deposit).unwrap();
    let mut other = deposit.clone();
    other.fingerprint = [8; 32];
    assert_eq!(post(&store, &CLOCK, &other), Err(LedgerError::IdReused));
    assert_eq!(store.take_endings(), [Ending::OnDisk; 4]);
}

/// Neither the ledger's statements nor the conditions of its tables.
#[test]
fn money_moves_without_a_temporary_table() {
    let plain = store();
    let (from, to) = (open(&plain, ALICE, "EUR"), open(&plain, BOB, "EUR"));
    // The bank's own account is opened once.
    deposit(&plain, 99, &to, 1);
    let store = WatchedStore::new(plain);
    let batch: Vec<_> = (11..41)
        .map(|id| transfer(id, Kind::Transfer, Some(from.id), Some(to.id), 1))
        .collect();
    for one in [
        transfer(1, Kind::Deposit, None, Some(from.id), 1_000),
        transfer(2, Kind::Transfer, Some(from.id), Some(to.id), 300),
        transfer(3, Kind::Transfer, Some(from.id), Some(to.id), 9_000),
        holds::hold(4, &from, &to, 100),
        holds::of_subject(5, Kind::Capture, 4, 60),
        holds::hold(6, &from, &to, 100),
        holds::of_subject(7, Kind::Void, 6, 100),
        holds::of_subject(8, Kind::Reversal, 2, 300),
        transfer(9, Kind::Withdrawal, Some(from.id), None, 10),
    ] {
        post(&store, &CLOCK, &one).unwrap();
    }
    post_batch(&store, &CLOCK, &batch, true).unwrap();
    assert_eq!(store.take_temporary_tables().unwrap(), Vec::<String>::new());
}

/// The conditions name each word.
#[test]
fn the_journal_takes_every_word_of_the_ledger_and_no_other() {
    let store = store();
    let table = "SELECT sql FROM sqlite_schema WHERE name = 'transfer'";
    let table = store.query(table, &[]).unwrap().first().unwrap();
    let table = table.text(0).unwrap();
    let words = [
        ("kind", Kind::ALL.iter().map(|it| it.as_str()).collect()),
        ("status", Status::ALL.iter().map(|it| it.as_str()).collect()),
        (
            "decline_code",
            Decline::ALL
                .iter()
                .map(|it| it.as_str())
                .collect::<Vec<_>>(),
        ),
    ];
    for (column, words) in words {
        assert!(!words.is_empty());
        for word in words {
            assert!(table.contains(&format!("{column} = '{word}'")), "{word}");
        }
    }
    let account = open(&store, ALICE, "EUR");
    deposit(&store, 1, &account, 1_000);
    for other in [
        "'gift', 'posted', NULL",
        "'deposit', 'lost', NULL",
        "'deposit', 'declined', 'because'",
    ] {
        let insert = format!(
            "INSERT INTO transfer
                (sequence, id, fingerprint, kind, status, decline_code, initiator_id, debit_account_key, credit_account_key,
                 amount_minor, currency, requested_at_ms, recorded_at_ms, hash)
             SELECT 2, zeroblob(16), fingerprint, {other}, initiator_id, debit_account_key, credit_account_key,
                 amount_minor, currency, requested_at_ms, recorded_at_ms, hash FROM transfer"
        );
        let transaction = store.begin().unwrap();
        let refused = transaction.execute(&insert, &[]);
        assert!(
            matches!(&refused, Err(StoreError::Constraint(why)) if why.contains("CHECK")),
            "{other}: {refused:?}"
        );
    }
}
