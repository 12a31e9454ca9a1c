//! The connection that writes, and group commit.
//!
//! A write transaction of a guest is a part of an outer transaction, which it shares with others:
//! the *group*. One COMMIT, and so one fsync, makes the whole group durable. Only then does each of
//! them get its result.
//!
//! Each but the first is a savepoint, so that it can be undone alone. The first is undone with the
//! outer transaction: nothing else is in it yet. A savepoint keeps a copy of each page that it
//! changes, in a file where they are many, which a transaction of many rows does not pay for alone.

use super::bindings::Error;
use super::connection::{BEGIN, COMMIT, GuestConnection, RELEASE, SAVEPOINT};
use super::error::for_guest;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// The connection that writes, and its group.
pub(super) struct WriterConnection {
    pub(super) guest: GuestConnection,
    pub(super) group: Group,
}

/// The transactions that become durable with the next commit.
#[derive(Default)]
pub(super) struct Group {
    /// Whether the outer transaction has begun.
    pub(super) is_open: bool,
    /// Whether the transaction that runs, or ran last, is the group's first.
    is_first: bool,
    /// When the first waiter joined.
    pub(super) since: Option<Instant>,
    /// The transactions that wait for the commit.
    pub(super) waiters: Vec<oneshot::Sender<Result<(), Error>>>,
    /// Whether a commit is scheduled for transactions that wait for none.
    pub(super) is_later_scheduled: bool,
}

impl WriterConnection {
    pub(super) fn new(guest: GuestConnection) -> Self {
        Self {
            guest,
            group: Group::default(),
        }
    }

    /// Begins a transaction in the group. Its statements have this time.
    pub(super) fn begin(&mut self, time: Duration) -> Result<(), Error> {
        let guest = &self.guest;
        guest.budget.allow(time);
        self.group.is_first = !self.group.is_open;
        let begun = guest.host_statement(match self.group.is_first {
            true => BEGIN,
            false => SAVEPOINT,
        });
        let begun = begun.map_err(|error| for_guest(&error));
        if begun.is_err() {
            self.notice_lost_group();
        }
        self.group.is_open = !self.guest.sqlite.is_autocommit();
        begun
    }

    /// Keeps the transaction for the group's commit.
    pub(super) fn keep(&mut self) -> Result<(), Error> {
        if self.group.is_first {
            return Ok(());
        }
        let kept = self.guest.host_statement(RELEASE);
        let kept = kept.map_err(|error| for_guest(&error));
        if kept.is_err() {
            self.undo();
        }
        kept
    }

    /// Returns a receiver of the group's outcome.
    pub(super) fn join_group(&mut self) -> oneshot::Receiver<Result<(), Error>> {
        let (sender, receiver) = oneshot::channel();
        self.group.since.get_or_insert_with(Instant::now);
        self.group.waiters.push(sender);
        receiver
    }

    /// Undoes the transaction. The rest of the group stays.
    pub(super) fn undo(&mut self) {
        self.guest.budget.allow(Duration::MAX);
        if self.notice_lost_group() {
            return;
        }
        if self.group.is_first {
            self.roll_back_group(&Error::Aborted("it was undone".to_owned()));
            return;
        }
        let undone = self
            .guest
            .host_statement("ROLLBACK TO guest; RELEASE guest");
        if let Err(error) = undone {
            // Without its savepoint the transaction is inseparable from its group.
            tracing::error!(
                %error,
                "a transaction could not be undone alone; its whole group is rolled back"
            );
            self.roll_back_group(&Error::Aborted("the group was rolled back".to_owned()));
        }
    }

    /// Ends the group if SQLite has rolled back the outer transaction by itself, which it does
    /// after some errors (a full disk, an interrupted write). Returns whether it has.
    pub(super) fn notice_lost_group(&mut self) -> bool {
        let is_lost = self.group.is_open && self.guest.sqlite.is_autocommit();
        if is_lost {
            self.roll_back_group(&Error::Aborted(
                "the group was rolled back by the store".to_owned(),
            ));
        }
        is_lost
    }

    fn roll_back_group(&mut self, reason: &Error) {
        if !self.guest.sqlite.is_autocommit()
            && let Err(error) = self.guest.host_statement("ROLLBACK")
        {
            tracing::error!(%error, "the store could not roll back");
        }
        self.end_group(&Err(reason.clone()));
    }

    /// Commits the group, and sends the outcome to its waiters; false if the disk did not take it.
    pub(super) fn commit_group(&mut self) -> bool {
        if !self.group.is_open {
            // A waiter of a transaction that is gone must not learn that it was kept.
            self.end_group(&Err(Error::Aborted("the group was rolled back".to_owned())));
            return true;
        }
        self.guest.budget.allow(Duration::MAX);
        match self.guest.host_statement(COMMIT) {
            Ok(()) => {
                self.end_group(&Ok(()));
                true
            }
            Err(error) => {
                let file = self.guest.sqlite.path();
                tracing::error!(file, %error, "a commit failed; nothing of it was acknowledged");
                self.roll_back_group(&for_guest(&error));
                false
            }
        }
    }

    fn end_group(&mut self, outcome: &Result<(), Error>) {
        self.group.is_open = false;
        self.group.since = None;
        for waiter in self.group.waiters.drain(..) {
            // A waiter that is gone was cancelled; the outcome is in the store.
            let _ = waiter.send(outcome.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It has copies of pages, and a group may have hundreds of transactions.
    #[test]
    fn a_transaction_that_is_kept_leaves_no_savepoint_behind() {
        let folder = tempfile::tempdir().unwrap();
        let guest = GuestConnection::writer(&folder.path().join("s.sqlite"), 1 << 20).unwrap();
        let mut writer = WriterConnection::new(guest);
        for _ in 0..2 {
            writer.begin(Duration::MAX).unwrap();
            writer.keep().unwrap();
            assert!(writer.guest.host_statement(RELEASE).is_err());
        }
        assert!(writer.commit_group());
    }
}
