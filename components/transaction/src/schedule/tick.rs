//! The tick: what is due becomes transfers.
//!
//! 1. What has become of accounts and users is followed: their schedules end, are paused, or go on.
//!    Until all is, nothing begins.
//! 2. In one commit, a due date becomes a run, and its schedule moves on. A crash before it changes
//!    nothing; after it, the run is there to be posted, and the date is behind.
//! 3. The ledger posts each run without an outcome, with no transaction open: posting twice is
//!    harmless, as the id is the same. A run of a schedule that is paused or has ended is cancelled
//!    instead, and so is one of an owner who may not log in.
//! 4. What the ledger decided is noted in one commit. Lost in a crash, the note is made again from
//!    the ledger's record.
//!
//! Dates that were missed while the bank was down are caught up, each by itself, the oldest of a schedule first.

use super::follow::follow;
use super::record::{EndedBecause, OnInsufficientFunds, Run, RunState, Schedule};
use super::{rows, states};
use crate::request::{IdScope, Metadata};
use crate::users::{Users, UsersError};
use std::collections::{HashMap, HashSet};
use strongroom_ledger_api::{
    Actor, DebitAuthority, Decline, Directory, Ledger, LedgerError, Posting, Transfer,
};
use strongroom_sdk::calendar::Day;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::idempotency::derived_id;
use strongroom_sdk::store::{Store, StoreError, Transaction};
use uuid::Uuid;

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
    /// For how many the ledger did not respond.
    pub failed: usize,
}

/// Why a tick stops before its end. The next one goes on from the same place.
#[derive(Debug, thiserror::Error)]
pub enum TickError {
    /// The store does not work.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What has become of accounts cannot be read.
    #[error("the ledger: {0}")]
    Ledger(#[from] LedgerError),
    /// What has become of users cannot be read.
    #[error("the users: {0}")]
    Users(#[from] UsersError),
}

/// Begins what is due and posts what is open. While the ledger is down, or nobody says whether the
/// owners may log in, nothing new is begun.
///
/// # Errors
/// [`TickError`].
pub fn tick<S: Store, L: Ledger + Directory>(
    store: &S,
    ledger: &L,
    users: &impl Users,
    clock: &impl Clock,
) -> Result<Summary, TickError> {
    let mut summary = Summary::default();
    let mut owners = Owners::new(users);
    let followed = follow(store, ledger, users, clock.now_ms());
    let mut is_down = settle_open(store, ledger, &mut owners, clock, &mut summary)?;
    let may_begin = followed?;
    while may_begin && !is_down && summary.begun < RUNS_PER_TICK_MAX {
        let begun = begin_due(store, clock.now_ms())?;
        if begun == 0 {
            break;
        }
        summary.begun += begun;
        is_down = settle_open(store, ledger, &mut owners, clock, &mut summary)?;
    }
    Ok(summary)
}

/// Begins some of what is due, in one commit; returns how many.
fn begin_due<S: Store>(store: &S, now_ms: i64) -> Result<usize, StoreError> {
    // Reading first: most ticks find nothing, and then do not take the writer's turn.
    if !rows::is_any_due(store, now_ms)? {
        return Ok(0);
    }
    let transaction = store.begin()?;
    let again = rows::due_again(&transaction, now_ms, RUNS_PER_COMMIT_MAX)?;
    for (schedule, run) in &again {
        let attempts = run.attempts.saturating_add(1);
        let next = (attempts, transfer_id(schedule, run.due, attempts));
        rows::reopen_run(&transaction, run, next, now_ms)?;
    }
    let room = RUNS_PER_COMMIT_MAX.saturating_sub(again.len() as i64);
    let due = rows::due(&transaction, now_ms, room)?;
    let begun = again.len() + due.len();
    for mut schedule in due {
        begin(&transaction, &mut schedule, now_ms)?;
        rows::advance(&transaction, &schedule)?;
    }
    transaction.commit()?;
    Ok(begun)
}

/// Begins the next date of a schedule, which moves on, and is to be stored.
pub(super) fn begin(
    transaction: &impl Transaction,
    schedule: &mut Schedule,
    now_ms: i64,
) -> Result<(), StoreError> {
    let due = schedule.next_due();
    schedule.pass_date();
    if let Some(due) = due {
        let next_ms = schedule.next_due().map_or(i64::MAX, Day::first_ms);
        let retry_until_ms = now_ms.saturating_add(RETRY_FOR_MS).min(next_ms);
        let transfer_id = transfer_id(schedule, due, 1);
        let times = (retry_until_ms, now_ms);
        rows::insert_run(transaction, (schedule.id, due), transfer_id, times)?;
    }
    Ok(())
}

/// The id of an attempt at a date. Its key has spaces, and so is no client's key.
fn transfer_id(schedule: &Schedule, due: Day, attempt: u32) -> Uuid {
    let key = format!("schedule {} {due} {attempt}", schedule.id);
    derived_id(schedule.owner, IdScope::Schedule.as_str(), &key)
}

/// The transfer of an attempt at a date: the same each time it is made.
pub(crate) fn transfer_of(
    schedule: &Schedule,
    due: Day,
    attempt: u32,
    requested_at_ms: i64,
) -> Transfer {
    let mut instruction = schedule.order.instruction.clone();
    let metadata = Metadata::of_schedule(schedule.id, &due.to_string());
    instruction.metadata = Some(metadata.to_json());
    Transfer {
        id: transfer_id(schedule, due, attempt),
        fingerprint: instruction.fingerprint(),
        authority: DebitAuthority::Owner(schedule.owner),
        actor: Actor::user(schedule.owner),
        on_behalf_of: None,
        request_id: None,
        instruction,
        denied_by: None,
        requested_at_ms,
    }
}

/// What is to become of a run without an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// It is paid.
    Post,
    /// It is never paid: its schedule is paused or has ended.
    Cancel,
    /// It is never paid, and the schedules of its owner are paused.
    Pause,
}

/// Whether the owners of runs may log in, asked once in a tick.
struct Owners<'a, U> {
    users: &'a U,
    known: HashMap<Uuid, bool>,
}

impl<'a, U: Users> Owners<'a, U> {
    fn new(users: &'a U) -> Self {
        Self {
            users,
            known: HashMap::new(),
        }
    }

    /// What is to become of a run of this schedule.
    fn wish(&mut self, schedule: &Schedule) -> Result<Wish, UsersError> {
        if schedule.state.stops_payments() {
            return Ok(Wish::Cancel);
        }
        let may_log_in = match self.known.get(&schedule.owner) {
            Some(may_log_in) => *may_log_in,
            None => self.users.is_disabled(schedule.owner)? == Some(false),
        };
        self.known.insert(schedule.owner, may_log_in);
        Ok(if may_log_in { Wish::Post } else { Wish::Pause })
    }
}

/// What the ledger has decided on a run.
pub(super) struct Decided {
    run: Run,
    owner: Uuid,
    wish: Wish,
    /// What its schedule says about a lack of money; a date that must not be paid is not tried
    /// again.
    policy: OnInsufficientFunds,
    /// The record; none where the ledger refuses, and so never records any.
    posting: Option<Posting>,
}

/// What came of asking for some runs.
#[derive(Default)]
pub(super) struct Pass {
    decided: Vec<Decided>,
    /// Those for which the ledger did not respond.
    failed: Vec<Run>,
    /// Whether all were asked for: not after so many failures in a row that the ledger, or the screening in front of it, seems down.
    is_whole: bool,
}

impl Pass {
    /// Whether each run has an outcome.
    pub(super) fn has_all(&self) -> bool {
        self.is_whole && self.failed.is_empty()
    }
}

/// Has the ledger post runs, or cancel those that must not be paid.
pub(super) fn decide<L: Ledger>(
    ledger: &L,
    open: Vec<(Schedule, Run)>,
    mut wish_of: impl FnMut(&Schedule) -> Result<Wish, UsersError>,
) -> Pass {
    let mut pass = Pass::default();
    let mut failures_in_a_row = 0;
    for (schedule, run) in open {
        if failures_in_a_row >= FAILURES_MAX {
            return pass;
        }
        let transfer = transfer_of(&schedule, run.due, run.attempts, run.begun_at_ms);
        let decided = wish_of(&schedule)
            .map_err(TickError::from)
            .and_then(|wish| Ok((wish, carry_out(ledger, wish, &transfer)?)));
        let (wish, posting) = match decided {
            Ok(decided) => decided,
            Err(error) => {
                eprintln!("schedule {}, {}: {error}", schedule.id, run.due);
                failures_in_a_row += 1;
                pass.failed.push(run);
                continue;
            }
        };
        failures_in_a_row = 0;
        let policy = match wish {
            Wish::Post => schedule.order.on_insufficient_funds,
            Wish::Cancel | Wish::Pause => OnInsufficientFunds::Skip,
        };
        pass.decided.push(Decided {
            run,
            owner: schedule.owner,
            wish,
            policy,
            posting,
        });
    }
    pass.is_whole = true;
    pass
}

/// What the ledger records of a run; none where there is no such account, and so never any record.
///
/// # Errors
/// Any other: the run is tried again.
fn carry_out<L: Ledger>(
    ledger: &L,
    wish: Wish,
    transfer: &Transfer,
) -> Result<Option<Posting>, LedgerError> {
    let reply = match wish {
        Wish::Post => ledger.post(transfer),
        Wish::Cancel | Wish::Pause => ledger.cancel(transfer),
    };
    match reply {
        Ok(reply) => Ok(Some(reply.posting)),
        Err(LedgerError::AccountNotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Settles what is open, pass by pass; returns whether the ledger is down.
fn settle_open<S: Store, L: Ledger>(
    store: &S,
    ledger: &L,
    owners: &mut Owners<'_, impl Users>,
    clock: &impl Clock,
    summary: &mut Summary,
) -> Result<bool, StoreError> {
    loop {
        let open = rows::open_runs(store, None, OPEN_RUNS_MAX)?;
        if open.is_empty() {
            return Ok(false);
        }
        let pass = decide(ledger, open, |schedule| owners.wish(schedule));
        note(store, &pass, clock.now_ms())?;
        summary.settled += pass.decided.len();
        summary.failed += pass.failed.len();
        if !pass.has_all() {
            return Ok(!pass.is_whole);
        }
    }
}

/// Commits what came of a pass. A run that failed goes to the end of the line: some payments that never get a verdict must not hold up
/// those of others.
pub(super) fn note<S: Store>(store: &S, pass: &Pass, now_ms: i64) -> Result<(), StoreError> {
    if pass.decided.is_empty() && pass.failed.is_empty() {
        return Ok(());
    }
    // First, and in commits of their own: an owner may have many schedules.
    let paused = pass.decided.iter().filter(|one| one.wish == Wish::Pause);
    for owner in paused.map(|one| one.owner).collect::<HashSet<_>>() {
        states::pause_all(store, owner, now_ms)?;
    }
    let transaction = store.begin()?;
    for one in &pass.decided {
        let (state, code, next_attempt_at_ms) = outcome(one, now_ms);
        let times = (next_attempt_at_ms, now_ms);
        rows::settle_run(&transaction, &one.run, (state, code), times)?;
        if let Some(because) = code.and_then(EndedBecause::of_code) {
            states::end(&transaction, one.run.schedule_id, because, now_ms)?;
        }
    }
    for run in &pass.failed {
        rows::postpone_run(&transaction, run, now_ms)?;
    }
    transaction.commit()
}

/// How the run stands now, why, and when it is tried again.
fn outcome(decided: &Decided, now_ms: i64) -> (RunState, Option<&'static str>, Option<i64>) {
    let Some(posting) = &decided.posting else {
        return (RunState::Refused, Some(REFUSED_CODE), None);
    };
    let Some(decline) = posting.decline else {
        return (RunState::Posted, None, None);
    };
    let next_ms = now_ms.saturating_add(RETRY_PAUSE_MS);
    let again = decline == Decline::InsufficientFunds
        && decided.policy == OnInsufficientFunds::Retry
        && next_ms < decided.run.retry_until_ms;
    if again {
        (RunState::Retrying, Some(decline.as_str()), Some(next_ms))
    } else {
        (RunState::Declined, Some(decline.as_str()), None)
    }
}
