//! Standing orders: each date that is behind was begun once, by the transfer that follows from the order and the date, and ended as the
//! ledger decided.

use super::AuditError;
use super::matching::Decided;
use crate::ledger::{Ledger, Outcome, Posting};
use crate::schedule::{
    RUN_COLUMNS, Run, RunState, SCHEDULE_COLUMNS, Schedule, ScheduleState, intent_of,
};
use strongroom_sdk::audit::{Check, PAGE_ROWS, Pages, Report};
use strongroom_sdk::store::{Row, Store, StoreError, Value};
use uuid::Uuid;

/// How many columns [`SCHEDULE_COLUMNS`] are.
const SCHEDULE_COLUMN_COUNT: usize = 8;

const SCHEDULE_TAIL: &str = "\
FROM schedule WHERE schedule.sequence > ?1 ORDER BY schedule.sequence LIMIT ?2";

/// By schedule and date; behind the run whether its request has no answer yet.
const RUN_TAIL: &str = "\
(SELECT intent.state = 'accepted' FROM intent WHERE intent.id = run.transfer_id)
FROM schedule_run AS run LEFT JOIN schedule ON schedule.id = run.schedule_id
WHERE (run.schedule_id, run.due, run.sequence) > (?1, ?2, ?3) ORDER BY run.schedule_id, run.due, run.sequence LIMIT ?4";
/// Where that stands.
const IS_OPEN: usize = 17;

/// Checks every order and payment by itself.
pub(super) fn check<S: Store, L: Ledger>(
    store: &S,
    ledger: &L,
    payments: &mut Payments,
    report: &mut Report,
) -> Result<(), AuditError> {
    let mut dates = Check::new(
        "every date of a standing order was begun once, by the transfer whose id follows from the order and the date",
    );
    let sql = format!(
        "SELECT {SCHEDULE_COLUMNS}, schedule.next_due_at_ms, \
         (SELECT count(*) FROM schedule_run WHERE schedule_id = schedule.id) {SCHEDULE_TAIL}"
    );
    for row in Pages::new(store, sql, [Value::from(i64::MIN)], PAGE_ROWS) {
        check_order(&row?, &mut dates)?;
    }
    let sql = format!(
        "SELECT run.schedule_id, run.due, run.sequence, {SCHEDULE_COLUMNS}, {RUN_COLUMNS}, {RUN_TAIL}"
    );
    let first = [
        Value::from(Vec::new()),
        Value::from(""),
        Value::from(i64::MIN),
    ];
    let mut order = None;
    for row in Pages::new(store, sql, first, PAGE_ROWS) {
        check_run(row?, &mut order, ledger, (&mut dates, payments))?;
    }
    report.checks.push(dates);
    Ok(())
}

fn check_order(row: &Row, check: &mut Check) -> Result<(), StoreError> {
    let sequence = row.integer(0)?;
    let next_due_at_ms = row.optional(SCHEDULE_COLUMN_COUNT, Row::integer)?;
    let runs = row.integer(SCHEDULE_COLUMN_COUNT + 1)?;
    let schedule = match Schedule::from_row(row) {
        Ok(schedule) => schedule,
        Err(error) => {
            check.require(false, || format!("schedule {sequence}: {error}"));
            return Ok(());
        }
    };
    let id = schedule.id;
    let next = schedule.order.plan.date(schedule.dates_behind);
    let state_fits = match schedule.state {
        ScheduleState::Active => next.is_some(),
        ScheduleState::Completed => next.is_none(),
        ScheduleState::Cancelled => true,
    };
    let due_fits = schedule.next_due().map(|day| day.first_ms()) == next_due_at_ms;
    check.require(state_fits && due_fits, || {
        format!(
            "schedule {sequence} ({id}): its state and its next date are not those of its dates"
        )
    });
    check.require(schedule.order.fingerprint() == schedule.fingerprint, || {
        format!("schedule {sequence} ({id}): is not what was asked for")
    });
    check.require(runs == i64::from(schedule.dates_behind), || {
        format!(
            "schedule {sequence} ({id}): {} dates are behind, and {runs} were begun",
            schedule.dates_behind
        )
    });
    Ok(())
}

/// The order whose runs are being read, and how many of them were.
struct Current {
    id: Uuid,
    schedule: Option<Schedule>,
    runs: u32,
}

/// Judges a run by its order, and by the runs of earlier dates.
fn check_run<L: Ledger>(
    row: Row,
    current: &mut Option<Current>,
    ledger: &L,
    (check, payments): (&mut Check, &mut Payments),
) -> Result<(), AuditError> {
    let (schedule_id, sequence) = (row.uuid(0)?, row.integer(2)?);
    let row = row.behind(3);
    check.examine();
    let current = match current {
        Some(current) if current.id == schedule_id => current,
        other => other.insert(Current {
            id: schedule_id,
            schedule: Schedule::from_row(&row).ok(),
            runs: 0,
        }),
    };
    let number = current.runs;
    current.runs = number.saturating_add(1);
    let run = match Run::behind_schedule(&row) {
        Ok(Some(run)) => run,
        Ok(None) => return Ok(()),
        Err(error) => {
            check.require(false, || format!("schedule run {sequence}: {error}"));
            return Ok(());
        }
    };
    let due = run.due;
    let Some(schedule) = &current.schedule else {
        check.require(false, || {
            format!("schedule run {sequence} of {due}: there is no schedule {schedule_id}")
        });
        return Ok(());
    };
    let is_date = schedule.order.plan.date(number) == Some(due);
    check.require(is_date, || {
        format!("schedule run {sequence} of {due}: schedule {schedule_id} has no such date, or had it before")
    });
    check.require(run.transfer_id == transfer_of(schedule, &run, run.attempts).0, || {
        format!("schedule run {sequence} of {due}: its transfer {} is not that of schedule {schedule_id} and the date", run.transfer_id)
    });
    let is_open = row.optional(IS_OPEN, Row::integer)? == Some(1);
    payments.judge_itself(&run, is_open);
    for attempt in 1..run.attempts {
        let earlier = ledger.lookup(transfer_of(schedule, &run, attempt).0)?;
        let is_declined =
            earlier.is_none_or(|posting| matches!(posting.outcome, Outcome::Declined(_)));
        payments.check.require(is_declined, || {
            format!("schedule run {sequence} of {due}: was tried again after its attempt {attempt} had been posted")
        });
    }
    if run.state == RunState::Refused {
        let posting = ledger.lookup(run.transfer_id)?;
        let has_moved = posting.is_some_and(|posting| is_of(&posting, schedule, &run));
        payments.check.require(!has_moved, || {
            format!("schedule run {sequence} of {due}: is refused, and the ledger has decided its transfer {}", run.transfer_id)
        });
    }
    Ok(())
}

/// The id and the fingerprint of an attempt at a date.
fn transfer_of(schedule: &Schedule, run: &Run, attempt: u32) -> (Uuid, [u8; 32]) {
    let order = intent_of(schedule, run.due, attempt, (0, 0)).accepted.order;
    (order.id(), *order.fingerprint())
}

fn is_of(posting: &Posting, schedule: &Schedule, run: &Run) -> bool {
    let (_, fingerprint) = transfer_of(schedule, run, run.attempts);
    posting.initiator == schedule.owner && posting.fingerprint == Some(fingerprint)
}

/// What is found out about the payments of standing orders.
pub(super) struct Payments {
    check: Check,
}

impl Payments {
    /// Nothing found yet.
    pub(super) fn new() -> Self {
        Self {
            check: Check::new(
                "every payment of a standing order ended as the ledger decided it, and no date was paid twice",
            ),
        }
    }

    pub(super) fn into_check(self) -> Check {
        self.check
    }

    fn judge_itself(&mut self, run: &Run, is_open: bool) {
        let (sequence, due) = (run.sequence, run.due);
        let has_code = run.decline_code.is_some();
        let fits = match run.state {
            RunState::Open => !has_code,
            RunState::Posted => !has_code && !is_open,
            RunState::Declined | RunState::Refused | RunState::Retrying | RunState::Cancelled => {
                has_code && !is_open
            }
        };
        self.check.require(fits, || {
            format!("schedule run {sequence} of {due}: its state, its decline, and its request contradict each other")
        });
    }
}

impl Decided for Payments {
    const FROM: &'static str = "schedule_run AS run JOIN schedule ON schedule.id = run.schedule_id
        WHERE run.state IN ('posted', 'declined', 'retrying', 'cancelled')";
    const PLACE_AND_ID: [&'static str; 2] = ["run.sequence", "run.transfer_id"];

    fn columns() -> String {
        format!("{SCHEDULE_COLUMNS}, {RUN_COLUMNS}")
    }

    fn judge(&mut self, row: Row, posting: &Posting) -> Result<(), StoreError> {
        let sequence = row.integer(0)?;
        let row = row.behind(2);
        self.check.examine();
        let (Ok(schedule), Ok(Some(run))) = (Schedule::from_row(&row), Run::behind_schedule(&row))
        else {
            // What is wrong with it was told by the check of the dates.
            return Ok(());
        };
        let due = run.due;
        let is_told = match posting.outcome {
            Outcome::Declined(decline) => {
                run.state != RunState::Posted && run.decline_code.as_deref() == Some(decline.code())
            }
            Outcome::Posted | Outcome::Held | Outcome::Voided | Outcome::Expired => {
                run.state == RunState::Posted
            }
        };
        self.check.require(is_told, || {
            format!(
                "schedule run {sequence} of {due}: is {}, and the ledger has decided otherwise of transfer {}",
                run.state.as_str(),
                run.transfer_id
            )
        });
        self.check.require(is_of(posting, &schedule, &run), || {
            format!(
                "schedule run {sequence} of {due}: the ledger has decided something else under transfer {}",
                run.transfer_id
            )
        });
        Ok(())
    }

    fn note_unknown(&mut self, sequence: i64, id: Uuid) {
        self.check.require(false, || {
            format!(
                "schedule run {sequence}: is over, and the ledger has nothing under transfer {id}"
            )
        });
    }

    fn is_full(&self) -> bool {
        self.check.is_full()
    }
}
