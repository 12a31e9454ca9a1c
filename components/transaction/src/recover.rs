//! Finishing what a crash, or a ledger that did not answer, has left without an outcome.
//!
//! Every step may be done twice, or at the same time as the client's own retry: the ledger decides an id once. A screening that does not
//! answer holds up only what was never decided: it is asked once a sweep in vain, and no more.

use crate::drive::{Resolved, attempt, settle};
use crate::intent::{self, Accepted};
use crate::ledger::{Ledger, LedgerError};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::store::{Store, StoreError, Transaction};

/// How many intents one sweep takes, so that a tick is short.
pub const SWEEP_INTENTS_MAX: i64 = 256;
/// How many sweeps one start makes: what a crash leaves is a moment's requests, and a longer backlog is the ticks' work.
pub const START_SWEEPS_MAX: usize = 40;
/// How long one start goes on asking the ledger; the last question may take longer. The old generation serves meanwhile, or nobody.
pub const START_MS_MAX: i64 = 10_000;
/// How old an intent is before a start takes it for left over: a younger one is most likely a request that the old generation serves
/// right now, and if it is not, the next ticks find it.
pub const LEFT_OVER_MS_MIN: i64 = 2_000;
/// After so many failures in a row the ledger is down, and the rest of the sweep would only wait for it too.
const FAILURES_MAX: usize = 3;
/// The longest pause between two attempts.
const PAUSE_MAX_MS: i64 = 30_000;
/// How long an answer is kept to be repeated byte by byte.
const ANSWER_KEPT_MS: i64 = 30 * 24 * 3_600 * 1_000;

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sweep {
    /// How many intents now have an outcome, or were forgotten as the ledger records nothing for them.
    pub settled: usize,
    /// How many the ledger, or the screening before it, did not answer for.
    pub failed: usize,
}

/// Settles what was left open a moment before it began, before the first request. A ledger that does not answer ends it early, and so does a
/// backlog of more than [`START_SWEEPS_MAX`] sweeps or [`START_MS_MAX`]; neither is an error: [`tick`] goes on.
///
/// # Errors
/// [`StoreError`].
pub fn start<S: Store, L: Ledger>(
    store: &S,
    ledger: &L,
    clock: &impl Clock,
) -> Result<Sweep, StoreError> {
    let started_ms = clock.now_ms();
    let until_ms = started_ms.saturating_add(START_MS_MAX);
    let mut total = Sweep::default();
    for _ in 0..START_SWEEPS_MAX {
        // Whenever their next attempt was due: the crash is over.
        let before_ms = started_ms.saturating_sub(LEFT_OVER_MS_MIN);
        let left = intent::left_over(store, before_ms, SWEEP_INTENTS_MAX)?;
        let sweep = sweep(store, ledger, clock, left, until_ms)?;
        total.settled += sweep.settled;
        total.failed += sweep.failed;
        if sweep.settled == 0 || sweep.failed > 0 || clock.now_ms() >= until_ms {
            break;
        }
    }
    Ok(total)
}

/// Settles the intents that are due, and deletes old answers.
///
/// # Errors
/// [`StoreError`].
pub fn tick<S: Store, L: Ledger>(
    store: &S,
    ledger: &L,
    clock: &impl Clock,
) -> Result<Sweep, StoreError> {
    let now_ms = clock.now_ms();
    intent::purge(store, now_ms.saturating_sub(ANSWER_KEPT_MS))?;
    let due = intent::due(store, now_ms, SWEEP_INTENTS_MAX)?;
    sweep(store, ledger, clock, due, i64::MAX)
}

fn sweep<S: Store, L: Ledger>(
    store: &S,
    ledger: &L,
    clock: &impl Clock,
    due: Vec<Accepted>,
    until_ms: i64,
) -> Result<Sweep, StoreError> {
    if due.is_empty() {
        return Ok(Sweep::default());
    }
    let mut results: Vec<(Accepted, Result<Resolved, LedgerError>)> = Vec::with_capacity(due.len());
    let mut failures = 0;
    let mut screening_answers = true;
    for accepted in due {
        let result = if screening_answers {
            attempt(ledger, &accepted, clock.now_ms())
        } else {
            attempt_unscreened(ledger, &accepted, clock.now_ms())
        };
        screening_answers &= !matches!(result, Err(LedgerError::NotScreened(_)));
        failures = match &result {
            Err(LedgerError::Unavailable(_)) => failures + 1,
            _ => 0,
        };
        results.push((accepted, result));
        if failures >= FAILURES_MAX || clock.now_ms() >= until_ms {
            break;
        }
    }
    record(store, clock.now_ms(), &results)
}

/// An [`attempt`] that settles what the ledger has decided before or gives up, and leaves the rest.
fn attempt_unscreened<L: Ledger>(
    ledger: &L,
    accepted: &Accepted,
    now_ms: i64,
) -> Result<Resolved, LedgerError> {
    if accepted.order.is_decided(ledger)? || now_ms >= accepted.deadline_at_ms {
        return attempt(ledger, accepted, now_ms);
    }
    Err(LedgerError::NotScreened("not asked again".to_owned()))
}

/// Commits durably, unlike a request's own note: the next sweep must not see these again.
fn record<S: Store>(
    store: &S,
    now_ms: i64,
    results: &[(Accepted, Result<Resolved, LedgerError>)],
) -> Result<Sweep, StoreError> {
    let mut sweep = Sweep::default();
    let transaction = store.begin()?;
    for (accepted, result) in results {
        if result.as_ref().is_err_and(LedgerError::leaves_open) {
            let next = now_ms.saturating_add(pause_ms(accepted.attempts));
            intent::postpone(&transaction, &accepted.order, next)?;
            sweep.failed += 1;
        } else {
            settle(&transaction, accepted, result)?;
            sweep.settled += 1;
        }
    }
    transaction.commit()?;
    Ok(sweep)
}

/// 1 s, 2 s, 4 s, .. 30 s.
fn pause_ms(attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts.clamp(0, 5)).unwrap_or(5);
    1_000_i64.saturating_mul(1 << doublings).min(PAUSE_MAX_MS)
}
