//! The statements by which the bank ends, pauses, and resumes standing orders, many at once.

use super::record::{
    EndedBecause, SCHEDULE_COLUMN_COUNT, SCHEDULE_COLUMNS, Schedule, ScheduleState,
};
use super::{begin, rows, run_rows};
use strongroom_ledger_api::AccountSummary;
use strongroom_sdk::store::{Store, StoreError, Transaction, Value};
use uuid::Uuid;

const END: &str = "\
UPDATE schedule SET state = 'ended', ended_because = ?2, next_due_at_ms = NULL
WHERE id = ?1 AND state IN ('active', 'paused')";

/// How many rows one commit changes, so that the writer's turn is short: an account may have any
/// number of orders.
pub(super) const ROWS_PER_COMMIT_MAX: u64 = 500;

pub(super) const END_OF_ACCOUNT: &str = "\
UPDATE schedule SET state = 'ended', ended_because = 'account_closed', next_due_at_ms = NULL
WHERE sequence IN (
    SELECT sequence FROM schedule WHERE payer = ?1 AND state IN ('active', 'paused')
    UNION ALL
    SELECT sequence FROM schedule WHERE payee IN (?1, ?2) AND state IN ('active', 'paused')
    LIMIT ?3)";

/// By the index of what is retried, so that no run is read that is over.
pub(super) const CANCEL_RETRIES_OF_ACCOUNT: &str = "\
UPDATE schedule_run SET state = 'cancelled', next_attempt_at_ms = NULL, changed_at_ms = ?3
WHERE sequence IN (
    SELECT run.sequence
    FROM schedule CROSS JOIN schedule_run AS run INDEXED BY schedule_run_retrying
        ON run.schedule_id = schedule.id
    WHERE schedule.payer = ?1 AND run.state = 'retrying'
    UNION ALL
    SELECT run.sequence
    FROM schedule CROSS JOIN schedule_run AS run INDEXED BY schedule_run_retrying
        ON run.schedule_id = schedule.id
    WHERE schedule.payee IN (?1, ?2) AND run.state = 'retrying'
    LIMIT ?4)";

/// A tick may pause an order before it follows the change that says when the pause began: then the
/// earlier time holds.
pub(super) const PAUSE: &str = "\
UPDATE schedule SET state = 'paused', next_due_at_ms = NULL, paused_at_ms = ?2
WHERE sequence IN (
    SELECT sequence FROM schedule WHERE owner_id = ?1 AND state IN ('active', 'paused')
        AND (state = 'active' OR paused_at_ms > ?2)
    LIMIT ?3)";

pub(super) const CANCEL_RETRIES_OF_OWNER: &str = "\
UPDATE schedule_run SET state = 'cancelled', next_attempt_at_ms = NULL, changed_at_ms = ?2
WHERE sequence IN (
    SELECT run.sequence
    FROM schedule CROSS JOIN schedule_run AS run INDEXED BY schedule_run_retrying
        ON run.schedule_id = schedule.id
    WHERE schedule.owner_id = ?1 AND run.state = 'retrying'
    LIMIT ?3)";

/// Ends an order of which the ledger has said that no date can be paid.
pub(super) fn end(
    transaction: &impl Transaction,
    schedule_id: Uuid,
    because: EndedBecause,
    now_ms: i64,
) -> Result<(), StoreError> {
    let params = [Value::from(schedule_id), Value::from(because.as_str())];
    transaction.execute(END, &params)?;
    run_rows::cancel_retries(transaction, schedule_id, now_ms)
}

/// Ends orders that pay from or to an account that was closed, and cancels their retries. A
/// completed order may still retry its last date. Returns how many rows it changed: fewer than
/// [`ROWS_PER_COMMIT_MAX`] where nothing is left.
pub(super) fn end_of_account(
    transaction: &impl Transaction,
    account: &AccountSummary,
    now_ms: i64,
) -> Result<u64, StoreError> {
    let id = Value::from(account.id.to_string());
    let number = Value::from(account.number.as_str());
    let params = [id.clone(), number.clone(), room_after(0)];
    let ended = transaction.execute(END_OF_ACCOUNT, &params)?;
    let params = [id, number, Value::from(now_ms), room_after(ended)];
    Ok(ended + transaction.execute(CANCEL_RETRIES_OF_ACCOUNT, &params)?)
}

/// Pauses orders of a user who may not log in since `at_ms`, and cancels their retries. Returns how
/// many rows it changed, as [`end_of_account`] does.
pub(super) fn pause(
    transaction: &impl Transaction,
    owner: Uuid,
    at_ms: i64,
    now_ms: i64,
) -> Result<u64, StoreError> {
    let owner = Value::from(owner);
    let params = [owner.clone(), Value::from(at_ms), room_after(0)];
    let paused = transaction.execute(PAUSE, &params)?;
    let params = [owner, Value::from(now_ms), room_after(paused)];
    Ok(paused + transaction.execute(CANCEL_RETRIES_OF_OWNER, &params)?)
}

/// Pauses all orders of a user from now on, in as many commits as it takes.
pub(super) fn pause_all<S: Store>(store: &S, owner: Uuid, now_ms: i64) -> Result<(), StoreError> {
    loop {
        let transaction = store.begin()?;
        let changed = pause(&transaction, owner, now_ms, now_ms)?;
        transaction.commit()?;
        if changed < ROWS_PER_COMMIT_MAX {
            return Ok(());
        }
    }
}

/// Resumes paused orders of a user who may log in again since `at_ms`. The dates that were due
/// before the pause begin now, and those in it are skipped. Returns how many rows it changed, as
/// [`end_of_account`] does; the dates of one order all begin in one commit.
pub(super) fn resume(
    transaction: &impl Transaction,
    owner: Uuid,
    at_ms: i64,
    now_ms: i64,
) -> Result<u64, StoreError> {
    let paused = format!(
        "SELECT {SCHEDULE_COLUMNS}, schedule.paused_at_ms \
         FROM schedule WHERE owner_id = ?1 AND state = 'paused' LIMIT ?2"
    );
    let mut changed = 0;
    for row in transaction.query(&paused, &[owner.into(), room_after(0)])? {
        if changed >= ROWS_PER_COMMIT_MAX {
            break;
        }
        let mut schedule = Schedule::from_row(&row)?;
        let paused_at_ms = row.integer(SCHEDULE_COLUMN_COUNT)?;
        schedule.state = ScheduleState::Active;
        while schedule.is_due(paused_at_ms) {
            begin::begin_next(transaction, &mut schedule, now_ms)?;
            changed += 1;
        }
        schedule.skip_dates(at_ms);
        rows::advance(transaction, &schedule)?;
        changed += 1;
    }
    Ok(changed)
}

/// How many more rows a commit may change.
fn room_after(changed: u64) -> Value {
    let room = ROWS_PER_COMMIT_MAX.saturating_sub(changed);
    Value::from(i64::try_from(room).unwrap_or(0))
}
