//! A standing order and its runs, as they are stored.

use super::calendar::Plan;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use strongroom_ledger_api::Instruction;
use strongroom_sdk::calendar::Day;
use strongroom_sdk::store::{Row, StoreError};
use strongroom_sdk::stored_enum;
use uuid::Uuid;

/// What becomes of a date on which the source has too little.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnInsufficientFunds {
    /// Nothing: the next date is the next attempt.
    #[default]
    Skip,
    /// It is tried again each hour for three days, and never past the next date.
    Retry,
}

/// What a client has asked for, parsed and checked. It never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingOrder {
    /// The transfer of each date.
    pub instruction: Instruction,
    /// The dates.
    pub plan: Plan,
    /// What becomes of a date on which the source has too little.
    pub on_insufficient_funds: OnInsufficientFunds,
}

impl StandingOrder {
    /// The canonical JSON, as the store keeps it.
    pub fn to_json(&self) -> String {
        // Strings, integers, and maps of strings always serialize.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// SHA-256 of the canonical JSON: tells a repeated request from another under the same key.
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(self.to_json()).into()
    }
}

stored_enum! {
    /// How far a standing order is.
    pub enum ScheduleState {
        /// There is a next date.
        Active = "active";
        /// Its owner may not log in: no date begins, and what is due meanwhile is skipped.
        Paused = "paused";
        /// All its dates are behind.
        Completed = "completed";
        /// Ended by its owner or by staff: no date of it is paid any more.
        Cancelled = "cancelled";
        /// Ended by the bank, as no date of it can be paid any more.
        Ended = "ended";
    }
}

impl ScheduleState {
    /// Whether a date that is under way must not be paid any more.
    pub fn stops_payments(self) -> bool {
        match self {
            Self::Active | Self::Completed => false,
            Self::Paused | Self::Cancelled | Self::Ended => true,
        }
    }
}

stored_enum! {
    /// Why the bank has ended a standing order: what the ledger says of its payments for ever.
    pub enum EndedBecause {
        /// The payer's or the payee's account is closed.
        AccountClosed = "account_closed";
        /// There is no such account.
        AccountNotFound = "account_not_found";
        /// An account of it is kept in another currency.
        CurrencyMismatch = "currency_mismatch";
    }
}

impl EndedBecause {
    /// The reason that a decline or a refusal with this code is; none where a later date may be
    /// paid.
    pub(super) fn of_code(code: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|because| because.as_str() == code)
    }
}

/// A standing order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The place in the list.
    pub sequence: u64,
    /// Derived from the client's idempotency key.
    pub id: Uuid,
    /// Whose account pays.
    pub owner: Uuid,
    /// Of the request.
    pub fingerprint: [u8; 32],
    /// What was asked.
    pub order: StandingOrder,
    /// How far it is.
    pub state: ScheduleState,
    /// Why it has ended, where the bank has ended it.
    pub ended_because: Option<EndedBecause>,
    /// How many dates are behind, which is also the number of the next one.
    pub dates_behind: u32,
    /// How many of them passed while it was paused, and were never begun.
    pub dates_skipped: u32,
    /// When it was asked for, in milliseconds since 1970 UTC.
    pub created_at_ms: i64,
}

impl Schedule {
    /// Moves it past its next date, and completes it behind the last.
    pub(super) fn pass_date(&mut self) {
        self.dates_behind = self.dates_behind.saturating_add(1);
        if self.order.plan.date(self.dates_behind).is_none() {
            self.state = ScheduleState::Completed;
        }
    }

    /// Whether its next date is due at a time.
    pub(super) fn is_due(&self, at_ms: i64) -> bool {
        self.next_due().is_some_and(|due| due.first_ms() <= at_ms)
    }

    /// Skips the dates that are due at a time.
    pub(super) fn skip_dates(&mut self, at_ms: i64) {
        while self.is_due(at_ms) {
            self.dates_skipped = self.dates_skipped.saturating_add(1);
            self.pass_date();
        }
    }

    /// The next date, if there is one.
    pub fn next_due(&self) -> Option<Day> {
        match self.state {
            ScheduleState::Active => self.order.plan.date(self.dates_behind),
            ScheduleState::Paused
            | ScheduleState::Completed
            | ScheduleState::Cancelled
            | ScheduleState::Ended => None,
        }
    }
}

/// The columns that [`Schedule::from_row`] reads.
pub(crate) const SCHEDULE_COLUMNS: &str = "schedule.sequence, schedule.id, schedule.owner_id, schedule.fingerprint, schedule.request, \
     schedule.state, schedule.dates_behind, schedule.created_at_ms, schedule.ended_because, schedule.dates_skipped";
/// How many they are.
pub(crate) const SCHEDULE_COLUMN_COUNT: usize = 10;

impl Schedule {
    pub(crate) fn from_row(row: &Row) -> Result<Self, StoreError> {
        let order = serde_json::from_str(&row.text(4)?)
            .map_err(|error| StoreError::Row(format!("schedule: {error}")))?;
        Ok(Self {
            sequence: row.integer(0)?.unsigned_abs(),
            id: row.uuid(1)?,
            owner: row.uuid(2)?,
            fingerprint: row.bytes32(3)?,
            order,
            state: ScheduleState::from_row(row, 5)?,
            ended_because: row.optional(8, EndedBecause::from_row)?,
            dates_behind: number(row, 6)?,
            dates_skipped: number(row, 9)?,
            created_at_ms: row.integer(7)?,
        })
    }
}

stored_enum! {
    /// How a run of a date stands.
    pub enum RunState {
        /// The ledger's decision is not known here.
        Open = "pending";
        /// Money has moved.
        Posted = "posted";
        /// Money has not moved.
        Declined = "declined";
        /// The ledger knows no such account, and records nothing.
        Refused = "refused";
        /// Declined for want of money, and tried again.
        Retrying = "retrying";
        /// Was to be tried again when the schedule ended.
        Cancelled = "cancelled";
    }
}

/// What became of a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its place among all runs.
    pub sequence: i64,
    /// Of which schedule.
    pub schedule_id: Uuid,
    /// Its date.
    pub due: Day,
    /// How often it was tried: 1, 2, 3, ..
    pub attempts: u32,
    /// The transfer of the latest attempt.
    pub transfer_id: Uuid,
    /// How it stands.
    pub state: RunState,
    /// Why money has not moved.
    pub decline_code: Option<String>,
    /// No attempt begins later, in milliseconds since 1970 UTC.
    pub retry_until_ms: i64,
    /// When the latest attempt began.
    pub begun_at_ms: i64,
    /// When it began, was tried in vain, or was decided last.
    pub changed_at_ms: i64,
}

/// The columns of a run, which stand behind those of its schedule.
pub(crate) const RUN_COLUMNS: &str = "run.sequence, run.schedule_id, run.due, run.attempts, run.transfer_id, run.state, run.decline_code, \
     run.retry_until_ms, run.begun_at_ms, run.changed_at_ms";

impl Run {
    /// Reads the run behind a schedule's own columns, if there is one.
    pub(crate) fn behind_schedule(row: &Row) -> Result<Option<Self>, StoreError> {
        let first = SCHEDULE_COLUMN_COUNT;
        if row.is_null(first)? {
            return Ok(None);
        }
        let due = row.text(first + 2)?;
        Ok(Some(Self {
            sequence: row.integer(first)?,
            schedule_id: row.uuid(first + 1)?,
            due: Day::parse(&due)
                .ok_or_else(|| StoreError::Row(format!("`{due}` is not a date")))?,
            attempts: number(row, first + 3)?,
            transfer_id: row.uuid(first + 4)?,
            state: RunState::from_row(row, first + 5)?,
            decline_code: row.optional(first + 6, Row::text)?,
            retry_until_ms: row.integer(first + 7)?,
            begun_at_ms: row.integer(first + 8)?,
            changed_at_ms: row.integer(first + 9)?,
        }))
    }
}

fn number(row: &Row, column: usize) -> Result<u32, StoreError> {
    u32::try_from(row.integer(column)?)
        .map_err(|_| StoreError::Row(format!("column {column} is not a number of things")))
}
