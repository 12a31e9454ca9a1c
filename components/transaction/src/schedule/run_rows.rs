//! The statements of the table `schedule_run`.

use super::record::{SCHEDULE_COLUMNS, Schedule};
use super::run::{RUN_COLUMNS, Run, RunState};
use strongroom_sdk::calendar::Day;
use strongroom_sdk::store::{Rows, Store, StoreError, Transaction, Value};
use uuid::Uuid;

const INSERT: &str = "\
INSERT INTO schedule_run
    (schedule_id, due, attempts, transfer_id, state, next_attempt_at_ms, retry_until_ms,
     begun_at_ms, changed_at_ms)
VALUES (?1, ?2, 1, ?3, 'pending', NULL, ?4, ?5, ?5)";

const CLOSE: &str = "\
UPDATE schedule_run
SET state = ?3, decline_code = ?4, next_attempt_at_ms = ?5, changed_at_ms = ?6
WHERE sequence = ?1 AND transfer_id = ?2 AND state = 'pending'";

const REOPEN: &str = "\
UPDATE schedule_run
SET state = 'pending', attempts = ?2, transfer_id = ?3, decline_code = NULL,
    next_attempt_at_ms = NULL, begun_at_ms = ?4, changed_at_ms = ?4
WHERE sequence = ?1 AND state = 'retrying'";

const POSTPONE: &str = "\
UPDATE schedule_run SET changed_at_ms = ?2 WHERE sequence = ?1 AND state = 'pending'";

/// By the index of what is retried, so that no run is read that is over.
pub(super) const CANCEL_RETRIES: &str = "\
UPDATE schedule_run INDEXED BY schedule_run_retrying
SET state = 'cancelled', next_attempt_at_ms = NULL, changed_at_ms = ?2
WHERE schedule_id = ?1 AND state = 'retrying' AND EXISTS
    (SELECT 1 FROM schedule WHERE id = ?1 AND state IN ('paused', 'cancelled', 'ended'))";

const IS_ANY_DUE: &str = "\
SELECT EXISTS (SELECT 1 FROM schedule WHERE state = 'active' AND next_due_at_ms <= ?1)
    OR EXISTS
    (SELECT 1 FROM schedule_run WHERE state = 'retrying' AND next_attempt_at_ms <= ?1)";

#[derive(Debug, Clone)]
pub(super) struct ScheduledRun {
    pub(super) schedule: Schedule,
    pub(super) run: Run,
}

/// The first attempt at a date.
pub(super) struct NewRun {
    pub(super) schedule_id: Uuid,
    pub(super) due: Day,
    pub(super) transfer_id: Uuid,
    pub(super) retry_until_ms: i64,
    pub(super) begun_at_ms: i64,
}

/// What the ledger's decision makes of a run.
pub(super) struct RunOutcome {
    pub(super) state: RunState,
    pub(super) decline_code: Option<&'static str>,
    pub(super) next_attempt_at_ms: Option<i64>,
}

/// Whether a date or a retry is due, by what is on disk.
pub(super) fn is_any_due<S: Store>(store: &S, now_ms: i64) -> Result<bool, StoreError> {
    Ok(store.query(IS_ANY_DUE, &[now_ms.into()])?.number()? != 0)
}

/// The runs of which a retry is due.
pub(super) fn due_retries(
    transaction: &impl Transaction,
    now_ms: i64,
    limit: i64,
) -> Result<Vec<ScheduledRun>, StoreError> {
    let sql = select(
        "run.state = 'retrying' AND run.next_attempt_at_ms <= ?1 \
         ORDER BY run.next_attempt_at_ms LIMIT ?2",
    );
    runs(transaction.query(&sql, &[Value::from(now_ms), Value::from(limit)])?)
}

/// The runs without an outcome, of one order or of all. The first is the one that was not tried for
/// the longest time.
pub(super) fn open<S: Store>(
    store: &S,
    schedule_id: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ScheduledRun>, StoreError> {
    let sql = select(
        "run.state = 'pending' AND (?1 IS NULL OR run.schedule_id = ?1) \
         ORDER BY run.changed_at_ms, run.sequence LIMIT ?2",
    );
    runs(store.query(&sql, &[Value::from(schedule_id), Value::from(limit)])?)
}

/// Whether an order has a run that may still be paid.
pub(super) fn has_unfinished(
    transaction: &impl Transaction,
    schedule_id: Uuid,
) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM schedule_run \
        WHERE schedule_id = ?1 AND state IN ('pending', 'retrying') LIMIT 1";
    let found = transaction.query(sql, &[schedule_id.into()])?;
    Ok(found.first().is_some())
}

fn select(tail: &str) -> String {
    format!(
        "SELECT {SCHEDULE_COLUMNS}, {RUN_COLUMNS} FROM schedule_run AS run \
         JOIN schedule ON schedule.id = run.schedule_id WHERE {tail}"
    )
}

fn runs(rows: Rows) -> Result<Vec<ScheduledRun>, StoreError> {
    let read = |row| {
        let schedule = Schedule::from_row(&row)?;
        Ok(Run::behind_schedule(&row)?.map(|run| ScheduledRun { schedule, run }))
    };
    rows.into_iter()
        .filter_map(|row| read(row).transpose())
        .collect()
}

/// Inserts the first attempt at a date, which is under way from then on.
pub(super) fn insert(transaction: &impl Transaction, run: &NewRun) -> Result<(), StoreError> {
    let params = [
        Value::from(run.schedule_id),
        Value::from(run.due.to_string()),
        Value::from(run.transfer_id),
        Value::from(run.retry_until_ms),
        Value::from(run.begun_at_ms),
    ];
    transaction.execute(INSERT, &params).map(drop)
}

/// Begins a further attempt: the run has its number, its transfer, and when it begins.
pub(super) fn reopen(transaction: &impl Transaction, run: &Run) -> Result<(), StoreError> {
    let params = [
        Value::from(run.sequence),
        Value::from(i64::from(run.attempts)),
        Value::from(run.transfer_id),
        Value::from(run.begun_at_ms),
    ];
    transaction.execute(REOPEN, &params).map(drop)
}

/// Stores the outcome of a run's latest attempt. A run that has one keeps it.
pub(super) fn close(
    transaction: &impl Transaction,
    run: &Run,
    outcome: &RunOutcome,
    now_ms: i64,
) -> Result<(), StoreError> {
    let params = [
        Value::from(run.sequence),
        Value::from(run.transfer_id),
        Value::from(outcome.state.as_str()),
        Value::from(outcome.decline_code),
        Value::from(outcome.next_attempt_at_ms),
        Value::from(now_ms),
    ];
    transaction.execute(CLOSE, &params)?;
    if outcome.state == RunState::Retrying {
        // Its order may have ended since it was read.
        cancel_retries(transaction, run.schedule_id, now_ms)?;
    }
    Ok(())
}

/// Puts a run without an outcome behind all others.
pub(super) fn postpone(
    transaction: &impl Transaction,
    run: &Run,
    now_ms: i64,
) -> Result<(), StoreError> {
    let params = [Value::from(run.sequence), Value::from(now_ms)];
    transaction.execute(POSTPONE, &params).map(drop)
}

/// Cancels the retries of an order that is paused or has ended.
pub(super) fn cancel_retries(
    transaction: &impl Transaction,
    schedule_id: Uuid,
    now_ms: i64,
) -> Result<(), StoreError> {
    let params = [Value::from(schedule_id), Value::from(now_ms)];
    transaction.execute(CANCEL_RETRIES, &params).map(drop)
}
