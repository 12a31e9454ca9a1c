//! The statements of the tables `schedule` and `schedule_run`.

use super::record::{RUN_COLUMNS, Run, RunState, SCHEDULE_COLUMNS, Schedule, ScheduleState};
use strongroom_sdk::calendar::Day;
use strongroom_sdk::store::{Rows, Store, StoreError, Transaction, Value};
use uuid::Uuid;

const INSERT: &str = "\
INSERT INTO schedule (id, owner_id, fingerprint, request, state, dates_behind, next_due_at_ms, created_at_ms)
VALUES (?1, ?2, ?3, ?4, 'active', 0, ?5, ?6)
ON CONFLICT (id) DO NOTHING";

const ADVANCE: &str = "UPDATE schedule SET state = ?2, dates_behind = ?3, next_due_at_ms = ?4, dates_skipped = ?5 WHERE id = ?1";

const INSERT_RUN: &str = "\
INSERT INTO schedule_run
    (schedule_id, due, attempts, transfer_id, state, next_attempt_at_ms, retry_until_ms, begun_at_ms, changed_at_ms)
VALUES (?1, ?2, 1, ?3, 'pending', NULL, ?4, ?5, ?5)";

const SETTLE_RUN: &str = "\
UPDATE schedule_run SET state = ?3, decline_code = ?4, next_attempt_at_ms = ?5, changed_at_ms = ?6
WHERE sequence = ?1 AND transfer_id = ?2 AND state = 'pending'";

const REOPEN_RUN: &str = "\
UPDATE schedule_run
SET state = 'pending', attempts = ?2, transfer_id = ?3, decline_code = NULL, next_attempt_at_ms = NULL,
    begun_at_ms = ?4, changed_at_ms = ?4
WHERE sequence = ?1 AND state = 'retrying'";

/// By the index of what is tried again, so that no run is read that is over.
pub(super) const CANCEL_RETRIES: &str = "\
UPDATE schedule_run INDEXED BY schedule_run_retrying SET state = 'cancelled', next_attempt_at_ms = NULL, changed_at_ms = ?2
WHERE schedule_id = ?1 AND state = 'retrying'
    AND EXISTS (SELECT 1 FROM schedule WHERE id = ?1 AND state IN ('paused', 'cancelled', 'ended'))";

/// Inserts a new schedule; false if its id is there already.
pub fn insert(transaction: &impl Transaction, schedule: &Schedule) -> Result<bool, StoreError> {
    let params = [
        Value::from(schedule.id),
        Value::from(schedule.owner),
        Value::from(schedule.fingerprint.as_slice()),
        Value::from(schedule.order.to_json()),
        Value::from(schedule.order.plan.start.first_ms()),
        Value::from(schedule.created_at_ms),
    ];
    Ok(transaction.execute(INSERT, &params)? == 1)
}

/// The schedule of an id, inside a write transaction.
pub fn find(transaction: &impl Transaction, id: Uuid) -> Result<Option<Schedule>, StoreError> {
    let sql = format!("SELECT {SCHEDULE_COLUMNS} FROM schedule WHERE id = ?1");
    let row = transaction.query(&sql, &[id.into()])?.first();
    row.map(|row| Schedule::from_row(&row)).transpose()
}

/// The schedule of an id with its latest run.
pub fn peek<S: Store>(store: &S, id: Uuid) -> Result<Option<(Schedule, Option<Run>)>, StoreError> {
    let rows = store.query(&with_latest_run("schedule.id = ?1"), &[id.into()])?;
    Ok(schedules(rows)?.into_iter().next())
}

/// A user's schedules with their latest runs, newest first, below a place in the list.
pub fn list<S: Store>(
    store: &S,
    owner: Uuid,
    before: Option<u64>,
    limit: i64,
) -> Result<Vec<(Schedule, Option<Run>)>, StoreError> {
    let sql = with_latest_run(
        "schedule.owner_id = ?1 AND schedule.sequence < ?2 ORDER BY schedule.sequence DESC LIMIT ?3",
    );
    let before = before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
    let params = [Value::from(owner), Value::from(before), Value::from(limit)];
    schedules(store.query(&sql, &params)?)
}

fn with_latest_run(tail: &str) -> String {
    format!(
        "SELECT {SCHEDULE_COLUMNS}, {RUN_COLUMNS} FROM schedule \
         LEFT JOIN schedule_run AS run \
         ON run.sequence = (SELECT max(sequence) FROM schedule_run WHERE schedule_id = schedule.id) \
         WHERE {tail}"
    )
}

fn schedules(rows: Rows) -> Result<Vec<(Schedule, Option<Run>)>, StoreError> {
    rows.into_iter()
        .map(|row| Ok((Schedule::from_row(&row)?, Run::behind_schedule(&row)?)))
        .collect()
}

/// How many schedules of a user have a next date, or had one when they were paused.
pub fn count_active(transaction: &impl Transaction, owner: Uuid) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM schedule WHERE owner_id = ?1 AND state IN ('active', 'paused')";
    let row = transaction.query(sql, &[owner.into()])?.first();
    row.map_or(Ok(0), |row| row.integer(0))
}

/// Whether a date or a further attempt is due, by what is on disk.
pub(super) fn is_any_due<S: Store>(store: &S, now_ms: i64) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM schedule WHERE state = 'active' AND next_due_at_ms <= ?1) \
               OR EXISTS (SELECT 1 FROM schedule_run WHERE state = 'retrying' AND next_attempt_at_ms <= ?1)";
    let row = store.query(sql, &[Value::from(now_ms)])?.first();
    row.map_or(Ok(false), |row| Ok(row.integer(0)? != 0))
}

/// The schedules with a due date, longest overdue first.
pub(super) fn due(
    transaction: &impl Transaction,
    now_ms: i64,
    limit: i64,
) -> Result<Vec<Schedule>, StoreError> {
    let sql = format!(
        "SELECT {SCHEDULE_COLUMNS} FROM schedule WHERE state = 'active' AND next_due_at_ms <= ?1 \
         ORDER BY next_due_at_ms, sequence LIMIT ?2"
    );
    let rows = transaction.query(&sql, &[Value::from(now_ms), Value::from(limit)])?;
    rows.into_iter()
        .map(|row| Schedule::from_row(&row))
        .collect()
}

/// The runs whose next attempt is due, with their schedules.
pub(super) fn due_again(
    transaction: &impl Transaction,
    now_ms: i64,
    limit: i64,
) -> Result<Vec<(Schedule, Run)>, StoreError> {
    let sql = select_runs(
        "run.state = 'retrying' AND run.next_attempt_at_ms <= ?1 \
         ORDER BY run.next_attempt_at_ms LIMIT ?2",
    );
    runs(transaction.query(&sql, &[Value::from(now_ms), Value::from(limit)])?)
}

fn select_runs(tail: &str) -> String {
    format!(
        "SELECT {SCHEDULE_COLUMNS}, {RUN_COLUMNS} FROM schedule_run AS run \
         JOIN schedule ON schedule.id = run.schedule_id WHERE {tail}"
    )
}

fn runs(rows: Rows) -> Result<Vec<(Schedule, Run)>, StoreError> {
    let found = schedules(rows)?.into_iter();
    let with_runs = found.filter_map(|(schedule, run)| Some((schedule, run?)));
    Ok(with_runs.collect())
}

/// Moves a schedule past its date.
pub(super) fn advance(
    transaction: &impl Transaction,
    schedule: &Schedule,
) -> Result<(), StoreError> {
    let params = [
        Value::from(schedule.id),
        Value::from(schedule.state.as_str()),
        Value::from(i64::from(schedule.dates_behind)),
        Value::from(schedule.next_due().map(|day| day.first_ms())),
        Value::from(i64::from(schedule.dates_skipped)),
    ];
    transaction.execute(ADVANCE, &params).map(drop)
}

/// Notes that a date's transfer is under way.
pub(super) fn insert_run(
    transaction: &impl Transaction,
    (schedule_id, due): (Uuid, Day),
    transfer_id: Uuid,
    (retry_until_ms, now_ms): (i64, i64),
) -> Result<(), StoreError> {
    let params = [
        Value::from(schedule_id),
        Value::from(due.to_string()),
        Value::from(transfer_id),
        Value::from(retry_until_ms),
        Value::from(now_ms),
    ];
    transaction.execute(INSERT_RUN, &params).map(drop)
}

/// Notes that a further attempt is under way.
pub(super) fn reopen_run(
    transaction: &impl Transaction,
    run: &Run,
    (attempts, transfer_id): (u32, Uuid),
    now_ms: i64,
) -> Result<(), StoreError> {
    let params = [
        Value::from(run.sequence),
        Value::from(i64::from(attempts)),
        Value::from(transfer_id),
        Value::from(now_ms),
    ];
    transaction.execute(REOPEN_RUN, &params).map(drop)
}

/// The runs without an outcome, those first that were not tried for the longest time; of one schedule, or of all.
pub(super) fn open_runs<S: Store>(
    store: &S,
    schedule_id: Option<Uuid>,
    limit: i64,
) -> Result<Vec<(Schedule, Run)>, StoreError> {
    let sql = select_runs(
        "run.state = 'pending' AND (?1 IS NULL OR run.schedule_id = ?1) \
         ORDER BY run.changed_at_ms, run.sequence LIMIT ?2",
    );
    runs(store.query(&sql, &[Value::from(schedule_id), Value::from(limit)])?)
}

/// Notes what became of a run's latest attempt. One that is settled already stays as it is.
pub(super) fn settle_run(
    transaction: &impl Transaction,
    run: &Run,
    (state, decline_code): (RunState, Option<&str>),
    (next_attempt_at_ms, now_ms): (Option<i64>, i64),
) -> Result<(), StoreError> {
    let params = [
        Value::from(run.sequence),
        Value::from(run.transfer_id),
        Value::from(state.as_str()),
        Value::from(decline_code),
        Value::from(next_attempt_at_ms),
        Value::from(now_ms),
    ];
    transaction.execute(SETTLE_RUN, &params)?;
    if state == RunState::Retrying {
        // Its schedule may have ended since it was read.
        cancel_retries(transaction, run.schedule_id, now_ms)?;
    }
    Ok(())
}

/// Puts a run without an outcome behind all others.
pub(super) fn postpone_run(
    transaction: &impl Transaction,
    run: &Run,
    now_ms: i64,
) -> Result<(), StoreError> {
    let sql =
        "UPDATE schedule_run SET changed_at_ms = ?2 WHERE sequence = ?1 AND state = 'pending'";
    let params = [Value::from(run.sequence), Value::from(now_ms)];
    transaction.execute(sql, &params).map(drop)
}

/// Cancels a schedule: it has no next date, and no date of it is tried again.
pub(super) fn end(
    transaction: &impl Transaction,
    schedule: Schedule,
    now_ms: i64,
) -> Result<(), StoreError> {
    let ended = Schedule {
        state: ScheduleState::Cancelled,
        ..schedule
    };
    advance(transaction, &ended)?;
    cancel_retries(transaction, ended.id, now_ms)
}

/// No date of a schedule that is paused or has ended is tried again.
pub(super) fn cancel_retries(
    transaction: &impl Transaction,
    schedule_id: Uuid,
    now_ms: i64,
) -> Result<(), StoreError> {
    let params = [Value::from(schedule_id), Value::from(now_ms)];
    transaction.execute(CANCEL_RETRIES, &params).map(drop)
}
