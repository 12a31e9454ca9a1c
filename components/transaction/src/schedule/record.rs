//! A standing order, as it is stored.

use super::order::StandingOrder;
use strongroom_sdk::calendar::Day;
use strongroom_sdk::store::{Row, StoreError};
use strongroom_sdk::stored_enum;
use uuid::Uuid;

stored_enum! {
    /// How far a standing order is.
    pub enum ScheduleState {
        /// There is a next date.
        Active = "active";
        /// Its owner may not log in: no date begins, and dates that pass are skipped.
        Paused = "paused";
        /// All its dates are behind.
        Completed = "completed";
        /// Ended by its owner or by staff: nothing more is paid.
        Cancelled = "cancelled";
        /// Ended by the bank, as no date can be paid any more.
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
    /// Why the bank has ended a standing order. It holds for all later dates too.
    pub enum EndedBecause {
        /// The payer's or the payee's account is closed.
        AccountClosed = "account_closed";
        /// There is no such account.
        AccountNotFound = "account_not_found";
        /// The payee's account is kept in another currency.
        CurrencyMismatch = "currency_mismatch";
    }
}

impl EndedBecause {
    /// The reason that a decline or a refusal with this code gives; none where a later date may be
    /// paid.
    pub(super) fn of_code(code: &str) -> Option<Self> {
        let mut all = Self::ALL.iter().copied();
        all.find(|because| because.as_str() == code)
    }
}

/// A standing order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The place in the list; 0 before it is stored.
    pub sequence: u64,
    /// Derived from the client's idempotency key.
    pub id: Uuid,
    /// The user whose account pays.
    pub owner: Uuid,
    /// The fingerprint of the request.
    pub fingerprint: [u8; 32],
    /// The request.
    pub order: StandingOrder,
    /// How far it is.
    pub state: ScheduleState,
    /// Why the bank has ended it, if it has.
    pub ended_because: Option<EndedBecause>,
    /// How many dates are behind, which is also the number of the next one.
    pub dates_behind: u32,
    /// How many of them passed in a pause, and were never begun.
    pub dates_skipped: u32,
    /// When it was requested, in milliseconds since 1970 UTC.
    pub created_at_ms: i64,
}

impl Schedule {
    /// What never changes of it, as a JSON text for the audit log.
    pub fn facts(&self) -> String {
        serde_json::json!({"owner_id": self.owner, "order": self.order}).to_string()
    }

    /// A new standing order, before its first date.
    pub fn new(id: Uuid, owner: Uuid, order: StandingOrder, created_at_ms: i64) -> Self {
        Self {
            sequence: 0,
            id,
            owner,
            fingerprint: order.fingerprint(),
            order,
            state: ScheduleState::Active,
            ended_because: None,
            dates_behind: 0,
            dates_skipped: 0,
            created_at_ms,
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

    /// Whether its next date is due at a time.
    pub(super) fn is_due(&self, at_ms: i64) -> bool {
        self.next_due().is_some_and(|due| due.first_ms() <= at_ms)
    }

    /// Moves it past its next date, and completes it behind the last.
    pub(super) fn pass_date(&mut self) {
        self.dates_behind = self.dates_behind.saturating_add(1);
        if self.order.plan.date(self.dates_behind).is_none() {
            self.state = ScheduleState::Completed;
        }
    }

    /// Skips the dates that are due at a time.
    pub(super) fn skip_dates(&mut self, at_ms: i64) {
        while self.is_due(at_ms) {
            self.dates_skipped = self.dates_skipped.saturating_add(1);
            self.pass_date();
        }
    }

    /// Reads [`SCHEDULE_COLUMNS`].
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
            dates_behind: count(row, 6)?,
            dates_skipped: count(row, 9)?,
            created_at_ms: row.integer(7)?,
        })
    }
}

/// The columns that [`Schedule::from_row`] reads.
pub(crate) const SCHEDULE_COLUMNS: &str = "\
schedule.sequence, schedule.id, schedule.owner_id, schedule.fingerprint, schedule.request, \
schedule.state, schedule.dates_behind, schedule.created_at_ms, schedule.ended_because, \
schedule.dates_skipped";
pub(crate) const SCHEDULE_COLUMN_COUNT: usize = 10;

pub(super) fn count(row: &Row, column: usize) -> Result<u32, StoreError> {
    u32::try_from(row.integer(column)?)
        .map_err(|_| StoreError::Row(format!("column {column} is not a count")))
}
