//! Goal: a statement says what the ledger has, all of it, the same for ever, in every form; and
//! says nothing where it would not be true. Method: movements on days of a clock that the test
//! sets; each form is read back by a reader that shares nothing with its writer.

mod contradictions;
mod forms;
mod histories;
mod periods;
mod pieces;
mod read;

use super::*;
use crate::account::{Account, by_id};
use crate::ledger;
use crate::tests::kit::{self, OWNER, SetClock};
use read::{Read, ReadLine};
use std::cell::Cell;
use strongroom_ledger_api::{Instruction, Kind, Status};
use strongroom_sdk::calendar::Day;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::money::Money;
use strongroom_sdk::store::{SqliteStore, Store, Transaction, Value};
use uuid::Uuid;

const DAY_MS: i64 = 86_400_000;

/// Two accounts, of which the first is told about.
struct Scene {
    store: SqliteStore,
    clock: SetClock,
    own: Account,
    other: Account,
    moved: Cell<u128>,
}

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn period(from: &str, to: &str) -> Period {
    Period::new(day(from), day(to)).unwrap()
}

impl Scene {
    /// It begins at noon of 2026-11-20.
    fn new() -> Self {
        Self::in_currency("EUR")
    }

    fn in_currency(code: &str) -> Self {
        let clock = SetClock::at(day("2026-11-20").first_ms() + DAY_MS / 2);
        let store = kit::store();
        let [own, other] = [(); 2].map(|()| kit::open(&store, &clock, OWNER, code));
        Self {
            store,
            clock,
            own,
            other,
            moved: Cell::new(0),
        }
    }

    /// Goes to a moment after a day's midnight.
    fn go_to(&self, text: &str, ms: i64) {
        self.clock.0.set(day(text).first_ms() + ms);
    }

    /// Moves an amount between the two accounts, or the bank where there is none, and answers its
    /// id.
    fn post(&self, order: Order<'_>) -> Uuid {
        let number = self.moved.get() + 1;
        self.moved.set(number);
        let amount = Money::from_minor(order.amount_minor, self.own.currency);
        let [source, destination] = [order.from, order.to].map(|end| end.map(|account| account.id));
        let instruction = Instruction {
            reference: order.reference.map(str::to_owned),
            original: order.original,
            ..kit::instruction(order.kind, source, destination, amount)
        };
        let transfer = kit::transfer(number, instruction);
        let reply = ledger::post(&self.store, &self.clock, &transfer).unwrap();
        let posting = reply.posting;
        assert_ne!(posting.status, Status::Declined, "{transfer:?}");
        transfer.id
    }

    fn deposit(&self, amount_minor: i64) -> Uuid {
        self.post(Order::new(
            Kind::Deposit,
            None,
            Some(&self.own),
            amount_minor,
        ))
    }

    fn withdraw(&self, amount_minor: i64) -> Uuid {
        self.post(Order::new(
            Kind::Withdrawal,
            Some(&self.own),
            None,
            amount_minor,
        ))
    }

    fn send(&self, amount_minor: i64, reference: &str) -> Uuid {
        let order = Order::new(
            Kind::Transfer,
            Some(&self.own),
            Some(&self.other),
            amount_minor,
        );
        self.post(Order {
            reference: Some(reference),
            ..order
        })
    }

    fn receive(&self, amount_minor: i64) -> Uuid {
        self.post(Order::new(
            Kind::Transfer,
            Some(&self.other),
            Some(&self.own),
            amount_minor,
        ))
    }

    /// Holds so much, and captures a part.
    fn hold_and_capture(&self, held_minor: i64, captured_minor: i64) -> Uuid {
        let (from, to) = (Some(&self.own), Some(&self.other));
        let hold = self.post(Order::new(Kind::Hold, from, to, held_minor));
        self.post(Order {
            original: Some(hold),
            ..Order::new(Kind::Capture, None, None, captured_minor)
        })
    }

    fn reverse(&self, id: Uuid, amount_minor: i64) -> Uuid {
        self.post(Order {
            original: Some(id),
            ..Order::new(Kind::Reversal, None, None, amount_minor)
        })
    }

    fn account(&self) -> Account {
        by_id(&self.store, self.own.id).unwrap().unwrap()
    }

    fn summary(&self, period: Period) -> Result<Summary, StatementError> {
        Summary::read(&self.store, &self.clock, self.account(), period)
    }

    fn statement(&self, period: Period, format: Format) -> Result<Vec<u8>, StatementError> {
        let summary = self.summary(period)?;
        let pieces = Body::new(self.store.clone(), summary, format)?;
        pieces
            .collect::<Result<Vec<_>, _>>()
            .map(|pieces| pieces.concat())
    }

    fn read(&self, period: Period, format: Format) -> Read {
        let text = String::from_utf8(self.statement(period, format).unwrap()).unwrap();
        read::read(format, &text, self.own.currency)
    }

    /// All that the account has, by a query of the test's own.
    fn lines(&self) -> Vec<ReadLine> {
        let sql = "SELECT transfer.id, transfer.kind, entry.direction, entry.amount_minor, entry.balance_after_minor,
                transfer.recorded_at_ms, transfer.reference, transfer.debit_account_key, transfer.credit_account_key
            FROM entry JOIN transfer ON transfer.sequence = entry.transfer_sequence
            WHERE entry.account_key = ?1 ORDER BY entry.sequence";
        let rows = self.store.query(sql, &[Value::from(self.own.key)]).unwrap();
        let line = |(sequence, row): (i64, strongroom_sdk::store::Row)| {
            let is_debit = row.text(2).unwrap() == "debit";
            let kind = row.text(1).unwrap();
            let keys = [row.integer(7).unwrap(), row.integer(8).unwrap()];
            let amount_minor = row.integer(3).unwrap();
            ReadLine {
                sequence: Some(sequence),
                transaction_id: row.uuid(0).unwrap(),
                signed_minor: if is_debit {
                    -amount_minor
                } else {
                    amount_minor
                },
                balance_after_minor: Some(row.integer(4).unwrap()),
                created_at_ms: row.integer(5).unwrap(),
                counterparty: keys
                    .contains(&self.other.key)
                    .then(|| self.other.number.clone()),
                reference: row.optional(6, strongroom_sdk::store::Row::text).unwrap(),
                is_reversal: kind == "reversal",
                kind,
            }
        };
        (1..).zip(rows).map(line).collect()
    }

    /// Changes what never changes.
    fn tamper(&self, sql: &str) {
        let transaction = self.store.begin().unwrap();
        for trigger in ["entry_no_update", "entry_no_delete"] {
            let drop = format!("DROP TRIGGER IF EXISTS {trigger}");
            transaction.execute(&drop, &[]).unwrap();
        }
        assert_eq!(transaction.execute(sql, &[]).unwrap(), 1, "{sql}");
        transaction.commit().unwrap();
    }
}

struct Order<'a> {
    kind: Kind,
    from: Option<&'a Account>,
    to: Option<&'a Account>,
    original: Option<Uuid>,
    amount_minor: i64,
    reference: Option<&'a str>,
}

impl<'a> Order<'a> {
    fn new(
        kind: Kind,
        from: Option<&'a Account>,
        to: Option<&'a Account>,
        amount_minor: i64,
    ) -> Self {
        Self {
            kind,
            from,
            to,
            original: None,
            amount_minor,
            reference: None,
        }
    }
}
