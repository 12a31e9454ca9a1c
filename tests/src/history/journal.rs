//! The bank's decisions, and what staff did to accounts, as an auditor copies them, or as they lie
//! in the store of a bank.
//!
//! The store is for a bank that is not running, and for histories that would take too long to copy.
//! It is only ever opened to be read.

use std::collections::VecDeque;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::call::{id, optional_id};
use super::words::{Currency, Kind, NONE, Outcome, minor};
use crate::Person;
use crate::json::text;

/// How many rows are fetched at once.
const PAGE_ROWS: u64 = 1_000;

/// A row of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub sequence: u64,
    pub id: Uuid,
    pub kind: Kind,
    pub outcome: Outcome,
    /// Who asked; the nil UUID for the bank itself.
    pub actor: Uuid,
    pub debit: Option<Uuid>,
    pub credit: Option<Uuid>,
    /// Of a row with legs, zero of none.
    pub amount: i64,
    pub currency: Currency,
    pub legs: Vec<Leg>,
    /// The leg for which it was declined, counted from 0.
    pub declined_leg: Option<usize>,
    pub recorded_at_ms: i64,
    /// The row that this one captures, voids, lets expire, or reverses.
    pub subject: Option<u64>,
    pub expires_at_ms: Option<i64>,
    pub entries: Vec<Entry>,
}

/// What a posting of several legs asks of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Leg {
    /// None where a declined row names an account to credit that may not exist.
    pub account: Option<Uuid>,
    pub direction: Direction,
    pub amount: i64,
    pub currency: Currency,
}

/// A debit or credit of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Among all entries.
    pub sequence: u64,
    pub account: Uuid,
    /// Among those of the account.
    pub account_sequence: u64,
    pub direction: Direction,
    pub amount: i64,
    pub balance_after: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    Debit,
    Credit,
}

/// What was done to an account other than moving money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub sequence: u64,
    pub account: Uuid,
    pub at_ms: i64,
    pub change: Change,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Of the bank's own accounts, the owner is the nil UUID.
    Opened {
        owner: Uuid,
        currency: Currency,
        is_settlement: bool,
    },
    Frozen {
        debits: bool,
        credits: bool,
    },
    Closed,
    /// None is no limit.
    OverdraftLimit(Option<i64>),
    /// Its name or metadata, which move no money.
    Described,
}

impl Leg {
    /// Of a row of the journal, or of what the bank shows of it.
    pub fn of(leg: &Value) -> Self {
        Self {
            account: optional_id(&leg["account_id"]),
            direction: Direction::of(text(&leg["direction"])),
            amount: minor(text(&leg["amount"])),
            currency: Currency::of(text(&leg["currency"])),
        }
    }

    /// The other way.
    #[must_use]
    pub const fn back(self) -> Self {
        let direction = match self.direction {
            Direction::Debit => Direction::Credit,
            Direction::Credit => Direction::Debit,
        };
        Self { direction, ..self }
    }
}

impl Direction {
    /// The word of the API.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Debit => "debit",
            Self::Credit => "credit",
        }
    }

    fn of(word: &str) -> Self {
        match word {
            "debit" => Self::Debit,
            "credit" => Self::Credit,
            _ => panic!("{word} is no direction"),
        }
    }
}

impl Change {
    fn of(action: &str, new_value: Option<&str>) -> Self {
        let frozen = |debits, credits| Self::Frozen { debits, credits };
        match (action, new_value) {
            ("opened", Some(account)) => {
                let account: Value = serde_json::from_str(account).expect("a JSON text");
                Self::Opened {
                    owner: id(&account["owner_id"]),
                    currency: Currency::of(text(&account["currency"])),
                    is_settlement: account["type"] == "settlement",
                }
            }
            ("overdraft_limit_changed", value) => Self::OverdraftLimit(value.map(minor)),
            ("name_changed", _) | ("metadata_changed", Some(_)) => Self::Described,
            ("unfrozen", Some("open")) => frozen(false, false),
            ("frozen", Some("frozen")) => frozen(true, true),
            ("frozen", Some("frozen:debits")) => frozen(true, false),
            ("frozen", Some("frozen:credits")) => frozen(false, true),
            ("closed", Some("closed")) => Self::Closed,
            _ => panic!("{action} to {new_value:?} is no change of an account"),
        }
    }
}

/// The rows above `after`, by the API. `auditor` is one, or an administrator.
pub async fn rows_of_bank(auditor: &Person, after: u64) -> Vec<Row> {
    let rows = onward(auditor, "/api/accounts/journal", after).await;
    rows.iter().map(row_of_api).collect()
}

/// The events above `after`, by the API. Copied after the journal, they tell of every account in
/// it.
pub async fn events_of_bank(auditor: &Person, after: u64) -> Vec<Event> {
    let events = onward(auditor, "/api/accounts/events", after).await;
    events.iter().map(event_of_api).collect()
}

async fn onward(auditor: &Person, path: &str, mut after: u64) -> Vec<Value> {
    let mut objects = Vec::new();
    loop {
        let page = format!("{path}?after_sequence={after}&limit={PAGE_ROWS}");
        let page = auditor.get(&page).await.expect(200);
        objects.extend_from_slice(page["data"].as_array().expect("data is a list"));
        after = page["next_after_sequence"].as_u64().expect("a sequence");
        if page["has_more"] == false {
            return objects;
        }
    }
}

fn row_of_api(row: &Value) -> Row {
    let entries = row["entries"].as_array().expect("a list");
    let legs = row["legs"].as_array().expect("a list");
    Row {
        sequence: row["sequence"].as_u64().expect("a sequence"),
        id: id(&row["id"]),
        kind: Kind::of(text(&row["kind"])),
        outcome: Outcome::of(text(&row["status"]), row["decline_code"].as_str()),
        actor: id(&row["actor_id"]),
        debit: optional_id(&row["debit_account_id"]),
        credit: optional_id(&row["credit_account_id"]),
        amount: row["amount"].as_str().map_or(0, minor),
        currency: row["currency"].as_str().map_or(NONE, Currency::of),
        legs: legs.iter().map(Leg::of).collect(),
        declined_leg: row["declined_leg"].as_u64().map(|leg| leg as usize),
        recorded_at_ms: milliseconds(text(&row["recorded_at"])),
        subject: row["subject_sequence"].as_u64(),
        expires_at_ms: row["expires_at"].as_str().map(milliseconds),
        entries: entries.iter().map(entry_of_api).collect(),
    }
}

fn entry_of_api(entry: &Value) -> Entry {
    Entry {
        sequence: entry["sequence"].as_u64().expect("a sequence"),
        account: id(&entry["account_id"]),
        account_sequence: entry["account_sequence"].as_u64().expect("a sequence"),
        direction: Direction::of(text(&entry["direction"])),
        amount: minor(text(&entry["amount"])),
        balance_after: minor(text(&entry["balance_after"])),
    }
}

fn event_of_api(event: &Value) -> Event {
    Event {
        sequence: event["sequence"].as_u64().expect("a sequence"),
        account: id(&event["account_id"]),
        at_ms: milliseconds(text(&event["created_at"])),
        change: Change::of(text(&event["action"]), event["new_value"].as_str()),
    }
}

/// Milliseconds since 1970 of a time such as `2026-11-22T19:10:57.123Z`.
fn milliseconds(time: &str) -> i64 {
    let time = OffsetDateTime::parse(time, &Rfc3339).expect("a time of RFC 3339");
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).expect("a time of this age")
}

/// A store of a bank, open to be read only, whether the bank runs or not.
pub fn open_store(data: &Path, service: &str) -> Connection {
    let file = data.join("stores").join(format!("{service}.sqlite"));
    Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The events above `after` in the store of the accounts. Read after the rows, or while nothing is
/// done, they tell of every account in them.
pub fn events_of_store(store: &Connection, after: u64) -> Vec<Event> {
    let sql = "SELECT sequence, target, at_ms, action, new_value FROM audit_log
        WHERE sequence > ?1 ORDER BY sequence";
    let mut statement = store.prepare(sql).expect("the tables of the accounts");
    let events = statement.query_map([signed(after)], |row| {
        let (action, new_value): (String, Option<String>) = (row.get(3)?, row.get(4)?);
        Ok(Event {
            sequence: unsigned(row, 0)?,
            account: row.get(1).map(Uuid::from_bytes)?,
            at_ms: row.get(2)?,
            change: Change::of(&action, new_value.as_deref()),
        })
    });
    let events = events.expect("the events can be read");
    events.map(|event| event.expect("an event")).collect()
}

/// The rows in the store of the accounts, a page at a time.
#[derive(Debug)]
pub struct StoredRows<'a> {
    store: &'a Connection,
    page: VecDeque<Row>,
    after: u64,
    entries_after: u64,
}

impl<'a> StoredRows<'a> {
    /// Those after a row and an entry, oldest first.
    pub const fn after(store: &'a Connection, row: u64, entry: u64) -> Self {
        Self {
            store,
            page: VecDeque::new(),
            after: row,
            entries_after: entry,
        }
    }

    fn read_page(&mut self) -> rusqlite::Result<()> {
        let sql = "SELECT transfer.sequence, transfer.id, kind, transfer.status, decline_code, actor_id,
                debit.id, credit.id, amount_minor, transfer.currency, recorded_at_ms, subject_sequence, expires_at_ms, legs
            FROM transfer LEFT JOIN account AS debit ON debit.key = debit_account_key
                LEFT JOIN account AS credit ON credit.key = credit_account_key
            WHERE transfer.sequence > ?1 ORDER BY transfer.sequence LIMIT ?2";
        let mut statement = self.store.prepare_cached(sql)?;
        let rows = statement.query_map((signed(self.after), signed(PAGE_ROWS)), |row| {
            let (kind, status): (String, String) = (row.get(2)?, row.get(3)?);
            let decline_code: Option<String> = row.get(4)?;
            let currency: Option<String> = row.get(9)?;
            let legs: Option<Vec<u8>> = row.get(13)?;
            let (legs, declined_leg) = legs.as_deref().map(legs_of).unwrap_or_default();
            Ok(Row {
                sequence: unsigned(row, 0)?,
                id: row.get(1).map(Uuid::from_bytes)?,
                kind: Kind::of(&kind),
                outcome: Outcome::of(&status, decline_code.as_deref()),
                actor: row.get(5).map(Uuid::from_bytes)?,
                debit: row.get::<_, Option<[u8; 16]>>(6)?.map(Uuid::from_bytes),
                credit: row.get::<_, Option<[u8; 16]>>(7)?.map(Uuid::from_bytes),
                amount: row.get::<_, Option<i64>>(8)?.unwrap_or(0),
                currency: currency.as_deref().map_or(NONE, Currency::of),
                legs,
                declined_leg,
                recorded_at_ms: row.get(10)?,
                subject: row.get::<_, Option<i64>>(11)?.map(i64::unsigned_abs),
                expires_at_ms: row.get(12)?,
                entries: Vec::new(),
            })
        })?;
        self.page = rows.collect::<Result<_, _>>()?;
        let Some(last) = self.page.back() else {
            return Ok(());
        };
        self.after = last.sequence;
        self.read_entries()
    }

    /// Entries are in the order of their rows.
    fn read_entries(&mut self) -> rusqlite::Result<()> {
        let sql = "SELECT entry.sequence, account.id, account_sequence, direction, amount_minor, balance_after_minor, transfer_sequence
            FROM entry LEFT JOIN account ON account.key = account_key
            WHERE entry.sequence > ?1 ORDER BY entry.sequence";
        let mut statement = self.store.prepare_cached(sql)?;
        let mut entries = statement.query([signed(self.entries_after)])?;
        while let Some(entry) = entries.next()? {
            let transfer = unsigned(entry, 6)?;
            if transfer > self.after {
                break;
            }
            self.entries_after = unsigned(entry, 0)?;
            let direction: String = entry.get(3)?;
            let index = self
                .page
                .binary_search_by_key(&transfer, |row| row.sequence);
            let row = index.ok().and_then(|index| self.page.get_mut(index));
            let row = row.unwrap_or_else(|| {
                panic!(
                    "entry {} is of row {transfer}, which is elsewhere",
                    self.entries_after
                )
            });
            row.entries.push(Entry {
                sequence: self.entries_after,
                account: entry.get(1).map(Uuid::from_bytes)?,
                account_sequence: unsigned(entry, 2)?,
                direction: Direction::of(&direction),
                amount: entry.get(4)?,
                balance_after: entry.get(5)?,
            });
        }
        Ok(())
    }
}

impl Iterator for StoredRows<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        if self.page.is_empty() {
            self.read_page().expect("the journal can be read");
        }
        self.page.pop_front()
    }
}

/// Legs as they are stored, and the declined one; `docs/audit-the-books.md` has the bytes.
fn legs_of(bytes: &[u8]) -> (Vec<Leg>, Option<usize>) {
    let [count, declined, bytes @ ..] = bytes else {
        panic!("{bytes:?} are no legs");
    };
    let mut rest = bytes;
    let mut take = |count: usize| {
        let (taken, left) = rest.split_at(count);
        rest = left;
        taken
    };
    let legs = (0..*count).map(|_| Leg {
        account: (take(1) == [1]).then(|| {
            let ids = take(32);
            Uuid::from_slice(&ids[..16]).expect("an id")
        }),
        direction: match take(1) {
            [1] => Direction::Debit,
            _ => Direction::Credit,
        },
        amount: i64::from_be_bytes(take(8).try_into().expect("8 bytes")),
        currency: Currency::of(std::str::from_utf8(take(3)).expect("a code")),
    });
    (legs.collect(), usize::from(*declined).checked_sub(1))
}

/// SQLite knows only signed integers; sequences are positive.
fn unsigned(row: &rusqlite::Row<'_>, index: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(index).map(i64::unsigned_abs)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).expect("no sequence comes so far")
}
