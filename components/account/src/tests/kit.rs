//! The kit of all tests: a store, a clock, accounts, and transfers.

use crate::account::{
    self, Account, AccountType, AccountUpdate, ManageError, NumberFormat, OpenRequest, OpenRules,
};
use crate::schema::MIGRATIONS;
use std::cell::Cell;
use std::rc::Rc;
use strongroom_ledger_api::{
    AccountRef, BatchLine, DebitAuthority, Direction, Instruction, Kind, Leg, Refusal, Transfer,
};
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::money::{Currency, Money};
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::{
    Reader, Rows, SqliteStore, SqliteTransaction, Store, StoreError, Value, migrate,
};
use uuid::Uuid;

/// The owner and the actor where a test does not care.
pub const OWNER: Uuid = Uuid::from_u128(0xA);

/// How long a hold of [`instruction`] lasts.
pub const HOLD_SECONDS: u32 = 60;

/// An empty store with the tables of the service.
pub fn store() -> SqliteStore {
    let store = SqliteStore::in_memory().unwrap();
    migrate(&store, MIGRATIONS).unwrap();
    store
}

/// The steps of SQLite's plan for a query with so many parameters.
pub fn plan(store: &SqliteStore, sql: &str, parameters: usize) -> Vec<String> {
    let plan = format!("EXPLAIN QUERY PLAN {sql}");
    let steps = store.query(&plan, &vec![Value::Null; parameters]).unwrap();
    steps
        .into_iter()
        .map(|step| step.text(3).unwrap())
        .collect()
}

/// A member of staff who manages accounts.
pub fn teller() -> Actor {
    Actor {
        on_behalf_of: None,
        id: Uuid::from_u128(0x7),
        role: "teller".into(),
        request_id: Some("request".to_owned()),
    }
}

pub fn rules(accounts_per_user_max: u32) -> OpenRules {
    OpenRules {
        number_format: NumberFormat::new("DE", "10000000").unwrap(),
        accounts_per_user_max,
    }
}

/// Opens a checking account.
pub fn open(store: &SqliteStore, clock: &impl Clock, owner_id: Uuid, code: &str) -> Account {
    let currency = Currency::from_code(code).unwrap();
    let mut request = OpenRequest::of_customer(owner_id, AccountType::Checking, currency);
    request.name = Some("Everyday".to_owned());
    open_as(store, clock, request)
}

/// Opens an internal account.
pub fn open_internal(
    store: &SqliteStore,
    clock: &impl Clock,
    code: &str,
    currency: &str,
) -> Account {
    let currency = Currency::from_code(currency).unwrap();
    open_as(
        store,
        clock,
        OpenRequest::internal(code.parse().unwrap(), currency),
    )
}

fn open_as(store: &SqliteStore, clock: &impl Clock, request: OpenRequest) -> Account {
    account::open(store, clock, &SystemRandom, &rules(100), request, &teller()).unwrap()
}

/// Sets an account's overdraft limit.
pub fn set_limit<S: Store>(
    store: &S,
    clock: &impl Clock,
    id: Uuid,
    minor: i64,
) -> Result<Account, ManageError> {
    let update = AccountUpdate {
        overdraft_limit: Some(Some(minor)),
        ..AccountUpdate::default()
    };
    account::update(store, clock, id, update, &teller())
}

pub fn eur(minor: i64) -> Money {
    Money::from_minor(minor, Currency::from_code("EUR").unwrap())
}

pub fn yen(minor: i64) -> Money {
    Money::from_minor(minor, Currency::from_code("JPY").unwrap())
}

/// An instruction between two accounts; none is the bank's own account.
pub fn instruction(
    kind: Kind,
    source: Option<Uuid>,
    destination: Option<Uuid>,
    amount: Money,
) -> Instruction {
    Instruction {
        source,
        destination: destination.map(AccountRef::Id),
        expires_in: (kind == Kind::Hold).then_some(HOLD_SECONDS),
        ..Instruction::new(kind, amount)
    }
}

/// An instruction that names an original.
pub fn of_original(kind: Kind, original: Uuid, amount: Money) -> Instruction {
    Instruction {
        original: Some(original),
        ..Instruction::new(kind, amount)
    }
}

pub fn leg(direction: Direction, account: Uuid, amount: Money) -> Leg {
    Leg {
        account,
        direction,
        amount,
        denied_by: None,
    }
}

/// A posting of two legs.
pub fn legs(from: Uuid, to: Uuid, amount: Money) -> Instruction {
    let sides = [(Direction::Debit, from), (Direction::Credit, to)];
    let legs = sides.map(|(direction, account)| leg(direction, account, amount));
    Instruction::of_legs(legs.to_vec())
}

pub fn reversal_of_legs(original: u128) -> Instruction {
    Instruction {
        kind: Kind::Reversal,
        original: Some(Uuid::from_u128(original)),
        ..Instruction::of_legs(Vec::new())
    }
}

/// A line of a batch that no one denies.
pub fn line(instruction: Instruction) -> BatchLine {
    BatchLine::Transfer {
        instruction,
        denied_by: None,
    }
}

/// The refusal of a line by the caller of the ledger.
pub fn refusal() -> Refusal {
    Refusal {
        code: "amount_invalid".to_owned(),
        pointer: "/amount".to_owned(),
        detail: "must be greater than zero".to_owned(),
    }
}

/// A teller's transfer, which may debit any account.
pub fn transfer(id: u128, instruction: Instruction) -> Transfer {
    Transfer {
        id: Uuid::from_u128(id),
        fingerprint: [7; 32],
        authority: DebitAuthority::Bank,
        actor: strongroom_ledger_api::Actor::user(teller().id),
        on_behalf_of: None,
        request_id: None,
        instruction,
        denied_by: None,
        requested_at_ms: 5,
    }
}

/// A store that counts its queries and their rows, and is busy as often as the test says.
#[derive(Clone)]
pub struct NotingStore {
    store: SqliteStore,
    pub queries: Rc<Cell<usize>>,
    pub rows: Rc<Cell<usize>>,
    /// The most rows of one result.
    pub rows_max: Rc<Cell<usize>>,
    pub busy: Rc<Cell<usize>>,
}

impl NotingStore {
    pub fn new(store: SqliteStore) -> Self {
        Self {
            store,
            queries: Rc::default(),
            rows: Rc::default(),
            rows_max: Rc::default(),
            busy: Rc::default(),
        }
    }
}

impl Reader for NotingStore {
    fn query(&self, sql: &str, params: &[Value]) -> Result<Rows, StoreError> {
        self.queries.update(|queries| queries + 1);
        if self.busy.get() > 0 {
            self.busy.update(|busy| busy - 1);
            return Err(StoreError::Busy);
        }
        let found = self.store.query(sql, params)?;
        let count = found.rows.len();
        self.rows.update(|rows| rows + count);
        self.rows_max.update(|most| most.max(count));
        Ok(found)
    }
}

impl Store for NotingStore {
    type Transaction = SqliteTransaction;

    fn begin(&self) -> Result<Self::Transaction, StoreError> {
        self.store.begin()
    }
}
