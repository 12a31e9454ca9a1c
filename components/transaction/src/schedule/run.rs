//! A run: one due date of a standing order, as it is stored.

use super::record::{SCHEDULE_COLUMN_COUNT, count};
use strongroom_sdk::calendar::Day;
use strongroom_sdk::store::{Row, StoreError};
use strongroom_sdk::stored_enum;
use uuid::Uuid;

stored_enum! {
    /// What became of a date.
    pub enum RunState {
        /// This service does not know the ledger's decision.
        Open = "pending";
        /// Money has moved.
        Posted = "posted";
        /// Money has not moved.
        Declined = "declined";
        /// The ledger knows no such account, and records nothing.
        Refused = "refused";
        /// Declined for want of money, and retried.
        Retrying = "retrying";
        /// Waited for a retry when the order ended or was paused.
        Cancelled = "cancelled";
    }
}

/// One date of a standing order, from when it is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its place among all runs.
    pub sequence: i64,
    /// The order's id.
    pub schedule_id: Uuid,
    /// The date.
    pub due: Day,
    /// How many attempts have begun: 1, 2, 3, ..
    pub attempts: u32,
    /// The transfer of the latest attempt.
    pub transfer_id: Uuid,
    /// What became of it.
    pub state: RunState,
    /// Why money has not moved.
    pub decline_code: Option<String>,
    /// No attempt begins later, in milliseconds since 1970 UTC.
    pub retry_until_ms: i64,
    /// When the latest attempt began.
    pub begun_at_ms: i64,
    /// When its state or its place among the open runs changed last.
    pub changed_at_ms: i64,
}

/// The columns of a run, which stand behind those of its order.
pub(crate) const RUN_COLUMNS: &str = "\
run.sequence, run.schedule_id, run.due, run.attempts, run.transfer_id, run.state, \
run.decline_code, run.retry_until_ms, run.begun_at_ms, run.changed_at_ms";

impl Run {
    /// Reads the run behind an order's own columns, if there is one.
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
            attempts: count(row, first + 3)?,
            transfer_id: row.uuid(first + 4)?,
            state: RunState::from_row(row, first + 5)?,
            decline_code: row.optional(first + 6, Row::text)?,
            retry_until_ms: row.integer(first + 7)?,
            begun_at_ms: row.integer(first + 8)?,
            changed_at_ms: row.integer(first + 9)?,
        }))
    }
}
