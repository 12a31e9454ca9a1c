//! What the tests share: a bank of two customers, and a link to its ledger that can fail.

use crate::api::{self, Service};
use crate::schedule::{self, Summary, TickError};
use crate::schema::MIGRATIONS;
use crate::users::{ChangeKind, UserChange, Users, UsersError};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use strongroom_account::account::{
    self, Account, AccountType, NumberFormat, OpenRequest, OpenRules,
};
use strongroom_account::audit::check_invariants;
use strongroom_account::ledger::LocalLedger;
use strongroom_ledger_api::{
    AccountChange, AccountSummary, Batch, BatchRecord, BatchReply, Decline, Directory, Journal,
    Ledger, LedgerError, Posting, Reply, Transfer,
};
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::http::RequestId;
use strongroom_sdk::idempotency::{IdempotencyKey, StoredReply};
use strongroom_sdk::identity::{Identity, Role};
use strongroom_sdk::json;
use strongroom_sdk::money::Currency;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::{SqliteStore, Store, Transaction, migrate};
use uuid::Uuid;

pub(crate) const ALICE: Uuid = Uuid::from_u128(0xA);
pub(crate) const BOB: Uuid = Uuid::from_u128(0xB);
pub(crate) const TELLER: Uuid = Uuid::from_u128(0x7);
/// The request in which staff ask.
pub(crate) const REQUEST_ID: &str = "r-7";
/// The IBAN of another bank.
pub(crate) const NOBODYS_NUMBER: &str = "DE44500105175407324931";
/// The rule of the screening that denies.
pub(crate) const RULE: &str = "list_7";

/// 2027-01-15, eight in the morning.
pub(crate) const MORNING_MS: i64 = 1_800_000_000_000;
pub(crate) const HOUR_MS: i64 = 3_600 * 1_000;
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;

#[derive(Clone)]
pub(crate) struct SetClock(Rc<Cell<i64>>);

impl Clock for SetClock {
    fn now_ms(&self) -> i64 {
        self.0.get()
    }
}

/// What becomes of a call to the ledger.
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

type Interruption = (Moment, Box<dyn FnOnce()>);

/// The account service's own ledger behind a link.
#[derive(Clone)]
pub(crate) struct Link {
    pub(crate) ledger: LocalLedger<SqliteStore, SetClock>,
    state: Rc<RefCell<LinkState>>,
    interruption: Rc<RefCell<Option<Interruption>>>,
}

impl Link {
    fn decide<T>(&self, decide: impl FnOnce() -> Result<T, LedgerError>) -> Result<T, LedgerError> {
        self.interrupt(Moment::BeforeDecision);
        let state = self.state.borrow().clone();
        if let LinkState::Fails(error) = state {
            return Err(error);
        }
        let reply = decide();
        self.interrupt(Moment::AfterDecision);
        match state {
            LinkState::LosesReplies => Err(down()),
            _ => reply,
        }
    }

    fn interrupt(&self, now: Moment) {
        let mut interruption = self.interruption.borrow_mut();
        let due = interruption.take_if(|(moment, _)| *moment == now);
        drop(interruption);
        if let Some((_, act)) = due {
            act();
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
        self.interrupt(Moment::AfterDecision);
        judged
    }
}

impl Journal for Link {
    fn journal(&self, after: u64, limit: u32) -> Result<Vec<Posting>, LedgerError> {
        self.read(|| self.ledger.journal(after, limit))
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
        self.read(|| self.ledger.journal_of(id, after, limit))
    }

    fn history(&self, id: Uuid, before: u64, limit: u32) -> Result<Vec<Posting>, LedgerError> {
        self.read(|| self.ledger.history(id, before, limit))
    }
}

impl Directory for Link {
    fn find(&self, id: Uuid) -> Result<Option<AccountSummary>, LedgerError> {
        self.read(|| self.ledger.find(id))
    }

    /// Where the ledger is down, it is so from right after this.
    fn changes(&self, after: u64) -> Result<Vec<AccountChange>, LedgerError> {
        self.ledger.changes(after)
    }
}

/// What auth knows of the customers, who may all log in at first.
#[derive(Clone, Default)]
pub(crate) struct AuthLink {
    pub(crate) changes: Rc<RefCell<Vec<UserChange>>>,
    pub(crate) is_down: Rc<Cell<bool>>,
    /// Of whom auth knows nothing.
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
    pub(crate) service: Service<SqliteStore, Link, SetClock>,
    pub(crate) users: AuthLink,
    pub(crate) alice: Account,
    pub(crate) bob: Account,
}

/// The service's own store, empty.
pub(crate) fn store() -> SqliteStore {
    let store = SqliteStore::in_memory().unwrap();
    migrate(&store, MIGRATIONS).unwrap();
    store
}

fn open(store: &SqliteStore, clock: &SetClock, owner_id: Uuid, code: &str) -> Account {
    let rules = OpenRules {
        number_format: NumberFormat::new("DE", "10000000").unwrap(),
        accounts_per_user_max: 9,
    };
    let request = OpenRequest {
        owner_id,
        account_type: AccountType::Checking,
        currency: Currency::from_code(code).unwrap(),
        name: None,
    };
    let actor = Actor {
        id: TELLER,
        role: "teller".into(),
        request_id: Some(REQUEST_ID.to_owned()),
    };
    account::open(store, clock, &SystemRandom, &rules, request, &actor).unwrap()
}

pub(crate) fn identity(subject: Uuid, role: Role) -> Identity {
    Identity {
        subject,
        role,
        session: Uuid::nil(),
        scope: String::new(),
    }
}

pub(crate) fn alice() -> Identity {
    identity(ALICE, Role::Customer)
}

pub(crate) fn bob() -> Identity {
    identity(BOB, Role::Customer)
}

pub(crate) fn teller() -> Identity {
    identity(TELLER, Role::Teller)
}

pub(crate) fn auditor() -> Identity {
    identity(Uuid::from_u128(9), Role::Auditor)
}

fn request_id() -> RequestId {
    RequestId(Some(REQUEST_ID.to_owned()))
}

/// As the routes read it.
fn read<T: DeserializeOwned>(body: &Value) -> Result<T, Problem> {
    json::from_slice(body.to_string().as_bytes())
}

/// Status and code; no code where the request is met.
pub(crate) fn outcome(answered: &Answered) -> (u16, String) {
    match answered {
        Ok(reply) => {
            let code = json_of(reply)["code"].as_str().unwrap_or_default().into();
            (reply.status, code)
        }
        Err(problem) => (problem.status().as_u16(), problem.code().to_owned()),
    }
}

pub(crate) fn json_of(reply: &StoredReply) -> Value {
    serde_json::from_str(&reply.body).unwrap()
}

/// The id of what a reply is about: a transaction, declined or not, a batch, or a schedule.
pub(crate) fn id_of(reply: &StoredReply) -> Uuid {
    let body = json_of(reply);
    let id = body.get("transaction_id").unwrap_or(&body["id"]);
    id.as_str().unwrap().parse().unwrap()
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

impl Bank {
    /// With 100.00 EUR of Alice's.
    pub(crate) fn new() -> Self {
        Self::with(MORNING_MS, "100")
    }

    pub(crate) fn with(now_ms: i64, amount: &str) -> Self {
        let clock = SetClock(Rc::new(Cell::new(now_ms)));
        let books = SqliteStore::in_memory().unwrap();
        migrate(&books, strongroom_account::schema::MIGRATIONS).unwrap();
        let [alice, bob] = [ALICE, BOB].map(|owner| open(&books, &clock, owner, "EUR"));
        let ledger = LocalLedger {
            store: books,
            clock: clock.clone(),
        };
        let bank = Self {
            service: Service {
                store: store(),
                ledger: Link {
                    ledger,
                    state: Rc::new(RefCell::new(LinkState::Works)),
                    interruption: Rc::default(),
                },
                clock,
            },
            users: AuthLink::default(),
            alice,
            bob,
        };
        bank.deposit("opening", amount).unwrap();
        bank
    }

    /// Opens one more account.
    pub(crate) fn open_for(&self, owner: Uuid, code: &str) -> Uuid {
        let books = &self.service.ledger.ledger.store;
        open(books, &self.service.clock, owner, code).id
    }

    pub(crate) fn open_for_bob(&self, code: &str) -> Uuid {
        self.open_for(BOB, code)
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
        let (bank, noted) = (self.clone(), Rc::clone(&result));
        let act = Box::new(move || *noted.borrow_mut() = Some(act(&bank)));
        let interruption = &self.service.ledger.interruption;
        interruption.replace(Some((moment, act)));
        result
    }

    pub(crate) fn go_to(&self, now_ms: i64) {
        self.service.clock.0.set(now_ms);
    }

    pub(crate) fn wait(&self, ms: i64) {
        self.go_to(self.service.clock.now_ms() + ms);
    }

    pub(crate) fn request(&self, who: &Identity, call: Call, key: &str, body: &Value) -> Answered {
        let (service, request_id) = (&self.service, request_id());
        let key = &IdempotencyKey::from_header([key.as_bytes()]).unwrap();
        match call {
            Call::Deposit => api::deposit(service, who, request_id, key, read(body)?),
            Call::Withdraw => api::withdraw(service, who, request_id, key, read(body)?),
            Call::Transfer => api::transfer(service, who, key, read(body)?),
            Call::Hold => api::hold(service, who, key, read(body)?),
            Call::Capture(id) => api::capture(service, who, key, id, read(body)?),
            Call::Void(id) => api::void(service, who, key, id),
            Call::Reverse(id) => api::reverse(service, who, request_id, key, id, read(body)?),
            Call::Batch => api::batch(service, who, key, read(body)?),
            Call::Schedule => api::create_schedule(service, who, key, read(body)?),
        }
    }

    /// The body of a transfer from Alice to Bob.
    pub(crate) fn body(&self, amount: &str) -> Value {
        json!({"from_account_id": self.alice.id, "to_account_id": self.bob.id, "amount": amount, "currency": "EUR",
            "reference": "rent", "metadata": {"invoice": "7"}})
    }

    pub(crate) fn deposit(&self, key: &str, amount: &str) -> Answered {
        let body = json!({"account_id": self.alice.id, "amount": amount, "currency": "EUR"});
        self.request(&teller(), Call::Deposit, key, &body)
    }

    pub(crate) fn send(&self, key: &str, amount: &str) -> Answered {
        self.request(&alice(), Call::Transfer, key, &self.body(amount))
    }

    pub(crate) fn hold(&self, key: &str, amount: &str) -> Answered {
        let body = changed(self.body(amount), &json!({"expires_in": 60}));
        self.request(&alice(), Call::Hold, key, &body)
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

    /// A monthly order of 10.00 EUR from 2027-01-31, with other members.
    pub(crate) fn ask_for_order(&self, key: &str, changes: &Value) -> Answered {
        let base = json!({"from_account_id": self.alice.id, "to_account_id": self.bob.id, "amount": "10",
            "currency": "EUR", "reference": "rent", "start": "2027-01-31", "interval": "monthly"});
        self.request(&alice(), Call::Schedule, key, &changed(base, changes))
    }

    pub(crate) fn order(&self, key: &str, changes: &Value) -> Uuid {
        id_of(&self.ask_for_order(key, changes).unwrap())
    }

    pub(crate) fn delete(&self, schedule: Uuid) -> Result<(), Problem> {
        self.delete_as(&alice(), schedule)
    }

    pub(crate) fn delete_as(&self, who: &Identity, schedule: Uuid) -> Result<(), Problem> {
        api::delete_schedule(&self.service, who, request_id(), schedule)
    }

    pub(crate) fn try_tick(&self) -> Result<Summary, TickError> {
        let Service {
            store,
            ledger,
            clock,
        } = &self.service;
        schedule::tick(store, ledger, &self.users, clock)
    }

    pub(crate) fn tick(&self) -> Summary {
        self.try_tick().unwrap()
    }

    pub(crate) fn seen_by(&self, who: &Identity, id: Uuid) -> Result<Value, Problem> {
        api::get(&self.service, who, id).map(|found| serde_json::to_value(found).unwrap())
    }

    pub(crate) fn seen(&self, id: Uuid) -> Value {
        self.seen_by(&alice(), id).unwrap()
    }

    /// How many rows the ledger's journal has.
    pub(crate) fn recorded(&self) -> u64 {
        self.service.ledger.ledger.head().unwrap()
    }

    /// What Bob has, in cents, after the whole ledger was checked.
    pub(crate) fn bob_has(&self) -> i64 {
        let books = &self.service.ledger.ledger.store;
        let report = check_invariants(books).unwrap();
        assert_eq!(report.violations().next(), None);
        let bob = account::by_id(books, self.bob.id).unwrap().unwrap();
        bob.balance.posted()
    }

    /// Runs a statement on the service's own store.
    pub(crate) fn execute(&self, sql: &str) {
        let transaction = self.service.store.begin().unwrap();
        transaction.execute(sql, &[]).unwrap();
        transaction.commit().unwrap();
    }
}
