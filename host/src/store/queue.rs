//! The queue for the one connection that writes.
//!
//! A transaction that ends looks at the queue. If another one waits, that one joins the group and
//! continues it. Otherwise the group is committed. So a lone writer never waits for others, and
//! many writers share an fsync; no timer guesses how long to gather.
//!
//! A group always finds a transaction that commits it: the count of tickets falls only while the
//! connection is held, or when a waiter times out. A waiter that times out and leaves the queue
//! empty sees to the group itself.

use super::bindings::Error;
use super::budget::Hold;
use super::checkpoint::Checkpointer;
use super::commit_times::CommitTimes;
use super::copy::StoreFiles;
use super::figures::WriteFigures;
use super::group::WriterConnection;
use super::kept_log::LogKeeper;
use super::pace::{Mode, Pace};
use async_lock::MutexGuardArc;
use parking_lot::Mutex;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// The most transactions that share a commit: bounds how long the first of them waits.
const GROUP_TRANSACTIONS_MAX: usize = 256;
/// How long a group may gather: bounds how long its first transaction waits when the next are slow.
const GROUP_TIME_MAX: Duration = Duration::from_millis(50);
/// How long a transaction may wait in the queue.
pub(super) const WAIT_TIME_MAX: Duration = Duration::from_secs(5);
/// How long the changes of a `commit-later` may wait for a group of others.
const LATER_TIME_MAX: Duration = Duration::from_millis(50);

/// Exclusive use of the connection.
pub(super) type WriterGuard = MutexGuardArc<WriterConnection>;

/// The connection, the transactions that wait for it, and how fast its disk and its statements are.
pub(super) struct WriterQueue {
    connection: Arc<async_lock::Mutex<WriterConnection>>,
    tickets: AtomicUsize,
    checkpointer: Checkpointer,
    pace: Mutex<Pace>,
    commit_times: CommitTimes,
    figures: WriteFigures,
    runtime: Handle,
}

impl WriterQueue {
    /// Must be called within a Tokio runtime.
    pub(super) fn new(connection: WriterConnection, checkpointer: Checkpointer) -> Self {
        Self {
            connection: Arc::new(async_lock::Mutex::new(connection)),
            tickets: AtomicUsize::new(0),
            checkpointer,
            pace: Mutex::default(),
            commit_times: CommitTimes::default(),
            figures: WriteFigures::default(),
            runtime: Handle::current(),
        }
    }

    /// Waits for the connection, without a limit and outside of the queue.
    pub(super) async fn lock(&self) -> WriterGuard {
        self.connection.lock_arc().await
    }

    /// Waits in the queue for the connection.
    ///
    /// # Errors
    /// `Busy` after [`WAIT_TIME_MAX`].
    pub(super) async fn wait(self: &Arc<Self>) -> Result<WriterGuard, Error> {
        // A free connection goes to the first that asks. If a sleeping waiter had it first, it
        // would be idle until that one runs. The lock becomes fair when a waiter has starved for
        // 0.5 ms.
        if let Some(guard) = self.connection.try_lock_arc() {
            return Ok(guard);
        }
        let ticket = Ticket::take(self);
        let begun = Instant::now();
        let waited = tokio::time::timeout(WAIT_TIME_MAX, self.lock()).await;
        self.figures.waits.count(begun.elapsed());
        match waited {
            Ok(guard) => {
                ticket.redeem();
                Ok(guard)
            }
            Err(_) => Err(Error::Busy),
        }
    }

    /// Where a statement runs that begins now.
    pub(super) fn mode(&self, now: Instant) -> Mode {
        self.pace.lock().mode(now)
    }

    /// Records for how long a statement has held the thread of its request.
    pub(super) fn note(&self, hold: Hold) {
        if hold != Hold::Short {
            self.pace.lock().note(Instant::now(), hold);
        }
    }

    /// Ends the use of the connection: the last in the queue commits the group.
    ///
    /// A lone transaction commits on this thread while the disk is quick, whatever thread it is.
    pub(super) fn leave(self: &Arc<Self>, mut guard: WriterGuard) {
        let group = &mut guard.group;
        if group.waiters.is_empty() {
            if group.is_open && !group.is_later_scheduled {
                group.is_later_scheduled = true;
                self.runtime.spawn(commit_later(Arc::downgrade(self)));
            }
            return;
        }
        let is_awaited = self.tickets.load(SeqCst) > 0;
        let is_young = group
            .since
            .is_none_or(|since| since.elapsed() < GROUP_TIME_MAX);
        if is_awaited && is_young && group.waiters.len() < GROUP_TRANSACTIONS_MAX {
            return;
        }
        let is_alone = !is_awaited && group.waiters.len() == 1;
        let queue = Arc::clone(self);
        if is_alone && self.commit_times.are_short() {
            self.commit(guard);
            if self.checkpointer.is_due() {
                self.runtime.spawn_blocking(move || queue.checkpoint());
            }
        } else {
            self.runtime.spawn_blocking(move || {
                queue.commit(guard);
                queue.checkpoint();
            });
        }
    }

    /// Commits the open group, and empties the write-ahead log into the database. Blocks.
    fn empty_log(&self) {
        let mut turn = self.checkpointer.take_turn();
        let mut writer = self.connection.lock_arc_blocking();
        turn.keep(&mut writer);
        let truncate = "PRAGMA wal_checkpoint(TRUNCATE)";
        if let Err(error) = writer.guest.host_statement(truncate) {
            tracing::warn!(
                %error,
                "the write-ahead log could not be emptied; it will be at the next start"
            );
        }
    }

    /// Commits the open group, and empties the write-ahead log into the database.
    pub(super) async fn close(self: &Arc<Self>) {
        let queue = Arc::clone(self);
        // The blocking pool refuses only when the runtime ends.
        let _ = tokio::task::spawn_blocking(move || queue.empty_log()).await;
    }

    /// Lets `copy` have the files of the store as they are at one moment, in `file` and its log.
    /// Guests go on writing. If `copy` returns a keeper, it has the log from then on. Blocks.
    ///
    /// # Errors
    /// Those of `copy`; the files cannot be opened.
    pub(super) fn copy_files<E: From<io::Error>>(
        &self,
        file: &Path,
        copy: impl FnOnce(StoreFiles) -> Result<Option<Box<dyn LogKeeper>>, E>,
    ) -> Result<(), E> {
        let mut turn = self.checkpointer.take_turn();
        let mut writer = self.connection.lock_arc_blocking();
        writer.commit_group();
        let position = turn.position()?;
        drop(writer);
        if let Some(keeper) = copy(StoreFiles::new(file, position)?)? {
            turn.keep_from_now(keeper)?;
        }
        Ok(())
    }

    /// Has the keeper of the log keep all that is committed by now. Blocks.
    ///
    /// # Errors
    /// There is no keeper, or it has failed.
    pub(super) fn keep_log(&self) -> io::Result<()> {
        self.checkpointer.take_turn().keep_now(&self.connection)
    }

    /// Has no keeper keep the log any more. Blocks.
    pub(super) fn end_keeping(&self) {
        self.checkpointer.take_turn().end_keeping();
    }

    /// Commits the group; blocks for as long as the disk takes.
    fn commit(&self, mut guard: WriterGuard) {
        let log_pages = self.checkpointer.log_pages();
        let transactions = guard.group.waiters.len();
        let begun = Instant::now();
        if !guard.commit_group() {
            self.figures.count_failed_commit();
        }
        // A commit without changes does not wait for the disk.
        if self.checkpointer.log_pages() != log_pages {
            let took = begun.elapsed();
            self.commit_times.note(took);
            self.figures.count_commit(transactions, took);
        }
    }

    /// What the writer has done.
    pub(super) fn figures(&self) -> &WriteFigures {
        &self.figures
    }

    /// Runs a checkpoint if one is due; blocks, so it must run on a thread of the blocking pool.
    fn checkpoint(&self) {
        self.checkpointer
            .run_if_due(&self.connection, &self.figures);
    }
}

/// A place in the queue.
struct Ticket<'a> {
    queue: &'a Arc<WriterQueue>,
    is_redeemed: bool,
}

impl<'a> Ticket<'a> {
    fn take(queue: &'a Arc<WriterQueue>) -> Self {
        queue.tickets.fetch_add(1, SeqCst);
        Self {
            queue,
            is_redeemed: false,
        }
    }

    /// Ends the wait with the connection held.
    fn redeem(mut self) {
        self.is_redeemed = true;
        self.queue.tickets.fetch_sub(1, SeqCst);
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if !self.is_redeemed && self.queue.tickets.fetch_sub(1, SeqCst) == 1 {
            // A transaction may have left a group for this ticket to continue.
            let queue = Arc::clone(self.queue);
            self.queue.runtime.spawn(async move {
                let guard = queue.lock().await;
                queue.leave(guard);
            });
        }
    }
}

async fn commit_later(queue: Weak<WriterQueue>) {
    tokio::time::sleep(LATER_TIME_MAX).await;
    let Some(queue) = queue.upgrade() else { return };
    let mut guard = queue.lock().await;
    guard.group.is_later_scheduled = false;
    if guard.group.is_open {
        // The blocking pool refuses only when the runtime ends, and then `close` has committed.
        let _ = tokio::task::spawn_blocking(move || {
            queue.commit(guard);
            queue.checkpoint();
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use super::super::connection::GuestConnection;
    use super::*;
    use tempfile::TempDir;
    use tokio::sync::oneshot::Receiver;

    /// Longer than any of these tests.
    const LONG: Duration = Duration::from_secs(3_600);

    fn queue() -> (TempDir, Arc<WriterQueue>) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("s.sqlite");
        let mut guest = GuestConnection::writer(&file, 1 << 20).unwrap();
        let checkpointer = Checkpointer::open(&file, &mut guest.sqlite).unwrap();
        let queue = WriterQueue::new(WriterConnection::new(guest), checkpointer);
        (folder, Arc::new(queue))
    }

    /// Ends a group of so many transactions; returns what the last one waits for.
    async fn end_group(
        queue: &Arc<WriterQueue>,
        transactions: usize,
        since: Instant,
    ) -> Receiver<Result<(), Error>> {
        let mut guard = queue.lock().await;
        guard.begin(LONG).unwrap();
        guard.keep().unwrap();
        for _ in 1..transactions {
            drop(guard.join_group());
        }
        let outcome = guard.join_group();
        guard.group.since = Some(since);
        queue.leave(guard);
        outcome
    }

    #[tokio::test]
    async fn a_group_gathers_while_others_wait_until_it_is_old_or_large() {
        let now = Instant::now();
        for (transactions, since, gathers) in [
            (GROUP_TRANSACTIONS_MAX - 1, now + LONG, true),
            (GROUP_TRANSACTIONS_MAX, now + LONG, false),
            (1, now - GROUP_TIME_MAX, false),
        ] {
            let (_folder, queue) = queue();
            let _other = Ticket::take(&queue);
            let _outcome = end_group(&queue, transactions, since).await;
            // A commit holds the connection until it is done.
            assert_eq!(queue.lock().await.group.is_open, gathers, "{transactions}");
        }
    }

    #[tokio::test]
    async fn who_gives_up_waiting_as_the_last_has_the_group_committed() {
        let (_folder, queue) = queue();
        let [first, last] = [(); 2].map(|()| Ticket::take(&queue));
        let mut outcome = end_group(&queue, 1, Instant::now() + LONG).await;
        first.redeem();
        assert!(outcome.try_recv().is_err());
        drop(last);
        let outcome = tokio::time::timeout(WAIT_TIME_MAX, outcome).await;
        assert!(matches!(outcome, Ok(Ok(Ok(())))), "{outcome:?}");
    }
}
