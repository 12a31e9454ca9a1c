//! The statements of the table `schedule` for one order or one user.

use super::record::{SCHEDULE_COLUMNS, Schedule, ScheduleState};
use super::run::{RUN_COLUMNS, Run};
use super::run_rows;
use strongroom_sdk::page::Window;
use strongroom_sdk::store::{Row, Store, StoreError, Transaction, Value};
use uuid::Uuid;

const INSERT: &str = "\
INSERT INTO schedule
    (id, owner_id, fingerprint, request, state, dates_behind, next_due_at_ms, created_at_ms)
VALUES (?1, ?2, ?3, ?4, 'active', 0, ?5, ?6)
ON CONFLICT (id) DO NOTHING";

const ADVANCE: &str = "\
UPDATE schedule
SET state = ?2, dates_behind = ?3, next_due_at_ms = ?4, dates_skipped = ?5 WHERE id = ?1";

const COUNT_ACTIVE: &str = "\
SELECT count(*) FROM schedule WHERE owner_id = ?1 AND state IN ('active', 'paused')";

/// A standing order, and what became of its latest date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// The order.
    pub schedule: Schedule,
    /// The run of its latest date, if one was due.
    pub last_run: Option<Run>,
}

/// Inserts a new order; false if its id is there already.
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

/// The order of an id, inside a write transaction.
pub fn find(transaction: &impl Transaction, id: Uuid) -> Result<Option<Schedule>, StoreError> {
    let sql = format!("SELECT {SCHEDULE_COLUMNS} FROM schedule WHERE id = ?1");
    transaction
        .query(&sql, &[id.into()])?
        .one(Schedule::from_row)
}

/// The order of an id, on a snapshot.
pub fn read<S: Store>(store: &S, id: Uuid) -> Result<Option<Overview>, StoreError> {
    let sql = with_latest_run("schedule.id = ?1");
    store.query(&sql, &[id.into()])?.one(overview)
}

/// A page of a user's orders.
pub fn list<S: Store>(
    store: &S,
    owner: Uuid,
    window: &Window,
) -> Result<Vec<Overview>, StoreError> {
    let sql = with_latest_run(
        "schedule.owner_id = ?1 AND schedule.sequence {beyond} ?2 \
         ORDER BY schedule.sequence {order} LIMIT ?3",
    );
    let params = [owner.into(), window.key(), window.fetch.into()];
    store.query(&window.sql(&sql), &params)?.all(overview)
}

fn with_latest_run(tail: &str) -> String {
    format!(
        "SELECT {SCHEDULE_COLUMNS}, {RUN_COLUMNS} FROM schedule \
         LEFT JOIN schedule_run AS run ON run.sequence = \
            (SELECT max(sequence) FROM schedule_run WHERE schedule_id = schedule.id) \
         WHERE {tail}"
    )
}

fn overview(row: &Row) -> Result<Overview, StoreError> {
    Ok(Overview {
        schedule: Schedule::from_row(row)?,
        last_run: Run::behind_schedule(row)?,
    })
}

/// How many orders of a user have a next date, or had one when they were paused.
pub fn count_active(transaction: &impl Transaction, owner: Uuid) -> Result<i64, StoreError> {
    transaction.query(COUNT_ACTIVE, &[owner.into()])?.number()
}

/// The orders with a due date, longest overdue first.
pub(super) fn due(
    transaction: &impl Transaction,
    now_ms: i64,
    limit: i64,
) -> Result<Vec<Schedule>, StoreError> {
    let sql = format!(
        "SELECT {SCHEDULE_COLUMNS} FROM schedule WHERE state = 'active' AND next_due_at_ms <= ?1 \
         ORDER BY next_due_at_ms, sequence LIMIT ?2"
    );
    transaction
        .query(&sql, &[Value::from(now_ms), Value::from(limit)])?
        .all(Schedule::from_row)
}

/// Stores how far an order is.
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

/// Cancels an order: it has no next date, and no date is retried.
pub(super) fn cancel(
    transaction: &impl Transaction,
    schedule: Schedule,
    now_ms: i64,
) -> Result<(), StoreError> {
    let cancelled = Schedule {
        state: ScheduleState::Cancelled,
        ..schedule
    };
    advance(transaction, &cancelled)?;
    run_rows::cancel_retries(transaction, cancelled.id, now_ms)
}
