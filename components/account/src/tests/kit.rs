//! The kit of all tests: a store, a clock, accounts, and transfers.

use crate::account::{
    self, Account, AccountType, AccountUpdate, ManageError, NumberFormat, OpenRequest, OpenRules,
};
use crate::audit::check_invariants;
use crate::ledger;
use crate::schema::MIGRATIONS;
use std::cell::Cell;
use std::rc::Rc;
use strongroom_ledger_api::{
    AccountRef, Batch, BatchInstruction, BatchLine, DebitAuthority, Decline, Direction,
    Instruction, Kind, Leg, Posting, Refusal, Transfer,
};
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::clock::{Clock, ManualClock};
use strongroom_sdk::money::{Currency, Money};
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::rows;
use strongroom_sdk::store::{
    Reader, Rows, SqliteStore, SqliteTransaction, Store, StoreError, Value,
};
use strongroom_sdk::testing::{TestStore, store_of, violations};
use uuid::Uuid;

/// The owner and the actor where a test does not care.
pub const OWNER: Uuid = Uuid::from_u128(0xA);

/// How long a hold of [`instruction`] lasts.
pub const HOLD_SECONDS: u32 = 60;

/// An empty store with the tables of the service.
pub fn store() -> SqliteStore {
    store_of(MIGRATIONS)
}

pub fn assert_invariants(store: &SqliteStore) {
    assert_eq!(violations(check_invariants(store)), [""; 0]);
}

/// The steps of SQLite's plan for a query with so many parameters.
pub fn plan(store: &SqliteStore, sql: &str, parameters: usize) -> Vec<String> {
    store.plan(sql, parameters)
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

pub fn open(store: &SqliteStore, clock: &impl Clock, owner_id: Uuid, code: &str) -> Account {
    let currency = Currency::from_code(code).unwrap();
    let mut request = OpenRequest::of_customer(owner_id, AccountType::Checking, currency);
    request.name = Some("Everyday".to_owned());
    open_as(store, clock, request)
}

pub fn open_internal(
    store: &SqliteStore,
    clock: &impl Clock,
    code: &str,
    currency: &str,
) -> Account {
    let currency = Currency::from_code(currency).unwrap();
    let request = OpenRequest::internal(code.parse().unwrap(), currency);
    open_as(store, clock, request)
}

fn open_as(store: &SqliteStore, clock: &impl Clock, request: OpenRequest) -> Account {
    account::open(store, clock, &SystemRandom, &rules(100), request, &teller()).unwrap()
}

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

pub fn denied_by(rule: &str, mut line: BatchLine) -> BatchLine {
    if let BatchLine::Transfer { denied_by, .. } = &mut line {
        *denied_by = Some(rule.to_owned());
    }
    line
}

/// A batch by [`OWNER`], which may debit any account.
pub fn batch(id: u128, atomic: bool, lines: impl Into<Vec<BatchLine>>) -> Batch {
    let lines = lines.into();
    Batch {
        id: Uuid::from_u128(id),
        fingerprint: [9; 32],
        authority: DebitAuthority::Bank,
        actor: strongroom_ledger_api::Actor::user(OWNER),
        on_behalf_of: None,
        request_id: None,
        instruction: BatchInstruction { atomic, lines },
        requested_at_ms: 5,
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

/// Deposits EUR, or withdraws a negative amount; the record, which may be a decline.
pub fn cash(
    store: &SqliteStore,
    clock: &impl Clock,
    id: u128,
    account: &Account,
    minor: i64,
) -> Posting {
    let account = Some(account.id);
    let (kind, from, to) = match minor > 0 {
        true => (Kind::Deposit, None, account),
        false => (Kind::Withdrawal, account, None),
    };
    let transfer = transfer(id, instruction(kind, from, to, eur(minor.abs())));
    ledger::post(store, clock, &transfer).unwrap().posting
}

/// A request by staff for a customer, with a client's notes.
pub fn noted(id: u128, instruction: Instruction) -> Transfer {
    let instruction = Instruction {
        reference: Some("caf\u{e9}".to_owned()),
        metadata: Some(r#"{"a": 1}"#.to_owned()),
        ..instruction
    };
    Transfer {
        on_behalf_of: Some(Uuid::from_u128(0xC)),
        request_id: Some("request-7".to_owned()),
        ..transfer(id, instruction)
    }
}

/// Posts 16 rows of every kind: of four holds, one is captured, one voided, and one expires.
pub fn post_each_kind(store: &SqliteStore, clock: &ManualClock, from: Uuid, to: Uuid) {
    let (one, two) = (Some(from), Some(to));
    let pay = |kind, source, destination, minor| instruction(kind, source, destination, eur(minor));
    let of = |kind, original, minor| of_original(kind, Uuid::from_u128(original), eur(minor));
    let hold = || pay(Kind::Hold, one, two, 40);
    for (id, instruction, decline) in rows! {
        (1, pay(Kind::Deposit, None, one, 1_000), None),
        (2, pay(Kind::Transfer, one, two, 300), None),
        (3, pay(Kind::Withdrawal, two, None, 100), None),
        (4, pay(Kind::Transfer, one, two, 9_000), Some(Decline::InsufficientFunds)),
        (5, pay(Kind::Transfer, one, two, 7), Some(Decline::ScreeningDenied)), (6, hold(), None),
        (7, of(Kind::Capture, 6, 30), None), (8, hold(), None), (9, of(Kind::Void, 8, 40), None),
        (10, of(Kind::Reversal, 3, 100), None), (11, hold(), None),
        (14, legs(from, to, eur(20)), None),
        (15, legs(from, to, eur(9_000)), Some(Decline::InsufficientFunds)),
        (16, reversal_of_legs(14), None),
    } {
        let is_denied = decline == Some(Decline::ScreeningDenied);
        let transfer = Transfer {
            denied_by: is_denied.then(|| "list_7".to_owned()),
            ..noted(id, instruction)
        };
        let posting = ledger::post(store, clock, &transfer).unwrap().posting;
        assert_eq!(posting.decline, decline, "{transfer:?}");
    }
    clock.pass_ms(120_000);
    assert_eq!(ledger::expire_holds(store, clock), Ok(1));
    ledger::post(store, clock, &noted(12, hold())).unwrap();
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
