//! A guest's write transaction: the resource `strongroom:store/sql.transaction`.

use super::bindings::{Change, Error, Rows, Value};
use super::connection::GuestConnection;
use super::pace::Mode;
use super::statement;
use super::writer::{Held, Line};
use crate::wall_clock::WallClock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

/// How long the changes of one call may hold their thread: as long as a light guest may that holds the
/// writer, and all other writers wait meanwhile.
const CHANGES_TIME_MAX: Duration = Duration::from_millis(10);

/// One turn of a guest at the writer. Dropped without an end, it is undone.
pub struct Turn {
    cell: Arc<TurnCell>,
    line: Arc<Line>,
    clock: Arc<WallClock>,
}

/// The turn as the guest and the watch share it.
pub(super) struct TurnCell {
    state: Mutex<State>,
    began: Instant,
    time_max: Duration,
    /// Set when the turn outlives its time: its instance must not serve again.
    retire: Arc<AtomicBool>,
}

enum State {
    Open(Held),
    /// The host has ended it, for this reason.
    Ended(Error),
}

impl Turn {
    pub(super) fn new(cell: Arc<TurnCell>, line: Arc<Line>, clock: Arc<WallClock>) -> Self {
        Self { cell, line, clock }
    }

    pub(super) fn execute(&self, sql: &str, parameters: &[Value]) -> Result<u64, Error> {
        self.run(|guest| statement::execute(guest, sql, parameters))
    }

    pub(super) fn query(&self, sql: &str, parameters: &[Value]) -> Result<Rows, Error> {
        self.run(|guest| statement::query(guest, sql, parameters))
    }

    /// Makes the changes in order, up to the first that fails or changes other rows than it must. The
    /// turn is then for nothing but to be dropped.
    pub(super) async fn change_all(&self, changes: &[Change]) -> Result<(), Error> {
        let mut since = Instant::now();
        for (change, number) in changes.iter().zip(1..) {
            self.make(change)
                .map_err(|error| of_change(error, number, changes.len()))?;
            if since.elapsed() > CHANGES_TIME_MAX {
                tokio::task::yield_now().await;
                since = Instant::now();
            }
        }
        Ok(())
    }

    fn make(&self, Change { sql, params, rows }: &Change) -> Result<(), Error> {
        let changed = self.execute(sql, params)?;
        if changed == *rows {
            Ok(())
        } else {
            let text = format!("{changed} rows changed and not {rows}: {sql}");
            Err(Error::UnexpectedRows(text))
        }
    }

    /// Keeps the turn, and returns when its group is on disk.
    pub(super) async fn commit(self) -> Result<(), Error> {
        let outcome = {
            let (mut held, kept) = self.keep()?;
            let outcome = kept.is_ok().then(|| held.join_group());
            self.line.leave(held);
            kept?;
            outcome
        };
        match outcome {
            Some(outcome) => outcome
                .await
                .unwrap_or_else(|_| Err(Error::Aborted("the store is closing".to_owned()))),
            None => Ok(()),
        }
    }

    /// Keeps the turn for the next group, whenever that is.
    pub(super) fn commit_later(self) -> Result<(), Error> {
        let (held, kept) = self.keep()?;
        self.line.leave(held);
        kept
    }

    /// Ends the turn, and keeps what it did. What it wrote may have times of after a jump of the
    /// clock: then it is undone.
    fn keep(&self) -> Result<(Held, Result<(), Error>), Error> {
        let mut held = self
            .cell
            .end(Error::Invalid("the transaction has ended".to_owned()))?;
        let kept = if self.clock.is_trusted() {
            held.keep_turn()
        } else {
            held.undo_turn();
            Err(Error::Clock)
        };
        Ok((held, kept))
    }

    /// `TimedOut` if the host ended the turn because it took too long.
    pub(super) fn timed_out(&self) -> Result<(), Error> {
        match &*self.cell.lock() {
            State::Ended(Error::TimedOut) => Err(Error::TimedOut),
            _ => Ok(()),
        }
    }

    fn run<T>(&self, act: impl FnOnce(&GuestConnection) -> Result<T, Error>) -> Result<T, Error> {
        // The watch comes too rarely for a guest that runs one short statement after the other.
        self.cell.end_if_out_of_time(&self.line);
        let mut state = self.cell.lock();
        let held = match &mut *state {
            State::Open(held) => held,
            State::Ended(reason) => return Err(reason.clone()),
        };
        let guest = &held.guest;
        let mode = self.line.mode();
        let result = if mode == Mode::OwnThread {
            tokio::task::block_in_place(|| act(guest))
        } else {
            let is_watched = mode == Mode::Watched;
            let (result, hold) = guest.budget.inline(is_watched, || act(guest));
            self.line.note(hold);
            result
        };
        let Err(error) = &result else {
            return result;
        };
        let is_lost = held.notice_lost_group();
        // An answer that is too large comes after the statement's effect, which must not stay when the call has failed.
        let must_end = is_lost || matches!(error, Error::TooLarge(_));
        if must_end {
            let reason = match error {
                Error::TimedOut => Error::TimedOut,
                _ => Error::Aborted("an error undid the transaction".to_owned()),
            };
            let ended = std::mem::replace(&mut *state, State::Ended(reason));
            drop(state);
            if let State::Open(mut held) = ended {
                if !is_lost {
                    held.undo_turn();
                }
                self.line.leave(held);
            }
        }
        result
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let reason = Error::Aborted("the transaction was dropped".to_owned());
        if let Ok(mut held) = self.cell.end(reason) {
            held.undo_turn();
            self.line.leave(held);
        }
    }
}

impl TurnCell {
    pub(super) fn new(held: Held, time_max: Duration, retire: Arc<AtomicBool>) -> Self {
        Self {
            state: Mutex::new(State::Open(held)),
            began: Instant::now(),
            time_max,
            retire,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the connection out of the turn; `reason` is what any later use of the turn is told.
    fn end(&self, reason: Error) -> Result<Held, Error> {
        let mut state = self.lock();
        match &*state {
            State::Open(_) => {}
            State::Ended(reason) => return Err(reason.clone()),
        }
        match std::mem::replace(&mut *state, State::Ended(reason)) {
            State::Open(held) => Ok(held),
            State::Ended(reason) => Err(reason),
        }
    }

    /// Undoes a turn that has outlived its time. One that runs a statement right now is left to that statement's time limit.
    pub(super) fn end_if_out_of_time(&self, line: &Arc<Line>) {
        if self.began.elapsed() <= self.time_max {
            return;
        }
        let mut state = match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(state)) => state.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        if matches!(*state, State::Ended(_)) {
            return;
        }
        self.retire.store(true, Relaxed);
        let ended = std::mem::replace(&mut *state, State::Ended(Error::TimedOut));
        drop(state);
        if let State::Open(mut held) = ended {
            held.undo_turn();
            line.leave(held);
        }
    }
}

/// Puts before an error's text which change it is of.
fn of_change(error: Error, number: usize, count: usize) -> Error {
    let place = |text| format!("change {number} of {count}: {text}");
    match error {
        Error::Constraint(text) => Error::Constraint(place(text)),
        Error::Invalid(text) => Error::Invalid(place(text)),
        Error::Denied(text) => Error::Denied(place(text)),
        Error::TooLarge(text) => Error::TooLarge(place(text)),
        Error::UnexpectedRows(text) => Error::UnexpectedRows(place(text)),
        other => other,
    }
}
