//! Standing orders: each date that is behind was skipped in a pause, or begun once, by the transfer
//! whose id follows from the order and the date.

use super::payments::Payments;
use crate::Error;
use crate::schedule::{
    RETRY_FOR_MS, RUN_COLUMNS, Run, SCHEDULE_COLUMN_COUNT, SCHEDULE_COLUMNS, Schedule,
    ScheduleState, transfer_of,
};
use strongroom_ledger_api::Journal;
use strongroom_sdk::audit::{Check, PAGE_ROWS, Pages, Report};
use strongroom_sdk::store::{Row, Store, StoreError, Value};
use uuid::Uuid;

const SCHEDULE_TAIL: &str = "\
FROM schedule WHERE schedule.sequence > ?1 ORDER BY schedule.sequence LIMIT ?2";

/// By order and date.
const RUN_TAIL: &str = "\
FROM schedule_run AS run LEFT JOIN schedule ON schedule.id = run.schedule_id
WHERE (run.schedule_id, run.due, run.sequence) > (?1, ?2, ?3)
ORDER BY run.schedule_id, run.due, run.sequence LIMIT ?4";

/// Checks every order and every run, and has each payment compared with the ledger.
pub(super) fn check<S: Store, J: Journal>(
    store: &S,
    journal: &J,
    report: &mut Report,
) -> Result<(), Error> {
    let mut dates = Check::new(
        "every date of a standing order was skipped in a pause, or begun once, by the transfer \
         whose id follows from the order and the date",
    );
    let sql = format!(
        "SELECT {SCHEDULE_COLUMNS}, schedule.next_due_at_ms, \
         (SELECT count(*) FROM schedule_run WHERE schedule_id = schedule.id), \
         schedule.paused_at_ms {SCHEDULE_TAIL}"
    );
    for row in Pages::new(store, sql, [Value::from(i64::MIN)], PAGE_ROWS) {
        check_order(&row?, &mut dates)?;
    }
    let mut payments = Payments::new(journal);
    let sql = format!(
        "SELECT run.schedule_id, run.due, run.sequence, \
         run.next_attempt_at_ms IS NULL OR run.next_attempt_at_ms < run.retry_until_ms, \
         {SCHEDULE_COLUMNS}, {RUN_COLUMNS} {RUN_TAIL}"
    );
    let first = [
        Value::from(Vec::new()),
        Value::from(""),
        Value::from(i64::MIN),
    ];
    let mut order = None;
    for row in Pages::new(store, sql, first, PAGE_ROWS) {
        if let Some((schedule, run)) = check_run(row?, &mut order, &mut dates)? {
            payments.add(&schedule, run)?;
        }
    }
    report.checks.push(dates);
    payments.finish(report)
}

fn check_order(row: &Row, check: &mut Check) -> Result<(), StoreError> {
    let sequence = row.integer(0)?;
    let next_due_at_ms = row.optional(SCHEDULE_COLUMN_COUNT, Row::integer)?;
    let runs = row.integer(SCHEDULE_COLUMN_COUNT + 1)?;
    let was_paused = !row.is_null(SCHEDULE_COLUMN_COUNT + 2)?;
    let schedule = match Schedule::from_row(row) {
        Ok(schedule) => schedule,
        Err(error) => {
            check.violation(format!("schedule {sequence}: {error}"));
            return Ok(());
        }
    };
    let id = schedule.id;
    let next = schedule.order.plan.date(schedule.dates_behind);
    let state_fits = match schedule.state {
        ScheduleState::Active | ScheduleState::Paused => next.is_some(),
        ScheduleState::Completed => next.is_none(),
        ScheduleState::Cancelled | ScheduleState::Ended => true,
    };
    let has_reason = schedule.ended_because.is_some();
    check.require((schedule.state == ScheduleState::Ended) == has_reason, || {
        format!(
            "schedule {sequence} ({id}): its state and the reason of its end contradict each other"
        )
    });
    let due_fits = schedule.next_due().map(|day| day.first_ms()) == next_due_at_ms;
    check.require(state_fits && due_fits, || {
        format!(
            "schedule {sequence} ({id}): its state and its next date are not those of its dates"
        )
    });
    check.require(schedule.order.fingerprint() == schedule.fingerprint, || {
        format!("schedule {sequence} ({id}): is not what was asked for")
    });
    let (behind, skipped) = (schedule.dates_behind, schedule.dates_skipped);
    check.require(runs + i64::from(skipped) == i64::from(behind), || {
        format!(
            "schedule {sequence} ({id}): {behind} dates are behind, and {runs} were begun and \
             {skipped} skipped"
        )
    });
    check.require(skipped == 0 || was_paused, || {
        format!("schedule {sequence} ({id}): {skipped} dates were skipped, and it never paused")
    });
    Ok(())
}

/// The order whose runs are being read, and the number of the date after the latest of them.
struct Current {
    id: Uuid,
    schedule: Option<Schedule>,
    next_date: u32,
    /// How many dates before it have no run: at most as many as the order skipped in pauses.
    skipped: u32,
}

/// Checks a run by its order, and by the runs of earlier dates. Returns both if they can be read.
fn check_run(
    row: Row,
    current: &mut Option<Current>,
    check: &mut Check,
) -> Result<Option<(Schedule, Run)>, StoreError> {
    let (schedule_id, sequence) = (row.uuid(0)?, row.integer(2)?);
    let is_retried_in_time = row.integer(3)? != 0;
    let row = row.behind(4);
    check.examine();
    let current = match current {
        Some(current) if current.id == schedule_id => current,
        other => other.insert(Current {
            id: schedule_id,
            schedule: Schedule::from_row(&row).ok(),
            next_date: 0,
            skipped: 0,
        }),
    };
    let run = match Run::behind_schedule(&row) {
        Ok(Some(run)) => run,
        Ok(None) => return Ok(None),
        Err(error) => {
            check.violation(format!("schedule run {sequence}: {error}"));
            return Ok(None);
        }
    };
    let due = run.due;
    let Some(schedule) = &current.schedule else {
        check.violation(format!(
            "schedule run {sequence} of {due}: there is no schedule {schedule_id}"
        ));
        return Ok(None);
    };
    let date = |number| schedule.order.plan.date(number);
    while current.skipped < schedule.dates_skipped
        && date(current.next_date).is_some_and(|date| date < due)
    {
        current.skipped += 1;
        current.next_date += 1;
    }
    let is_date = date(current.next_date) == Some(due);
    current.next_date = current.next_date.saturating_add(1);
    check.require(is_date, || {
        format!(
            "schedule run {sequence} of {due}: schedule {schedule_id} has no such date, or had it \
             before"
        )
    });
    let retried_for_ms = run.retry_until_ms.saturating_sub(run.begun_at_ms);
    check.require(is_retried_in_time && retried_for_ms <= RETRY_FOR_MS, || {
        format!("schedule run {sequence} of {due}: it is retried after its time")
    });
    let transfer = transfer_of(schedule, due, run.attempts, run.begun_at_ms);
    check.require(run.transfer_id == transfer.id, || {
        let id = run.transfer_id;
        format!(
            "schedule run {sequence} of {due}: its transfer {id} is not that of schedule \
             {schedule_id} and the date"
        )
    });
    Ok(Some((schedule.clone(), run)))
}
