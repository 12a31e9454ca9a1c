//! The bank's decisions, and what staff did to accounts, as an auditor copies them.

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::call::{id, optional_id};
use super::words::{Currency, Direction, Kind, NONE, Outcome, minor};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

impl Row {
    /// Its legs; of a row without, a debit and a credit.
    pub fn sides(&self) -> Vec<Leg> {
        let side = |(direction, account)| Leg {
            account,
            direction,
            amount: self.amount,
            currency: self.currency,
        };
        let sides = [
            (Direction::Debit, self.debit),
            (Direction::Credit, self.credit),
        ];
        match self.legs.is_empty() {
            true => sides.map(side).to_vec(),
            false => self.legs.clone(),
        }
    }
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

    /// On an account that is there.
    pub const fn new(account: Uuid, direction: Direction, amount: i64, currency: Currency) -> Self {
        Self {
            account: Some(account),
            direction,
            amount,
            currency,
        }
    }

    /// The other way.
    pub const fn back(self) -> Self {
        let direction = match self.direction {
            Direction::Debit => Direction::Credit,
            Direction::Credit => Direction::Debit,
        };
        Self { direction, ..self }
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

/// The rows above `after`. `auditor` is one, or an administrator.
pub async fn rows_of_bank(auditor: &Person, after: u64) -> Vec<Row> {
    let rows = auditor.feed("/api/accounts/journal", after, PAGE_ROWS);
    rows.await.iter().map(row_of_api).collect()
}

/// The events above `after`. Copied after the journal, they tell of every account in it.
pub async fn events_of_bank(auditor: &Person, after: u64) -> Vec<Event> {
    let events = auditor.feed("/api/accounts/events", after, PAGE_ROWS);
    events.await.iter().map(event_of_api).collect()
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
