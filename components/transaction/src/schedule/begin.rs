//! Due dates and due retries become open runs.

use super::record::Schedule;
use super::rows;
use super::run::Run;
use super::run_rows::{self, NewRun, ScheduledRun};
use super::transfer::transfer_id;
use strongroom_sdk::calendar::Day;
use strongroom_sdk::store::{Store, StoreError, Transaction};

/// How many transfers one tick begins, so that it is short.
pub const RUNS_PER_TICK_MAX: usize = 256;
/// How many of them begin in one commit, so that the writer's turn is short.
const RUNS_PER_COMMIT_MAX: i64 = 64;
/// How many of these are retries at most: they must not keep new dates from their turn.
const RETRIES_PER_COMMIT_MAX: i64 = RUNS_PER_COMMIT_MAX / 2;
/// For how long a run is retried, in milliseconds.
pub const RETRY_FOR_MS: i64 = 3 * 24 * 3_600 * 1_000;

/// Begins some of what is due, in one commit; returns how many runs.
pub(super) fn begin_due<S: Store>(store: &S, now_ms: i64) -> Result<usize, StoreError> {
    // Most ticks find nothing due, and then need no turn of the writer.
    if !run_rows::is_any_due(store, now_ms)? {
        return Ok(0);
    }
    let transaction = store.begin()?;
    let retries = run_rows::due_retries(&transaction, now_ms, RETRIES_PER_COMMIT_MAX)?;
    let room = RUNS_PER_COMMIT_MAX.saturating_sub(retries.len() as i64);
    let due = rows::due(&transaction, now_ms, room)?;
    let begun = retries.len() + due.len();
    for ScheduledRun { schedule, run } in retries {
        let attempts = run.attempts.saturating_add(1);
        let next = Run {
            attempts,
            transfer_id: transfer_id(&schedule, run.due, attempts),
            begun_at_ms: now_ms,
            ..run
        };
        run_rows::reopen(&transaction, &next)?;
    }
    for mut schedule in due {
        begin_next(&transaction, &mut schedule, now_ms)?;
        rows::advance(&transaction, &schedule)?;
    }
    transaction.commit()?;
    Ok(begun)
}

/// Begins the next date of an order, if there is one, and moves the order past it. The caller
/// stores the order.
pub(super) fn begin_next(
    transaction: &impl Transaction,
    schedule: &mut Schedule,
    now_ms: i64,
) -> Result<(), StoreError> {
    let due = schedule.next_due();
    schedule.pass_date();
    let Some(due) = due else {
        return Ok(());
    };
    let next_ms = schedule.next_due().map_or(i64::MAX, Day::first_ms);
    run_rows::insert(
        transaction,
        &NewRun {
            schedule_id: schedule.id,
            due,
            transfer_id: transfer_id(schedule, due, 1),
            retry_until_ms: now_ms.saturating_add(RETRY_FOR_MS).min(next_ms),
            begun_at_ms: now_ms,
        },
    )
}
