//! Goal: in every format, a statement has all that the ledger has, or breaks off.
//! Method: a reader that shares nothing with the writer reads each format back.

mod contradictions;
mod forms;
mod histories;
mod periods;
mod pieces;
mod read;

use super::*;
use crate::account::{Account, by_id};
use crate::ledger;
use crate::tests::kit::{self, OWNER};
use read::{Read, ReadLine};
use std::cell::Cell;
use strongroom_ledger_api::{Instruction, Kind, Status};
use strongroom_sdk::calendar::Day;
use strongroom_sdk::clock::{Clock, ManualClock};
use strongroom_sdk::money::Money;
use strongroom_sdk::store::{Reader, Row, SqliteStore, Store, Transaction, Value};
use uuid::Uuid;

const DAY_MS: i64 = 86_400_000;

/// Two accounts; the statements are of the first.
struct Scene {
    store: SqliteStore,
    clock: ManualClock,
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

/// The day on which a scene begins.
fn whole() -> Period {
    period("2026-11-20", "2026-11-20")
}

impl Scene {
    /// It begins at noon.
    fn new() -> Self {
        Self::in_currency("EUR")
    }

    fn in_currency(code: &str) -> Self {
        let clock = ManualClock::at(day("2026-11-20").first_ms() + DAY_MS / 2);
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
        self.clock.set_ms(day(text).first_ms() + ms);
    }

    fn post(&self, instruction: Instruction) -> Uuid {
        let number = self.moved.get() + 1;
        self.moved.set(number);
        let transfer = kit::transfer(number, instruction);
        let reply = ledger::post(&self.store, &self.clock, &transfer).unwrap();
        assert_ne!(reply.posting.status, Status::Declined, "{transfer:?}");
        transfer.id
    }

    /// An instruction between two accounts, or the bank where there is none.
    fn order(&self, kind: Kind, ends: [Option<&Account>; 2], minor: i64) -> Instruction {
        let [from, to] = ends.map(|end| end.map(|account| account.id));
        kit::instruction(kind, from, to, self.money(minor))
    }

    fn money(&self, minor: i64) -> Money {
        Money::from_minor(minor, self.own.currency)
    }

    fn deposit(&self, minor: i64) -> Uuid {
        self.post(self.order(Kind::Deposit, [None, Some(&self.own)], minor))
    }

    fn withdraw(&self, minor: i64) -> Uuid {
        self.post(self.order(Kind::Withdrawal, [Some(&self.own), None], minor))
    }

    fn send(&self, minor: i64, reference: &str) -> Uuid {
        let ends = [&self.own, &self.other].map(Some);
        let mut instruction = self.order(Kind::Transfer, ends, minor);
        instruction.reference = Some(reference.to_owned());
        self.post(instruction)
    }

    fn receive(&self, minor: i64) -> Uuid {
        let ends = [&self.other, &self.own].map(Some);
        self.post(self.order(Kind::Transfer, ends, minor))
    }

    fn hold_and_capture(&self, held_minor: i64, captured_minor: i64) -> Uuid {
        let ends = [&self.own, &self.other].map(Some);
        let hold = self.post(self.order(Kind::Hold, ends, held_minor));
        let captured = self.money(captured_minor);
        self.post(kit::of_original(Kind::Capture, hold, captured))
    }

    fn reverse(&self, id: Uuid, minor: i64) -> Uuid {
        self.post(kit::of_original(Kind::Reversal, id, self.money(minor)))
    }

    fn account(&self) -> Account {
        by_id(&self.store, self.own.id).unwrap().unwrap()
    }

    fn summary(&self, period: Period) -> Result<Summary, StatementError> {
        Summary::read(&self.store, &self.clock, self.account(), period)
    }

    fn statement(&self, period: Period, format: Format) -> Result<Vec<u8>, StatementError> {
        self.written(self.summary(period)?, format)
    }

    fn written(&self, summary: Summary, format: Format) -> Result<Vec<u8>, StatementError> {
        let body = Body::new(self.store.clone(), summary, format)?;
        Ok(body.collect::<Result<Vec<_>, _>>()?.concat())
    }

    fn text(&self, period: Period, format: Format) -> String {
        String::from_utf8(self.statement(period, format).unwrap()).unwrap()
    }

    fn read(&self, period: Period, format: Format) -> Read {
        read::read(format, &self.text(period, format), self.own.currency)
    }

    /// The first day has all entries in every format.
    fn assert_whole(&self) {
        let lines = self.lines();
        for format in Format::ALL {
            let read = self.read(whole(), format);
            assert_eq!(read.lines, read::said_by(format, &lines), "{format:?}");
        }
    }

    /// All entries of the account, by a query of the test's own.
    fn lines(&self) -> Vec<ReadLine> {
        let sql = "SELECT transfer.id, transfer.kind,
                iif(entry.direction = 'debit', -entry.amount_minor, entry.amount_minor),
                entry.balance_after_minor, transfer.recorded_at_ms, transfer.reference,
                ?2 IN (transfer.debit_account_key, transfer.credit_account_key)
            FROM entry JOIN transfer ON transfer.sequence = entry.transfer_sequence
            WHERE entry.account_key = ?1 ORDER BY entry.sequence";
        let keys = [&self.own, &self.other].map(|account| Value::from(account.key));
        let rows = self.store.query(sql, &keys).unwrap();
        let line = |(sequence, row): (i64, Row)| {
            let kind = row.text(1).unwrap();
            let is_between_both = row.integer(6).unwrap() == 1;
            ReadLine {
                sequence: Some(sequence),
                transaction_id: row.uuid(0).unwrap(),
                signed_minor: row.integer(2).unwrap(),
                balance_after_minor: Some(row.integer(3).unwrap()),
                created_at_ms: row.integer(4).unwrap(),
                counterparty: is_between_both.then(|| self.other.number.clone()),
                reference: row.optional(5, Row::text).unwrap(),
                is_reversal: kind == "reversal",
                kind,
            }
        };
        (1..).zip(rows).map(line).collect()
    }
}
