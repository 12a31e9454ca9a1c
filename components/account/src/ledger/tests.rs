//! Goal: the ledger decides once on an id, in the documented order, and makes or loses no money.

mod batch;
mod calls;
mod cancel;
mod chain;
mod denied;
mod directory;
mod holds;
mod internal;
mod legs;
mod model;
mod of_user;
mod order;
mod own_account;
mod read;
mod reversal;
mod validate;

use super::*;
use crate::account::{self, Account, BANK_OWNER};
use crate::balance::Balance;
use crate::tests::kit::{self, assert_invariants, eur, store, teller, yen};
use strongroom_ledger_api::{
    AccountRef, Actor, ActorKind, Batch, BatchReply, DebitAuthority, Decline, Instruction, Journal,
    Kind, LedgerError, Party, Posting, Reply, Side, Status, Transfer,
};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::rows;
use strongroom_sdk::store::{
    Ending, Reader, SqliteStore, Store, StoreError, Transaction, Value, WatchedStore,
};
use uuid::Uuid;

#[derive(Clone, Copy)]
struct FixedClock(i64);

impl Clock for FixedClock {
    fn now_ms(&self) -> i64 {
        self.0
    }
}

const CLOCK: FixedClock = FixedClock(1_800_000_000_000);
const ALICE: Uuid = Uuid::from_u128(0xA);
const BOB: Uuid = Uuid::from_u128(0xB);
const RULE: &str = "list_7";
const PAYER_NOT_FOUND: LedgerError = LedgerError::AccountNotFound(Side::Source);

fn open(store: &SqliteStore, owner_id: Uuid, code: &str) -> Account {
    kit::open(store, &CLOCK, owner_id, code)
}

fn transfer(
    id: u128,
    kind: Kind,
    source: Option<Uuid>,
    destination: Option<Uuid>,
    amount_minor: i64,
) -> Transfer {
    let mut instruction = kit::instruction(kind, source, destination, eur(amount_minor));
    instruction.reference = Some("rent".to_owned());
    instruction.metadata = Some(r#"{"invoice":"7"}"#.to_owned());
    match kind {
        Kind::Transfer | Kind::Hold | Kind::Capture | Kind::Void => by_alice(id, instruction),
        _ => by_bank(kit::transfer(id, instruction)),
    }
}

fn by_alice(id: u128, instruction: Instruction) -> Transfer {
    let mut transfer = by_bank(kit::transfer(id, instruction));
    (transfer.authority, transfer.actor) = (DebitAuthority::Owner(ALICE), Actor::user(ALICE));
    transfer
}

fn pay(id: u128, from: &Account, to: &Account, amount_minor: i64) -> Transfer {
    transfer(id, Kind::Transfer, Some(from.id), Some(to.id), amount_minor)
}

fn by_bank(mut transfer: Transfer) -> Transfer {
    (transfer.authority, transfer.actor) = (DebitAuthority::Bank, Actor::user(teller().id));
    transfer.requested_at_ms = CLOCK.0 - 5;
    transfer
}

fn with<T>(mut value: T, change: impl FnOnce(&mut T)) -> T {
    change(&mut value);
    value
}

fn denied(transfer: Transfer) -> Transfer {
    with(transfer, |it| it.denied_by = Some(RULE.to_owned()))
}

/// Accounts of Alice's and Bob's with nothing.
fn empty_bank() -> (SqliteStore, Account, Account) {
    let store = store();
    let (from, to) = (open(&store, ALICE, "EUR"), open(&store, BOB, "EUR"));
    (store, from, to)
}

/// Alice's account with 1,000, deposited under id 1, and Bob's with nothing.
fn bank() -> (SqliteStore, Account, Account) {
    let (store, from, to) = empty_bank();
    deposit(&store, 1, &from, 1_000);
    (store, from, to)
}

/// In a new [`bank`]: a transfer of each kind, one without the money, and a denied one.
fn one_of_each(from: &Account, to: &Account) -> [Transfer; 10] {
    [
        transfer(2, Kind::Deposit, None, Some(from.id), 1),
        transfer(3, Kind::Withdrawal, Some(from.id), None, 1),
        pay(4, from, to, 300),
        pay(5, from, to, 9_000),
        holds::hold(6, from, to, 100),
        holds::of_original(7, Kind::Capture, 6, 60),
        holds::of_original(8, Kind::Reversal, 4, 300),
        denied(pay(9, from, to, 1)),
        holds::hold(10, from, to, 100),
        holds::of_original(11, Kind::Void, 10, 100),
    ]
}

/// The id and the number of the bank's own account.
fn settlement_account(store: &SqliteStore) -> (Uuid, String) {
    let sql = "SELECT id, number FROM account WHERE type = 'settlement'";
    let row = store.query(sql, &[]).unwrap().first().unwrap();
    (row.uuid(0).unwrap(), row.text(1).unwrap())
}

/// Sets what an account has posted, to more than any test could pay.
fn set_counters(store: &SqliteStore, account: &Account, debits: i64, credits: i64) {
    let transaction = store.begin().unwrap();
    let sql = "UPDATE balance SET debits_posted = ?2, credits_posted = ?3 WHERE account_key = ?1";
    let params = [account.key, debits, credits].map(Value::from);
    transaction.execute(sql, &params).unwrap();
    transaction.commit().unwrap();
}

fn ledger_of<S: Store>(store: S) -> LocalLedger<S, FixedClock> {
    let clock = CLOCK;
    LocalLedger { store, clock }
}

fn posted<S: Store>(store: &S, transfer: &Transfer) -> Result<Reply, LedgerError> {
    post(store, &CLOCK, transfer)
}

fn cancelled<S: Store>(store: &S, transfer: &Transfer) -> Result<Reply, LedgerError> {
    cancel(store, &CLOCK, transfer)
}

fn posted_batch<S: Store>(store: &S, batch: &Batch) -> Result<BatchReply, LedgerError> {
    post_batch(store, &CLOCK, batch)
}

/// The record of a transfer with a new id.
fn first_at<S: Store>(store: &S, clock: &impl Clock, transfer: &Transfer) -> Posting {
    let reply = post(store, clock, transfer).unwrap();
    assert!(!reply.repeated, "{transfer:?}");
    reply.posting
}

fn first<S: Store>(store: &S, transfer: &Transfer) -> Posting {
    first_at(store, &CLOCK, transfer)
}

fn accepted<S: Store>(store: &S, transfer: &Transfer) -> Posting {
    let posting = first(store, transfer);
    assert_eq!(posting.decline, None, "{transfer:?}");
    posting
}

fn declined<S: Store>(store: &S, transfer: &Transfer, decline: Decline) -> Posting {
    let posting = first(store, transfer);
    assert_eq!(posting.decline, Some(decline), "{transfer:?}");
    posting
}

fn refused<S: Store>(store: &S, transfer: &Transfer, error: LedgerError) {
    assert_eq!(posted(store, transfer), Err(error), "{transfer:?}");
}

/// All parts of a feed, of which `read` returns the next after a sequence.
fn parts(read: impl Fn(i64) -> Vec<Posting>) -> Vec<Vec<Posting>> {
    let (mut parts, mut after) = (Vec::new(), 0);
    loop {
        let part = read(after);
        let Some(last) = part.last() else {
            return parts;
        };
        after = last.sequence.cast_signed();
        parts.push(part);
    }
}

/// The ids of a posting's two accounts; none for one that it does not name.
fn accounts_of(posting: &Posting) -> [Option<Uuid>; 2] {
    [posting.source, posting.destination].map(|party| party.map(|party| party.account_id))
}

fn repeated(posting: &Posting) -> Result<Reply, LedgerError> {
    let (posting, repeated) = (posting.clone(), true);
    Ok(Reply { posting, repeated })
}

fn lookup(store: &SqliteStore, id: Uuid) -> Option<Posting> {
    lookup_many(store, &[id]).unwrap().remove(0)
}

fn deposit(store: &SqliteStore, id: u128, to: &Account, amount_minor: i64) {
    let deposit = transfer(id, Kind::Deposit, None, Some(to.id), amount_minor);
    accepted(store, &deposit);
}

fn balance(store: &SqliteStore, account: &Account) -> Balance {
    account::by_id(store, account.id).unwrap().unwrap().balance
}

fn balance_of(store: &SqliteStore, account: &Account) -> i64 {
    balance(store, account).posted()
}

fn balances<const COUNT: usize>(store: &SqliteStore, accounts: [&Account; COUNT]) -> [i64; COUNT] {
    accounts.map(|account| balance_of(store, account))
}

fn party(account: &Account) -> Party {
    Party {
        account_id: account.id,
        owner_id: account.owner_id,
    }
}

/// A row that was read may not be on disk yet.
#[test]
fn a_known_id_is_recalled_or_reused_at_any_time_but_only_after_its_group_is_on_disk() {
    let (plain, from, to) = bank();
    let store = WatchedStore::new(plain.clone());
    let payment = pay(2, &from, &to, 300);
    let posting = accepted(&store, &payment);
    for clock in [CLOCK, FixedClock(0), FixedClock(i64::MAX)] {
        assert_eq!(post(&store, &clock, &payment), repeated(&posting));
    }
    assert_eq!(cancelled(&store, &payment), repeated(&posting));
    for (id, amount_minor) in [(1, 300), (2, 300), (2, 2_000), (2, 0)] {
        let payment = pay(id, &from, &to, amount_minor);
        let other = with(payment, |it| it.fingerprint = [8; 32]);
        refused(&store, &other, LedgerError::IdReused);
        assert_eq!(cancelled(&store, &other), Err(LedgerError::IdReused));
    }
    assert_eq!(store.take_endings(), [Ending::OnDisk; 13]);
    assert_eq!(lookup(&plain, payment.id), Some(posting));
    assert_eq!(balances(&plain, [&from, &to]), [700, 300]);
    assert_invariants(&plain);
}

#[test]
fn other_people_s_and_settlement_accounts_are_not_debited() {
    let (store, mine, theirs) = bank();
    deposit(&store, 2, &theirs, 1_000);
    let (settlement, _) = settlement_account(&store);
    for source in [theirs.id, Uuid::from_u128(404), settlement] {
        let payment = transfer(3, Kind::Transfer, Some(source), Some(mine.id), 1);
        refused(&store, &payment, PAYER_NOT_FOUND);
        assert_eq!(lookup(&store, payment.id), None);
    }
}

/// Nor by its id: the model's accounts try that.
#[test]
fn an_account_does_not_pay_itself_by_its_number() {
    let (store, from, _) = bank();
    let mut to_itself = pay(2, &from, &from, 300);
    to_itself.instruction.destination = Some(AccountRef::Number(from.number.clone()));
    let same = Err(LedgerError::SameAccount(Side::DestinationNumber));
    assert_eq!(posted(&store, &to_itself), same);
    assert_eq!(cancelled(&store, &to_itself), same);
    assert_eq!(posted(&store, &denied(to_itself)), same);
    assert_eq!(journal(&store, 0, 10).unwrap().len(), 1);
}

#[test]
fn the_overdraft_limit_is_available_to_the_last_cent() {
    let (store, from, to) = empty_bank();
    kit::set_limit(&store, &CLOCK, from.id, 500).unwrap();
    declined(&store, &pay(1, &from, &to, 501), Decline::InsufficientFunds);
    accepted(&store, &pay(2, &from, &to, 500));
    declined(&store, &pay(3, &from, &to, 1), Decline::InsufficientFunds);
    assert_eq!(balance_of(&store, &from), -500);
    assert_invariants(&store);
}

/// Neither the ledger's statements nor the conditions of its tables make one.
#[test]
fn money_moves_without_a_temporary_table() {
    // The bank's own account is opened once, before.
    let (plain, from, to) = bank();
    let store = WatchedStore::new(plain);
    for one in one_of_each(&from, &to) {
        posted(&store, &one).unwrap();
    }
    cancelled(&store, &pay(12, &from, &to, 1)).unwrap();
    let batch = batch::batch(13, true, vec![batch::line(&from, &to, 1); 30]);
    for _ in 0..2 {
        posted_batch(&store, &batch).unwrap();
    }
    assert_eq!(store.take_temporary_tables().unwrap(), Vec::<String>::new());
}

/// The conditions name each word.
#[test]
fn the_journal_takes_every_word_of_the_ledger_and_no_other() {
    let store = store();
    let table = "SELECT sql FROM sqlite_schema WHERE name = 'transfer'";
    let table = store.query(table, &[]).unwrap().first().unwrap();
    let table = table.text(0).unwrap();
    let actors = ActorKind::ALL.iter().map(|it| ("actor_kind", it.as_str()));
    let kinds = Kind::ALL.iter().map(|it| ("kind", it.as_str()));
    let statuses = Status::ALL.iter().map(|it| ("status", it.as_str()));
    let declines = Decline::ALL.iter().map(|it| ("decline_code", it.as_str()));
    for (column, word) in actors.chain(kinds).chain(statuses).chain(declines) {
        assert!(table.contains(&format!("{column} = '{word}'")), "{word}");
    }
    deposit(&store, 1, &open(&store, ALICE, "EUR"), 1_000);
    for other in [
        "'gift', 'posted', NULL, NULL, 'user'",
        "'deposit', 'lost', NULL, NULL, 'user'",
        "'deposit', 'declined', 'because', NULL, 'user'",
        "'deposit', 'posted', NULL, NULL, 'robot'",
        // Only a decline by the screening has a rule.
        "'deposit', 'declined', 'screening_denied', NULL, 'user'",
        "'deposit', 'declined', 'account_closed', 'rule', 'user'",
        "'deposit', 'posted', NULL, 'rule', 'user'",
    ] {
        let insert = format!(
            "INSERT INTO transfer
                (sequence, id, fingerprint, kind, status, decline_code, denied_by, actor_kind, actor_id, debit_account_key,
                 credit_account_key, amount_minor, currency, requested_at_ms, recorded_at_ms, hash)
             SELECT 2, zeroblob(16), fingerprint, {other}, actor_id, debit_account_key, credit_account_key,
                 amount_minor, currency, requested_at_ms, recorded_at_ms, hash FROM transfer"
        );
        let transaction = store.begin().unwrap();
        let refused = transaction.execute(&insert, &[]);
        let is_check = matches!(refused, Err(StoreError::Constraint(why)) if why.contains("CHECK"));
        assert!(is_check, "{other}");
    }
}

/// The tables refuse what no statement of the ledger does.
#[test]
fn what_is_recorded_is_never_changed_or_deleted() {
    let (store, from, to) = bank();
    let batch = batch::batch(10, false, [batch::line(&from, &to, 1)]);
    posted_batch(&store, &batch).unwrap();
    for table in ["transfer", "entry", "batch"] {
        let update = format!("UPDATE {table} SET sequence = sequence");
        for change in [update, format!("DELETE FROM {table}")] {
            let refused = store.begin().unwrap().execute(&change, &[]).unwrap_err();
            assert!(
                refused.to_string().contains("append-only"),
                "{change}: {refused}"
            );
        }
    }
}
