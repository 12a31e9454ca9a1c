//! A guest's write transaction: the resource `strongroom:store/sql.transaction`.

use super::bindings::{Change, Error, Rows, Value};
use super::connection::GuestConnection;
use super::long_turns::LongTurn;
use super::pace::Mode;
use super::queue::{WriterGuard, WriterQueue};
use super::statement;
use crate::wall_clock::WallClock;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How long the changes of one call may hold their thread: as long as a light guest may that holds
/// the writer, and all other writers wait meanwhile.
const CHANGES_TIME_MAX: Duration = Duration::from_millis(10);

/// A write transaction. Dropping it before its end undoes it.
pub struct WriteTransaction {
    shared: Arc<SharedTransaction>,
    queue: Arc<WriterQueue>,
    clock: Arc<WallClock>,
}

/// The part of a transaction that the guest and the watch share.
pub(super) struct SharedTransaction {
    state: Mutex<TransactionState>,
    began: Instant,
    time_max: Duration,
    /// Set when the transaction outlives its time: its instance must not serve again.
    retire: Arc<AtomicBool>,
}

enum TransactionState {
    Open(WriterGuard, LongTurn),
    /// It has ended, for this reason.
    Ended(Error),
}

impl WriteTransaction {
    pub(super) fn new(
        shared: Arc<SharedTransaction>,
        queue: Arc<WriterQueue>,
        clock: Arc<WallClock>,
    ) -> Self {
        Self {
            shared,
            queue,
            clock,
        }
    }

    pub(super) fn execute(&self, sql: &str, parameters: &[Value]) -> Result<u64, Error> {
        self.run(|guest| statement::execute(guest, sql, parameters))
    }

    pub(super) fn query(&self, sql: &str, parameters: &[Value]) -> Result<Rows, Error> {
        self.run(|guest| statement::query(guest, sql, parameters))
    }

    /// Makes the changes in order, up to the first that fails or changes another number of rows
    /// than it must. After an error the transaction must be dropped.
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

    /// Keeps the transaction, and returns when its group is on disk.
    pub(super) async fn commit(self) -> Result<(), Error> {
        let outcome = {
            let (mut guard, kept) = self.keep()?;
            let outcome = kept.is_ok().then(|| guard.join_group());
            self.queue.leave(guard);
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

    /// Keeps the transaction for the next group, without waiting for its commit.
    pub(super) fn commit_later(self) -> Result<(), Error> {
        let (guard, kept) = self.keep()?;
        self.queue.leave(guard);
        kept
    }

    /// Ends the transaction, and keeps its changes. It undoes them when the clock is not trusted:
    /// they may have times from after a jump.
    fn keep(&self) -> Result<(WriterGuard, Result<(), Error>), Error> {
        let mut guard = self
            .shared
            .end(Error::Invalid("the transaction has ended".to_owned()))?;
        let kept = if self.clock.is_trusted() {
            guard.keep()
        } else {
            guard.undo();
            Err(Error::Clock)
        };
        Ok((guard, kept))
    }

    /// `TimedOut` if the host ended the transaction because it took too long.
    pub(super) fn timed_out(&self) -> Result<(), Error> {
        match &*self.shared.state.lock() {
            TransactionState::Ended(Error::TimedOut) => Err(Error::TimedOut),
            _ => Ok(()),
        }
    }

    fn run<T>(&self, act: impl FnOnce(&GuestConnection) -> Result<T, Error>) -> Result<T, Error> {
        let now = Instant::now();
        // The watch looks too rarely for a guest that runs many short statements.
        self.shared.end_if_out_of_time(now, &self.queue);
        let mut state = self.shared.state.lock();
        let guard = match &mut *state {
            TransactionState::Open(guard, _) => guard,
            TransactionState::Ended(reason) => return Err(reason.clone()),
        };
        let guest = &guard.guest;
        let mode = self.queue.mode(now);
        let result = if mode == Mode::OwnThread {
            tokio::task::block_in_place(|| act(guest))
        } else {
            let is_watched = mode == Mode::Watched;
            let (result, hold) = guest.budget.inline(now, is_watched, || act(guest));
            self.queue.note(hold);
            result
        };
        let Err(error) = &result else {
            return result;
        };
        let is_lost = guard.notice_lost_group();
        // A result turns out too large after the statement's effect, which a failed call must not
        // have.
        let must_end = is_lost || matches!(error, Error::TooLarge(_));
        if must_end {
            let reason = match error {
                Error::TimedOut => Error::TimedOut,
                _ => Error::Aborted("an error undid the transaction".to_owned()),
            };
            let ended = state.end(reason);
            drop(state);
            if let Ok(mut guard) = ended {
                if !is_lost {
                    guard.undo();
                }
                self.queue.leave(guard);
            }
        }
        result
    }
}

impl Drop for WriteTransaction {
    fn drop(&mut self) {
        let reason = Error::Aborted("the transaction was dropped".to_owned());
        if let Ok(mut guard) = self.shared.end(reason) {
            guard.undo();
            self.queue.leave(guard);
        }
    }
}

impl SharedTransaction {
    pub(super) fn new(
        guard: WriterGuard,
        turn: LongTurn,
        time_max: Duration,
        retire: Arc<AtomicBool>,
    ) -> Self {
        Self {
            began: turn.began(),
            state: Mutex::new(TransactionState::Open(guard, turn)),
            time_max,
            retire,
        }
    }

    fn end(&self, reason: Error) -> Result<WriterGuard, Error> {
        self.state.lock().end(reason)
    }

    /// Undoes a transaction that has outlived its time. While it runs a statement, that statement's
    /// own time limit applies.
    pub(super) fn end_if_out_of_time(&self, now: Instant, queue: &Arc<WriterQueue>) {
        if now.saturating_duration_since(self.began) <= self.time_max {
            return;
        }
        let Some(mut state) = self.state.try_lock() else {
            return;
        };
        if let Ok(mut guard) = state.end(Error::TimedOut) {
            self.retire.store(true, Relaxed);
            drop(state);
            guard.undo();
            queue.leave(guard);
        }
    }
}

impl TransactionState {
    /// Takes the connection out of an open transaction; later calls fail for this reason.
    ///
    /// # Errors
    /// Why the transaction has ended before.
    fn end(&mut self, reason: Error) -> Result<WriterGuard, Error> {
        if let Self::Ended(reason) = self {
            return Err(reason.clone());
        }
        match std::mem::replace(self, Self::Ended(reason)) {
            Self::Open(guard, _turn) => Ok(guard),
            Self::Ended(reason) => Err(reason),
        }
    }
}

/// Puts the number of the change before an error's text.
fn of_change(error: Error, number: usize, count: usize) -> Error {
    let numbered = |text| format!("change {number} of {count}: {text}");
    match error {
        Error::Constraint(text) => Error::Constraint(numbered(text)),
        Error::Invalid(text) => Error::Invalid(numbered(text)),
        Error::Denied(text) => Error::Denied(numbered(text)),
        Error::TooLarge(text) => Error::TooLarge(numbered(text)),
        Error::UnexpectedRows(text) => Error::UnexpectedRows(numbered(text)),
        other => other,
    }
}
