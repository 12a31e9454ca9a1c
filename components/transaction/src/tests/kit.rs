//! What the tests share: a bank of two customers, and links to the ledger and auth that can fail.

use crate::schedule::Summary;
use crate::schema::MIGRATIONS;
use crate::service::{Env, Service};
use crate::users::{ChangeKind, UserChange, Users, UsersError};
use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::rc::Rc;
use strongroom_account::account::{self, AccountType, NumberFormat, OpenRequest, OpenRules};
use strongroom_account::ledger::LocalLedger;
use strongroom_ledger_api::view::TransactionView;
use strongroom_ledger_api::{AccountChange, AccountSummary, Batch, BatchRecord, BatchReply, Reply};
use strongroom_sdk::money::Currency;
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::testing::{Meanwhile, TestStore, key_of, read, store_of, violations};

pub(crate) use serde_json::{Value, json};
pub(crate) use strongroom_account::account::{Account, Freeze};
pub(crate) use strongroom_ledger_api::{
    Decline, Directory, Journal, Ledger, LedgerError, Posting, Side, Status, Transfer,
};
pub(crate) use strongroom_sdk::audit_log::Actor;
pub(crate) use strongroom_sdk::clock::{Clock, ManualClock};
pub(crate) use strongroom_sdk::idempotency::{IdempotencyKey, StoredReply};
pub(crate) use strongroom_sdk::identity::{Identity, Role};
pub(crate) use strongroom_sdk::page::{List, Page};
pub(crate) use strongroom_sdk::problem::Problem;
pub(crate) use strongroom_sdk::store::{Reader, SqliteStore, Store, Transaction};
pub(crate) use strongroom_sdk::testing::{body_of as json_of, refusal, words_of};
pub(crate) use strongroom_sdk::{assert_json, rows};
pub(crate) use uuid::Uuid;

pub(crate) const ALICE: Uuid = Uuid::from_u128(0xA);
pub(crate) const BOB: Uuid = Uuid::from_u128(0xB);
pub(crate) const TELLER: Uuid = Uuid::from_u128(0x7);
/// The id of no account, and of a user that no test asks about.
pub(crate) const NOWHERE: Uuid = Uuid::from_u128(404);
pub(crate) const FOREIGN_NUMBER: &str = "DE44500105175407324931";
pub(crate) const REQUEST_ID: &str = "request-7";
pub(crate) const RULE: &str = "list_7";

/// 2027-01-15, eight in the morning.
pub(crate) const MORNING_MS: i64 = 1_800_000_000_000;
pub(crate) const HOUR_MS: i64 = 3_600 * 1_000;
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;

/// What the tests give the service, with a store of their choice.
#[derive(Clone)]
pub(crate) struct TestEnv<S>(PhantomData<S>);

impl<S: Store> Env for TestEnv<S> {
    type Store = S;
    type Ledger = Link;
    type Users = AuthLink;
    type Clock = ManualClock;
}

/// What happens to a call of the ledger.
#[derive(Clone)]
pub(crate) enum LinkState {
    Works,
    /// The ledger is not asked.
    Fails(LedgerError),
    /// The ledger decides, and its reply is lost.
    LosesReplies,
    /// A screening on the way denies each transfer.
    Denies,
    /// A screening on the way has no verdict on transfers with this reference.
    HasNoVerdictOn(&'static str),
}

impl LinkState {
    pub(crate) fn down() -> Self {
        Self::Fails(down())
    }
}

fn down() -> LedgerError {
    LedgerError::Unavailable("down".to_owned())
}

/// When something else happens during a call that decides.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    BeforeDecision,
    AfterDecision,
}

/// The account service's own ledger behind a link.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) ledger: LocalLedger<SqliteStore, ManualClock>,
    state: Rc<RefCell<LinkState>>,
    before: Meanwhile,
    after: Meanwhile,
}

impl Link {
    fn decide<T>(&self, decide: impl FnOnce() -> Result<T, LedgerError>) -> Result<T, LedgerError> {
        self.before.happen();
        let state = self.state.borrow().clone();
        if let LinkState::Fails(error) = state {
            return Err(error);
        }
        let reply = decide();
        self.after.happen();
        match state {
            LinkState::LosesReplies => Err(down()),
            _ => reply,
        }
    }

    fn read<T>(&self, read: impl FnOnce() -> Result<T, LedgerError>) -> Result<T, LedgerError> {
        match &*self.state.borrow() {
            LinkState::Fails(LedgerError::Unavailable(_)) => Err(down()),
            _ => read(),
        }
    }
}

impl Ledger for Link {
    fn post(&self, transfer: &Transfer) -> Result<Reply, LedgerError> {
        let mut transfer = transfer.clone();
        match *self.state.borrow() {
            LinkState::Denies => transfer.denied_by = Some(RULE.to_owned()),
            LinkState::HasNoVerdictOn(reference)
                if transfer.instruction.reference.as_deref() == Some(reference) =>
            {
                return Err(LedgerError::NotScreened("no verdict".to_owned()));
            }
            _ => {}
        }
        self.decide(|| self.ledger.post(&transfer))
    }

    fn post_batch(&self, batch: &Batch) -> Result<BatchReply, LedgerError> {
        self.decide(|| self.ledger.post_batch(batch))
    }

    fn cancel(&self, transfer: &Transfer) -> Result<Reply, LedgerError> {
        self.decide(|| self.ledger.cancel(transfer))
    }

    fn judge(&self, transfer: &Transfer) -> Result<Option<Decline>, LedgerError> {
        let judged = self.read(|| self.ledger.judge(transfer));
        self.after.happen();
        judged
    }
}

/// Some parts are shorter than they might be, as those of long texts are.
fn part(after: u64, limit: u32) -> u32 {
    limit.min(1 + (after % 7) as u32 * 100)
}

impl Journal for Link {
    fn journal(&self, after: u64, limit: u32) -> Result<Vec<Posting>, LedgerError> {
        self.read(|| self.ledger.journal(after, part(after, limit)))
    }

    fn head(&self) -> Result<u64, LedgerError> {
        self.read(|| self.ledger.head())
    }

    fn lookup_many(&self, ids: &[Uuid]) -> Result<Vec<Option<Posting>>, LedgerError> {
        self.read(|| self.ledger.lookup_many(ids))
    }

    fn find_batch(&self, id: Uuid) -> Result<Option<BatchRecord>, LedgerError> {
        self.read(|| self.ledger.find_batch(id))
    }

    fn journal_of(&self, id: Uuid, after: u64, limit: u32) -> Result<Vec<Posting>, LedgerError> {
        self.read(|| self.ledger.journal_of(id, after, part(after, limit)))
    }
}

impl Directory for Link {
    fn find(&self, id: Uuid) -> Result<Option<AccountSummary>, LedgerError> {
        self.read(|| self.ledger.find(id))
    }

    /// Works always: where the ledger is down, it is so from right after this call.
    fn changes(&self, after: u64) -> Result<Vec<AccountChange>, LedgerError> {
        self.ledger.changes(after)
    }
}

/// What auth knows of the customers, who may all log in at first.
#[derive(Clone, Default)]
pub(crate) struct AuthLink {
    pub(crate) changes: Rc<RefCell<Vec<UserChange>>>,
    pub(crate) is_down: Rc<Cell<bool>>,
    /// A user of whom auth knows nothing.
    pub(crate) unknown: Rc<Cell<Option<Uuid>>>,
}

impl AuthLink {
    fn read<T>(&self, read: impl FnOnce(&[UserChange]) -> T) -> Result<T, UsersError> {
        if self.is_down.get() {
            return Err(UsersError("auth is down".to_owned()));
        }
        Ok(read(&self.changes.borrow()))
    }
}

impl Users for AuthLink {
    fn is_disabled(&self, id: Uuid) -> Result<Option<bool>, UsersError> {
        self.read(|changes| {
            let of_user = changes.iter().rev().find(|change| change.user_id == id);
            let is_disabled = of_user.is_some_and(|change| change.kind == ChangeKind::Disabled);
            (self.unknown.get() != Some(id)).then_some(is_disabled)
        })
    }

    fn changes(&self, after: u64) -> Result<Vec<UserChange>, UsersError> {
        self.read(|changes| {
            let later = changes.iter().filter(|change| change.sequence > after);
            later.take(1_000).copied().collect()
        })
    }
}

/// The calls that take an idempotency key, with the id in their path.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Call {
    Deposit,
    Withdraw,
    Transfer,
    Posting,
    Hold,
    Capture(Uuid),
    Void(Uuid),
    Reverse(Uuid),
    Batch,
    Schedule,
}

pub(crate) type Answered = Result<StoredReply, Problem>;

/// A bank with an account of Alice, and an empty one of Bob.
#[derive(Clone)]
pub(crate) struct Bank {
    pub(crate) service: Service<TestEnv<SqliteStore>>,
    pub(crate) alice: Account,
    pub(crate) bob: Account,
}

pub(crate) fn store() -> SqliteStore {
    store_of(MIGRATIONS)
}

fn open(ledger: &LocalLedger<SqliteStore, ManualClock>, owner_id: Uuid, code: &str) -> Account {
    let rules = OpenRules {
        number_format: NumberFormat::new("DE", "10000000").unwrap(),
        accounts_per_user_max: 9,
    };
    let currency = Currency::from_code(code).unwrap();
    let request = OpenRequest::of_customer(owner_id, AccountType::Checking, currency);
    let LocalLedger { store, clock } = ledger;
    account::open(store, clock, &SystemRandom, &rules, request, &Actor::BANK).unwrap()
}

pub(crate) fn alice() -> Identity {
    Identity::of_user(ALICE, Role::Customer)
}

pub(crate) fn bob() -> Identity {
    Identity::of_user(BOB, Role::Customer)
}

/// A customer without an account.
pub(crate) fn carol() -> Identity {
    Identity::of_user(Uuid::from_u128(0xC), Role::Customer)
}

pub(crate) fn teller() -> Identity {
    Identity::of_user(TELLER, Role::Teller)
}

pub(crate) fn auditor() -> Identity {
    Identity::of_user(Uuid::from_u128(9), Role::Auditor)
}

pub(crate) fn admin() -> Identity {
    Identity::of_user(Uuid::from_u128(0xAD), Role::Admin)
}

/// A client that acts for the bank, or for a customer.
pub(crate) fn client(customer: Option<Uuid>) -> Identity {
    Identity::of_client(Uuid::from_u128(0xC11E27), customer)
}

/// The status, the code if there is one, and the first pointer if there is one.
pub(crate) fn outcome(answered: &Answered) -> String {
    match answered {
        Ok(reply) => match json_of(reply)["code"].as_str() {
            Some(code) => format!("{} {code}", reply.status),
            None => reply.status.to_string(),
        },
        Err(problem) => words_of(problem),
    }
}

/// The id of what a reply is about: a transaction, declined or not, a batch, or an order.
pub(crate) fn id_of(reply: &StoredReply) -> Uuid {
    let body = json_of(reply);
    let id = body.get("transaction_id").unwrap_or(&body["id"]);
    id.as_str().unwrap().parse().unwrap()
}

pub(crate) fn repeated(first: &StoredReply) -> StoredReply {
    assert!(!first.repeated);
    StoredReply {
        repeated: true,
        ..first.clone()
    }
}

/// `base` with other members; null removes one.
pub(crate) fn changed(mut base: Value, changes: &Value) -> Value {
    let members = base.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => members.remove(name),
            _ => members.insert(name.clone(), value.clone()),
        };
    }
    base
}

pub(crate) fn to_number(number: &str) -> Value {
    json!({"to_account_id": null, "to_account_number": number})
}

impl Bank {
    /// With 100.00 EUR of Alice's.
    pub(crate) fn new() -> Self {
        Self::with(MORNING_MS, "100")
    }

    pub(crate) fn with(now_ms: i64, amount: &str) -> Self {
        let clock = ManualClock::at(now_ms);
        let ledger = LocalLedger {
            store: store_of(strongroom_account::schema::MIGRATIONS),
            clock: clock.clone(),
        };
        let [alice, bob] = [ALICE, BOB].map(|owner| open(&ledger, owner, "EUR"));
        let bank = Self {
            service: Service {
                store: store(),
                ledger: Link {
                    ledger,
                    state: Rc::new(RefCell::new(LinkState::Works)),
                    before: Meanwhile::default(),
                    after: Meanwhile::default(),
                },
                users: AuthLink::default(),
                clock,
            },
            alice,
            bob,
        };
        bank.deposit("opening", amount).unwrap();
        bank
    }

    /// The ledger itself, not over its link.
    pub(crate) fn ledger(&self) -> &LocalLedger<SqliteStore, ManualClock> {
        &self.service.ledger.ledger
    }

    pub(crate) fn open_for(&self, owner: Uuid, code: &str) -> Account {
        open(self.ledger(), owner, code)
    }

    pub(crate) fn close(&self, account: &Account) {
        let LocalLedger { store, clock } = self.ledger();
        account::close(store, clock, account.id, &Actor::BANK).unwrap();
    }

    pub(crate) fn freeze(&self, account: &Account, stops: Freeze) {
        let LocalLedger { store, clock } = self.ledger();
        account::freeze(store, clock, account.id, stops, &Actor::BANK).unwrap();
    }

    pub(crate) fn unfreeze(&self, account: &Account) {
        let LocalLedger { store, clock } = self.ledger();
        account::unfreeze(store, clock, account.id, &Actor::BANK).unwrap();
    }

    pub(crate) fn link(&self, state: LinkState) {
        self.service.ledger.state.replace(state);
    }

    /// Has `act` happen during the next call that decides; returns where its result will be.
    pub(crate) fn interrupt<T: 'static>(
        &self,
        moment: Moment,
        act: impl FnOnce(&Self) -> T + 'static,
    ) -> Rc<RefCell<Option<T>>> {
        let result = Rc::new(RefCell::new(None));
        let (bank, place) = (self.clone(), Rc::clone(&result));
        let meanwhile = match moment {
            Moment::BeforeDecision => &self.service.ledger.before,
            Moment::AfterDecision => &self.service.ledger.after,
        };
        meanwhile.set(move || *place.borrow_mut() = Some(act(&bank)));
        result
    }

    pub(crate) fn go_to(&self, now_ms: i64) {
        self.service.clock.set_ms(now_ms);
    }

    pub(crate) fn wait(&self, ms: i64) {
        self.go_to(self.service.clock.now_ms() + ms);
    }

    pub(crate) fn list(
        &self,
        who: &Identity,
        query: &str,
    ) -> Result<List<TransactionView>, Problem> {
        self.service.list(who, &Page::from_query("/", query)?)
    }

    pub(crate) fn request(&self, who: &Identity, call: Call, key: &str, body: &Value) -> Answered {
        let (service, who) = (&self.service, who.clone());
        let key = &key_of(key);
        match call {
            Call::Deposit => service.deposit(&who.try_into()?, key, read(body)?),
            Call::Withdraw => service.withdraw(&who.try_into()?, key, read(body)?),
            Call::Transfer => service.transfer(&who.try_into()?, key, read(body)?),
            Call::Posting => service.posting(&who.try_into()?, key, read(body)?),
            Call::Hold => service.hold(&who.try_into()?, key, read(body)?),
            Call::Capture(id) => service.capture(&who.try_into()?, key, id, read(body)?),
            Call::Void(id) => service.void(&who.try_into()?, key, id),
            Call::Reverse(id) => service.reverse(&who.try_into()?, key, id, read(body)?),
            Call::Batch => service.batch(&who.try_into()?, key, read(body)?),
            Call::Schedule => service.create_schedule(&who.try_into()?, key, read(body)?),
        }
    }

    pub(crate) fn body(&self, amount: &str) -> Value {
        json!({
            "from_account_id": self.alice.id, "to_account_id": self.bob.id, "amount": amount,
            "currency": "EUR", "reference": "rent", "metadata": {"invoice": "7"},
        })
    }

    pub(crate) fn cash(&self, account: &Account, amount: &str) -> Value {
        json!({"account_id": account.id, "amount": amount, "currency": "EUR"})
    }

    pub(crate) fn deposit(&self, key: &str, amount: &str) -> Answered {
        self.deposit_to(&self.alice, key, amount)
    }

    pub(crate) fn deposit_to(&self, account: &Account, key: &str, amount: &str) -> Answered {
        self.request(&teller(), Call::Deposit, key, &self.cash(account, amount))
    }

    pub(crate) fn withdraw(&self, key: &str, amount: &str) -> Answered {
        let body = self.cash(&self.alice, amount);
        self.request(&alice(), Call::Withdraw, key, &body)
    }

    pub(crate) fn send(&self, key: &str, amount: &str) -> Answered {
        self.request(&alice(), Call::Transfer, key, &self.body(amount))
    }

    pub(crate) fn hold_body(&self, amount: &str) -> Value {
        changed(self.body(amount), &json!({"expires_in": 60}))
    }

    pub(crate) fn hold(&self, key: &str, amount: &str) -> Answered {
        self.request(&alice(), Call::Hold, key, &self.hold_body(amount))
    }

    pub(crate) fn capture(&self, key: &str, hold: Uuid, amount: Option<&str>) -> Answered {
        let body = changed(json!({}), &json!({"amount": amount}));
        self.request(&alice(), Call::Capture(hold), key, &body)
    }

    pub(crate) fn void(&self, key: &str, hold: Uuid) -> Answered {
        self.request(&alice(), Call::Void(hold), key, &Value::Null)
    }

    pub(crate) fn reverse(&self, key: &str, id: Uuid) -> Answered {
        self.request(&teller(), Call::Reverse(id), key, &json!({}))
    }

    pub(crate) fn batch(&self, key: &str, atomic: bool, amounts: &[&str]) -> Answered {
        let lines = amounts.iter().map(|amount| self.body(amount)).collect();
        self.batch_of(key, atomic, lines)
    }

    pub(crate) fn batch_of(&self, key: &str, atomic: bool, lines: Vec<Value>) -> Answered {
        let body = json!({"transfers": lines, "atomic": atomic});
        self.request(&alice(), Call::Batch, key, &body)
    }

    /// The body of a monthly order of 10.00 EUR from 2027-01-31, with other members.
    pub(crate) fn order_body(&self, changes: &Value) -> Value {
        let base = json!({"metadata": null, "start": "2027-01-31", "interval": "monthly"});
        changed(changed(self.body("10"), &base), changes)
    }

    pub(crate) fn request_order(&self, key: &str, changes: &Value) -> Answered {
        self.request(&alice(), Call::Schedule, key, &self.order_body(changes))
    }

    pub(crate) fn order(&self, key: &str, changes: &Value) -> Uuid {
        id_of(&self.request_order(key, changes).unwrap())
    }

    pub(crate) fn cancel(&self, order: Uuid) -> Result<(), Problem> {
        self.cancel_as(&alice(), order)
    }

    pub(crate) fn cancel_as(&self, who: &Identity, order: Uuid) -> Result<(), Problem> {
        self.service.cancel_schedule(who, order)
    }

    pub(crate) fn tick(&self) -> Summary {
        self.service.tick().unwrap()
    }

    pub(crate) fn seen_by(&self, who: &Identity, id: Uuid) -> Result<Value, Problem> {
        self.service.get(who, id).map(|found| json!(found))
    }

    pub(crate) fn seen(&self, id: Uuid) -> Value {
        self.seen_by(&alice(), id).unwrap()
    }

    pub(crate) fn recorded(&self) -> u64 {
        self.ledger().head().unwrap()
    }

    /// What Bob has, in cents, after the whole ledger was checked.
    pub(crate) fn bob_has(&self) -> i64 {
        let books = &self.ledger().store;
        let report = strongroom_account::audit::check_invariants(books);
        assert_eq!(violations(report), [""; 0]);
        let bob = account::by_id(books, self.bob.id).unwrap().unwrap();
        bob.balance.posted()
    }

    pub(crate) fn execute(&self, sql: &str) {
        self.service.store.execute(sql);
    }

    /// Has each change of a table fail from now on, as a crash before its commit does.
    pub(crate) fn crash_at_change_of(&self, table: &str) {
        self.service.store.crash_at(&format!("UPDATE ON {table}"));
    }

    pub(crate) fn end_crash(&self) {
        self.service.store.end_crash();
    }
}
