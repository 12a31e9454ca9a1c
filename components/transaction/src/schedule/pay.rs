//! Open runs are paid: the ledger posts the transfer of each, or cancels one that must not be paid.
//!
//! No transaction is open meanwhile. To post a transfer twice is harmless, as its id is the same.
//! What the ledger decided is recorded in one commit; where a crash loses it, the next tick gets it
//! from the ledger again.

use super::order::OnInsufficientFunds;
use super::record::{EndedBecause, Schedule};
use super::run::{Run, RunState};
use super::run_rows::{self, RunOutcome, ScheduledRun};
use super::states;
use super::transfer::transfer_of;
use crate::Error;
use crate::users::{Users, UsersError};
use std::collections::{HashMap, HashSet};
use strongroom_ledger_api::{Decline, Ledger, LedgerError, Posting};
use strongroom_sdk::store::{Store, StoreError, Transaction};
use uuid::Uuid;

/// After so many failures in a row the ledger is down, and the other runs would wait for it too.
const FAILURES_MAX: usize = 3;
/// How long a run waits for its next attempt, in milliseconds.
pub const RETRY_PAUSE_MS: i64 = 3_600 * 1_000;

/// What must happen to an open run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// It is paid.
    Post,
    /// It is never paid: its order is paused or has ended.
    Cancel,
    /// It is never paid, and the orders of its owner are paused.
    Pause,
}

/// Which owners of runs staff have disabled. Each is looked up once.
pub(super) struct Owners<'a, U> {
    users: &'a U,
    disabled: HashMap<Uuid, bool>,
}

impl<'a, U: Users> Owners<'a, U> {
    pub(super) fn new(users: &'a U) -> Self {
        Self {
            users,
            disabled: HashMap::new(),
        }
    }

    /// What must happen to an open run of this order.
    pub(super) fn action_for(&mut self, schedule: &Schedule) -> Result<Action, UsersError> {
        if schedule.state.stops_payments() {
            return Ok(Action::Cancel);
        }
        let is_disabled = match self.disabled.get(&schedule.owner) {
            Some(is_disabled) => *is_disabled,
            // The customer of a client need not be a user of the bank.
            None => self.users.is_disabled(schedule.owner)? == Some(true),
        };
        self.disabled.insert(schedule.owner, is_disabled);
        Ok(if is_disabled {
            Action::Pause
        } else {
            Action::Post
        })
    }
}

/// What the ledger decided on a run.
pub(super) struct PaidRun {
    run: Run,
    owner: Uuid,
    action: Action,
    /// Whether a lack of money leads to a retry. A run that must not be paid is not retried.
    policy: OnInsufficientFunds,
    /// The ledger's record; none where there is no such account, and so never a record.
    posting: Option<Posting>,
}

/// The results of one pass over open runs.
#[derive(Default)]
pub(super) struct Pass {
    /// The runs that have an outcome now.
    pub(super) paid: Vec<PaidRun>,
    /// The runs for which the ledger, or the auth service, did not respond.
    pub(super) failed: Vec<Run>,
    /// Why some runs were left out, if they were.
    pub(super) cut_short: Option<CutShort>,
}

/// Why a pass leaves runs out: they would fail as those before them did. The first reason counts
/// where both occur.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CutShort {
    /// The ledger, or the auth service, seems down.
    IsDown,
    /// The screening in front of the ledger had no verdict. It may be down, or these payments may
    /// never get one, so others still begin.
    NoVerdict,
}

impl Pass {
    /// Whether each run has an outcome now.
    pub(super) fn has_all(&self) -> bool {
        self.cut_short.is_none() && self.failed.is_empty()
    }
}

/// Has the ledger post runs, or cancel those that must not be paid.
pub(super) fn pay<L: Ledger>(
    ledger: &L,
    open: Vec<ScheduledRun>,
    mut action_for: impl FnMut(&Schedule) -> Result<Action, UsersError>,
) -> Pass {
    let mut pass = Pass::default();
    let mut failures_in_a_row = Vec::new();
    for one in open {
        if failures_in_a_row.len() >= FAILURES_MAX {
            pass.cut_short = failures_in_a_row.into_iter().min();
            return pass;
        }
        match pay_one(ledger, &one, &mut action_for) {
            Ok(paid) => {
                failures_in_a_row.clear();
                pass.paid.push(paid);
            }
            Err(error) => {
                eprintln!("schedule {}, {}: {error}", one.schedule.id, one.run.due);
                match of_others(&error) {
                    Some(reason) => failures_in_a_row.push(reason),
                    None => failures_in_a_row.clear(),
                }
                pass.failed.push(one.run);
            }
        }
    }
    pass
}

/// Why other payments may fail as this one did; none where the error is of one payment.
fn of_others(error: &Error) -> Option<CutShort> {
    match error {
        Error::Ledger(LedgerError::Unavailable(_) | LedgerError::Clock)
        | Error::Store(_)
        | Error::Users(_)
        | Error::Ahead => Some(CutShort::IsDown),
        Error::Ledger(LedgerError::NotScreened(_)) => Some(CutShort::NoVerdict),
        Error::Ledger(_) => None,
    }
}

fn pay_one<L: Ledger>(
    ledger: &L,
    ScheduledRun { schedule, run }: &ScheduledRun,
    action_for: impl FnOnce(&Schedule) -> Result<Action, UsersError>,
) -> Result<PaidRun, Error> {
    let action = action_for(schedule)?;
    let transfer = transfer_of(schedule, run.due, run.attempts, run.begun_at_ms);
    let (reply, policy) = match action {
        Action::Post => (ledger.post(&transfer), schedule.order.on_insufficient_funds),
        Action::Cancel | Action::Pause => (ledger.cancel(&transfer), OnInsufficientFunds::Skip),
    };
    let posting = match reply {
        Ok(reply) => Some(reply.posting),
        Err(LedgerError::AccountNotFound(_)) => None,
        // It says nothing of the accounts, so the run stays open.
        Err(error) => return Err(error.into()),
    };
    Ok(PaidRun {
        run: run.clone(),
        owner: schedule.owner,
        action,
        policy,
        posting,
    })
}

/// Commits the results of a pass. A run that failed goes behind all others, so that payments that
/// never get a verdict do not hold up the rest.
pub(super) fn record<S: Store>(store: &S, pass: &Pass, now_ms: i64) -> Result<(), StoreError> {
    if pass.paid.is_empty() && pass.failed.is_empty() {
        return Ok(());
    }
    // First, and in commits of their own: an owner may have many orders.
    let paused = pass.paid.iter().filter(|paid| paid.action == Action::Pause);
    for owner in paused.map(|paid| paid.owner).collect::<HashSet<_>>() {
        states::pause_all(store, owner, now_ms)?;
    }
    let transaction = store.begin()?;
    for paid in &pass.paid {
        let outcome = paid.outcome(now_ms);
        run_rows::close(&transaction, &paid.run, &outcome, now_ms)?;
        if let Some(because) = outcome.decline_code.and_then(EndedBecause::of_code) {
            states::end(&transaction, paid.run.schedule_id, because, now_ms)?;
        }
    }
    for run in &pass.failed {
        run_rows::postpone(&transaction, run, now_ms)?;
    }
    transaction.commit()
}

impl PaidRun {
    fn outcome(&self, now_ms: i64) -> RunOutcome {
        let next_ms = now_ms.saturating_add(RETRY_PAUSE_MS);
        let decline = match &self.posting {
            Some(posting) => posting.decline,
            None => {
                return RunOutcome {
                    state: RunState::Refused,
                    decline_code: Some(EndedBecause::AccountNotFound.as_str()),
                    next_attempt_at_ms: None,
                };
            }
        };
        let is_retried = decline == Some(Decline::InsufficientFunds)
            && self.policy == OnInsufficientFunds::Retry
            && next_ms < self.run.retry_until_ms;
        let state = match decline {
            None => RunState::Posted,
            Some(_) if is_retried => RunState::Retrying,
            Some(_) => RunState::Declined,
        };
        RunOutcome {
            state,
            decline_code: decline.map(Decline::as_str),
            next_attempt_at_ms: is_retried.then_some(next_ms),
        }
    }
}
