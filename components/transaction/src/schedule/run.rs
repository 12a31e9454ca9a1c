//! The tick: what is due becomes transfers.
//!
//! 1. In one commit, a due date becomes an intent and a run, and its schedule moves on. A crash before it changes nothing; after it, the intent
//!    is there to be finished, and the date is behind.
//! 2. The ledger is asked for each open run, by the intent's id, with no transaction open: asking twice is harmless.
//! 3. What it decided is noted in one commit. Lost in a crash, the note is derived again from the ledger.
//!
//! Dates that were missed while nobody was there to pay them are caught up, each by itself, the oldest of a schedule first.

use super::record::{OnInsufficientFunds, Run, RunState, Schedule, ScheduleState};
use super::rows;
use crate::drive::{Resolved, attempt, give_up, settle};
use crate::idempotency::IdempotencyKey;
use crate::intent::{self, Accepted, Intent, State};
use crate::ledger::{DebitAuthority, Decline, Ledger, LedgerError, Outcome, Posting, Side};
use crate::order::Decided;
use crate::request::{Metadata, Route};
use strongroom_sdk::calendar::Day;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::store::{Store, StoreError, Transaction};

/// How many transfers one tick begins, so that it is short.
pub const RUNS_PER_TICK_MAX: usize = 256;
/// How many of them are begun in one commit, so that the writer's turn is short.
const RUNS_PER_COMMIT_MAX: i64 = 64;
/// How many open runs one pass asks the ledger for.
const OPEN_RUNS_MAX: i64 = 64;
/// After so many failures in a row the ledger is down, and the rest would only wait for it too.
const FAILURES_MAX: usize = 3;
/// How long a run waits before its next attempt.
pub const RETRY_PAUSE_MS: i64 = 3_600 * 1_000;
/// For how long a run is tried again.
pub const RETRY_FOR_MS: i64 = 3 * 24 * 3_600 * 1_000;
/// What a run is said to have been refused for: the one reason for which the ledger records nothing of a well-formed transfer.
const REFUSED_CODE: &str = "account_not_found";

/// What a tick did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many transfers were begun.
    pub begun: usize,
    /// How many runs have an outcome that had none.
    pub settled: usize,
    /// How many the ledger did not answer for.
    pub failed: usize,
}

/// Begins what is due and settles what is open. While the ledger is down, nothing new is begun.
///
/// # Errors
/// [`StoreError`].
pub fn tick<S: Store, L: Ledger>(
    store: &S,
    ledger: &L,
    clock: &impl Clock,
    deadline_ms: i64,
) -> Result<Summary, StoreError> {
    let mut summary = Summary::default();
    let mut is_down = settle_open(store, ledger, clock, &mut summary)?;
    while !is_down && summary.begun < RUNS_PER_TICK_MAX {
        let begun = begin_due(store, clock.now_ms(), deadline_ms)?;
        if begun == 0 {
            break;
        }
        summary.begun += begun;
        is_down = settle_open(store, ledger, clock, &mut summary)?;
    }
    Ok(summary)
}

/// Begins some of what is due, in one commit; answers how many.
fn begin_due<S: Store>(store: &S, now_ms: i64, deadline_ms: i64) -> Result<usize, StoreError> {
    // Reading first: most ticks find nothing, and then do not take the writer's turn.
    if !rows::is_any_due(store, now_ms)? {
        return Ok(0);
    }
    let times = (now_ms, deadline_ms);
    let transaction = store.begin()?;
    let again = rows::due_again(&transaction, now_ms, RUNS_PER_COMMIT_MAX)?;
    for (schedule, run) in &again {
        let attempts = run.attempts.saturating_add(1);
        let intent = intent_of(schedule, run.due, attempts, times);
        intent::insert(&transaction, &intent)?;
        let next = (attempts, intent.accepted.order.id());
        rows::reopen_run(&transaction, run, next, now_ms)?;
    }
    let room = RUNS_PER_COMMIT_MAX.saturating_sub(again.len() as i64);
    let due = rows::due(&transaction, now_ms, room)?;
    let begun = again.len() + due.len();
    for schedule in due {
        begin(&transaction, schedule, times)?;
    }
    transaction.commit()?;
    Ok(begun)
}

/// Begins the next date of a schedule, and moves the schedule on.
fn begin(
    transaction: &impl Transaction,
    mut schedule: Schedule,
    (now_ms, deadline_ms): (i64, i64),
) -> Result<(), StoreError> {
    let due = schedule.next_due();
    schedule.dates_behind = schedule.dates_behind.saturating_add(1);
    if schedule.order.plan.date(schedule.dates_behind).is_none() {
        schedule.state = ScheduleState::Completed;
    }
    if let Some(due) = due {
        let next_ms = schedule.next_due().map_or(i64::MAX, Day::first_ms);
        let retry_until_ms = now_ms.saturating_add(RETRY_FOR_MS).min(next_ms);
        let intent = intent_of(&schedule, due, 1, (now_ms, deadline_ms));
        intent::insert(transaction, &intent)?;
        let times = (retry_until_ms, now_ms);
        let transfer_id = intent.accepted.order.id();
        rows::insert_run(transaction, (schedule.id, due), transfer_id, times)?;
    }
    rows::advance(transaction, &schedule)
}

/// The intent of an attempt at a date: the same each time it is made.
pub(crate) fn intent_of(schedule: &Schedule, due: Day, attempt: u32, times: (i64, i64)) -> Intent {
    let mut instruction = schedule.order.instruction.clone();
    instruction.metadata = Some(Metadata::of_schedule(schedule.id, &due.to_string()));
    Intent::new(
        schedule.owner,
        Route::Schedule,
        IdempotencyKey::of_schedule(schedule.id, &due.to_string(), attempt),
        DebitAuthority::Owner(schedule.owner),
        instruction,
        times,
    )
}

/// What is known of a run's latest attempt.
pub(super) struct Asked {
    run: Run,
    /// What its schedule says about a lack of money; a schedule that has ended says that it is not tried again.
    policy: OnInsufficientFunds,
    answer: LedgerAnswer,
}

/// What the ledger says.
enum LedgerAnswer {
    /// To an intent that was open.
    Driven(Box<Accepted>, Result<Resolved, LedgerError>),
    /// To the question what came of one that recovery has settled.
    Known(Result<Box<Posting>, LedgerError>),
}

impl Asked {
    /// The record of the transfer, or why there is none.
    fn posting(&self) -> Result<&Posting, &LedgerError> {
        match &self.answer {
            LedgerAnswer::Known(result) => result.as_deref(),
            LedgerAnswer::Driven(_, Err(error)) => Err(error),
            LedgerAnswer::Driven(_, Ok(resolved)) => match &resolved.decided {
                Decided::Transfer(posting) => Ok(posting),
                // No standing order asks for a batch.
                Decided::Batch(_) => Err(&LedgerError::BatchRefused),
            },
        }
    }

    /// Whether the ledger has said what became of it.
    pub(super) fn is_decided(&self) -> bool {
        !self.posting().is_err_and(LedgerError::leaves_open)
    }
}

/// Asks for the outcome of what is open, pass by pass; answers whether the ledger is down.
fn settle_open<S: Store, L: Ledger>(
    store: &S,
    ledger: &L,
    clock: &impl Clock,
    summary: &mut Summary,
) -> Result<bool, StoreError> {
    loop {
        let open = rows::open_runs(store, None, OPEN_RUNS_MAX)?;
        if open.is_empty() {
            return Ok(false);
        }
        let mut decided = Vec::with_capacity(open.len());
        let mut failed = 0;
        let mut failures_in_a_row = 0;
        for (schedule, run) in open {
            let one = drive(store, ledger, clock, (schedule, run))?;
            if one.is_decided() {
                failures_in_a_row = 0;
                decided.push(one);
            } else {
                failures_in_a_row += 1;
                failed += 1;
            }
            if failures_in_a_row >= FAILURES_MAX {
                break;
            }
        }
        note(store, &decided, clock.now_ms())?;
        summary.settled += decided.len();
        summary.failed += failed;
        if failed > 0 {
            return Ok(failures_in_a_row >= FAILURES_MAX);
        }
    }
}

/// Has the ledger decide a run, if it has not.
fn drive<S: Store, L: Ledger>(
    store: &S,
    ledger: &L,
    clock: &impl Clock,
    (schedule, run): (Schedule, Run),
) -> Result<Asked, StoreError> {
    let has_ended = schedule.state == ScheduleState::Cancelled;
    ask(store, ledger, (schedule, run), |accepted| {
        if has_ended {
            // Its end could not be told to the ledger then.
            give_up(ledger, accepted)
        } else {
            attempt(ledger, accepted, clock.now_ms())
        }
    })
}

/// What the ledger says of a run: `decide` is how it is asked where it may have to decide first.
pub(super) fn ask<S: Store, L: Ledger>(
    store: &S,
    ledger: &L,
    (schedule, run): (Schedule, Run),
    decide: impl FnOnce(&Accepted) -> Result<Resolved, LedgerError>,
) -> Result<Asked, StoreError> {
    let policy = match schedule.state {
        ScheduleState::Active | ScheduleState::Completed => schedule.order.on_insufficient_funds,
        ScheduleState::Cancelled => OnInsufficientFunds::Skip,
    };
    let stored = intent::peek(store, run.transfer_id)?;
    let answer = match stored.map(|stored| stored.state) {
        Some(State::Accepted(accepted)) => {
            let result = decide(&accepted);
            LedgerAnswer::Driven(accepted, result)
        }
        // Recovery was here first. Where the ledger has nothing either, it has refused.
        Some(State::Final(_)) | None => {
            let found = ledger.lookup(run.transfer_id);
            let refused = LedgerError::AccountNotFound(Side::Source);
            let found = found.and_then(|posting| posting.ok_or(refused));
            LedgerAnswer::Known(found.map(Box::new))
        }
    };
    Ok(Asked {
        run,
        policy,
        answer,
    })
}

/// Commits what the ledger said, of intents and of runs.
pub(super) fn note<S: Store>(store: &S, decided: &[Asked], now_ms: i64) -> Result<(), StoreError> {
    if decided.is_empty() {
        return Ok(());
    }
    let transaction = store.begin()?;
    for one in decided {
        if let LedgerAnswer::Driven(accepted, result) = &one.answer {
            settle(&transaction, accepted, result)?;
        }
        let (state, code, next_attempt_at_ms) = outcome(one, now_ms);
        let times = (next_attempt_at_ms, now_ms);
        rows::settle_run(&transaction, &one.run, (state, code), times)?;
    }
    transaction.commit()
}

/// How the run stands now, why, and when it is tried again.
fn outcome(asked: &Asked, now_ms: i64) -> (RunState, Option<&'static str>, Option<i64>) {
    let Ok(posting) = asked.posting() else {
        return (RunState::Refused, Some(REFUSED_CODE), None);
    };
    let Outcome::Declined(decline) = posting.outcome else {
        return (RunState::Posted, None, None);
    };
    let next_ms = now_ms.saturating_add(RETRY_PAUSE_MS);
    let again = decline == Decline::InsufficientFunds
        && asked.policy == OnInsufficientFunds::Retry
        && next_ms < asked.run.retry_until_ms;
    if again {
        (RunState::Retrying, Some(decline.code()), Some(next_ms))
    } else {
        (RunState::Declined, Some(decline.code()), None)
    }
}
