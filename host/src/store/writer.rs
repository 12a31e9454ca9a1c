//! The one writer of a store, and group commit.
//!
//! Writers stand in line for the connection. A transaction of a guest is a *turn*: a savepoint inside an outer transaction that
//! several turns share, the *group*. Whoever ends a turn looks back: if somebody still waits, that one will carry on; the last in line
//! takes the whole group to disk with one COMMIT (one fsync), and only then are all of the group answered. So a lone writer
//! waits for nobody, and a crowd shares its fsyncs; no timer guesses how long to gather.
//!
//! Why a turn that begins during a commit cannot miss its group: the counter of those in line only falls while the connection is
//! held, or when a waiter gives up, and a waiter that gives up and finds the line empty looks after the group itself.

use super::bindings::Error;
use super::budget::Hold;
use super::checkpoint::Checkpointer;
use super::commit_times::CommitTimes;
use super::connection::GuestConnection;
use super::error::for_guest;
use super::pace::{Mode, Pace};
use super::transaction::{Turn, TurnCell};
use crate::wall_clock::WallClock;
use async_lock::{Mutex, MutexGuardArc};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// The most turns that share a commit: bounds how long the first of them waits.
const GROUP_TURNS_MAX: usize = 256;
/// How long a group may gather: bounds how long its first turn waits when those that follow are slow.
const GROUP_TIME_MAX: Duration = Duration::from_millis(50);
/// How long a turn may stand in line.
const LINE_TIME_MAX: Duration = Duration::from_secs(5);
/// How long what `commit-later` left may wait for a group of others.
const LATER_TIME_MAX: Duration = Duration::from_millis(50);
/// How often the writer looks whether a turn has outlived its time.
const WATCH_INTERVAL: Duration = Duration::from_millis(50);

/// The store's write side.
pub(super) struct Writer {
    line: Arc<Line>,
    clock: Arc<WallClock>,
}

/// Who holds the line's connection.
pub(super) type Held = MutexGuardArc<WriterConnection>;

/// Those who wait for the connection, and what they need when they have it.
pub(super) struct Line {
    connection: Arc<Mutex<WriterConnection>>,
    waiting: AtomicUsize,
    /// The turn that runs, for the watch.
    current: std::sync::Mutex<Weak<TurnCell>>,
    checkpointer: Checkpointer,
    pace: std::sync::Mutex<Pace>,
    commit_times: CommitTimes,
    runtime: tokio::runtime::Handle,
}

/// The connection that writes, and its group.
pub(super) struct WriterConnection {
    pub(super) guest: GuestConnection,
    group: Group,
}

/// The turns that will become durable with the next commit.
#[derive(Default)]
struct Group {
    /// Whether the outer transaction has begun.
    open: bool,
    /// When the first of those who wait began to.
    since: Option<Instant>,
    /// Those who wait for the commit.
    waiters: Vec<oneshot::Sender<Result<(), Error>>>,
    /// Whether a commit is sure to come for turns that nobody waits for.
    later_scheduled: bool,
}

impl Writer {
    /// Must be called within a Tokio runtime.
    pub(super) fn open(
        file: &Path,
        bytes_max: u64,
        clock: Arc<WallClock>,
    ) -> rusqlite::Result<Self> {
        let mut guest = GuestConnection::writer(file, bytes_max)?;
        let checkpointer = Checkpointer::open(file, &mut guest.sqlite)?;
        let line = Arc::new(Line {
            connection: Arc::new(Mutex::new(WriterConnection {
                guest,
                group: Group::default(),
            })),
            waiting: AtomicUsize::new(0),
            current: std::sync::Mutex::new(Weak::new()),
            checkpointer,
            pace: std::sync::Mutex::default(),
            commit_times: CommitTimes::default(),
            runtime: tokio::runtime::Handle::current(),
        });
        tokio::spawn(watch_turns(Arc::downgrade(&line)));
        Ok(Self { line, clock })
    }

    /// Waits for the writer's turn, which may take `time_max`; `retire` is set if the turn outlives
    /// that. There is none while the clock is not trusted.
    pub(super) async fn begin(
        &self,
        time_max: Duration,
        retire: Arc<AtomicBool>,
    ) -> Result<Turn, Error> {
        let line = &self.line;
        let mut held = line.hold().await?;
        // After the wait, which may have been long: what the turn writes has the times of now.
        if !self.clock.is_trusted() {
            line.leave(held);
            return Err(Error::Clock);
        }
        if let Err(error) = held.begin_turn(time_max) {
            line.leave(held);
            return Err(error);
        }
        let cell = Arc::new(TurnCell::new(held, time_max, retire));
        *line.current.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&cell);
        Ok(Turn::new(cell, Arc::clone(line), Arc::clone(&self.clock)))
    }

    /// Sets how large the database may become.
    pub(super) async fn resize(&self, bytes_max: u64) -> rusqlite::Result<()> {
        self.line
            .connection
            .lock_arc()
            .await
            .guest
            .resize(bytes_max)
    }

    /// Commits what is open and empties the write-ahead log.
    pub(super) async fn close(&self) {
        let mut held = self.line.connection.lock_arc().await;
        held.commit_group();
        // One that runs would leave this one nothing to do, and the log full.
        let _no_other = self.line.checkpointer.keep_out();
        if let Err(error) = held.guest.host_statement("PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::warn!(%error, "the write-ahead log could not be emptied; it will be at the next start");
        }
    }
}

impl Line {
    async fn hold(self: &Arc<Self>) -> Result<Held, Error> {
        // Whoever comes when the connection is free takes it at once: handing it to a sleeper first would leave it idle until the
        // sleeper runs. The lock turns fair by itself when a waiter has starved for half a millisecond.
        if let Some(held) = self.connection.try_lock_arc() {
            return Ok(held);
        }
        let place = Place::take(self);
        let held = tokio::time::timeout(LINE_TIME_MAX, self.connection.lock_arc()).await;
        match held {
            Ok(held) => {
                place.leave_with_connection();
                Ok(held)
            }
            Err(_) => Err(Error::Busy),
        }
    }

    /// Where the next statement runs.
    pub(super) fn mode(&self) -> Mode {
        let pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        pace.mode(Instant::now())
    }

    /// Notes for how long one has held the thread of its request.
    pub(super) fn note(&self, hold: Hold) {
        if hold != Hold::Short {
            let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
            pace.note(Instant::now(), hold);
        }
    }

    /// Ends a turn: the last in line takes the group to disk.
    ///
    /// One that is alone does so on this thread while the disk is quick, whatever thread it is.
    pub(super) fn leave(self: &Arc<Self>, mut held: Held) {
        let group = &mut held.group;
        if group.waiters.is_empty() {
            if group.open && !group.later_scheduled {
                group.later_scheduled = true;
                self.runtime.spawn(commit_later(Arc::downgrade(self)));
            }
            return;
        }
        let someone_carries_on = self.waiting.load(SeqCst) > 0;
        let is_young = group
            .since
            .is_none_or(|since| since.elapsed() < GROUP_TIME_MAX);
        if someone_carries_on && is_young && group.waiters.len() < GROUP_TURNS_MAX {
            return;
        }
        let is_alone = !someone_carries_on && group.waiters.len() == 1;
        let line = Arc::clone(self);
        if is_alone && self.commit_times.are_short() {
            self.commit(held);
            if self.checkpointer.is_due() {
                self.runtime.spawn_blocking(move || line.checkpoint());
            }
        } else {
            self.runtime.spawn_blocking(move || {
                line.commit(held);
                line.checkpoint();
            });
        }
    }

    /// Takes the group to disk; blocks for as long as the disk takes.
    fn commit(&self, mut held: Held) {
        let log_pages = self.checkpointer.log_pages();
        let begun = Instant::now();
        held.commit_group();
        // A commit of reads alone does not wait for the disk.
        if self.checkpointer.log_pages() != log_pages {
            self.commit_times.note(begun.elapsed());
        }
    }

    /// Runs a checkpoint if one is due; blocks, so it belongs on a thread that may.
    fn checkpoint(&self) {
        self.checkpointer.run_if_due(&self.connection);
    }
}

/// A place in line.
struct Place<'a> {
    line: &'a Arc<Line>,
    left: bool,
}

impl<'a> Place<'a> {
    fn take(line: &'a Arc<Line>) -> Self {
        line.waiting.fetch_add(1, SeqCst);
        Self { line, left: false }
    }

    fn leave_with_connection(mut self) {
        self.left = true;
        self.line.waiting.fetch_sub(1, SeqCst);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if !self.left && self.line.waiting.fetch_sub(1, SeqCst) == 1 {
            // Somebody may have left a group for this place to carry on.
            let line = Arc::clone(self.line);
            self.line.runtime.spawn(async move {
                let held = line.connection.lock_arc().await;
                line.leave(held);
            });
        }
    }
}

async fn commit_later(line: Weak<Line>) {
    tokio::time::sleep(LATER_TIME_MAX).await;
    let Some(line) = line.upgrade() else { return };
    let mut held = line.connection.lock_arc().await;
    held.group.later_scheduled = false;
    if held.group.open {
        // The blocking pool refuses only when the runtime ends, and then `close` has committed.
        let _ = tokio::task::spawn_blocking(move || {
            line.commit(held);
            line.checkpoint();
        })
        .await;
    }
}

/// Ends turns that have outlived their time, such as of a guest that loops with a transaction open.
async fn watch_turns(line: Weak<Line>) {
    loop {
        tokio::time::sleep(WATCH_INTERVAL).await;
        let Some(line) = line.upgrade() else { return };
        let current = line
            .current
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .upgrade();
        if let Some(cell) = current {
            cell.end_if_out_of_time(&line);
        }
    }
}

impl WriterConnection {
    fn begin_turn(&mut self, time: Duration) -> Result<(), Error> {
        let guest = &self.guest;
        guest.budget.allow(time);
        let begin = || -> rusqlite::Result<()> {
            if !self.group.open {
                guest.host_statement("BEGIN IMMEDIATE")?;
            }
            guest.host_statement("SAVEPOINT turn")
        };
        let begun = begin().map_err(|error| for_guest(&error, false));
        if begun.is_err() {
            self.notice_lost_group();
        }
        self.group.open = !self.guest.sqlite.is_autocommit();
        begun
    }

    /// Keeps what the turn did, for the group's commit.
    pub(super) fn keep_turn(&mut self) -> Result<(), Error> {
        let kept = self.guest.host_statement("RELEASE turn");
        let kept = kept.map_err(|error| for_guest(&error, self.guest.budget.was_spent()));
        if kept.is_err() {
            self.undo_turn();
        }
        kept
    }

    /// A promise of the group's outcome.
    pub(super) fn join_group(&mut self) -> oneshot::Receiver<Result<(), Error>> {
        let (sender, receiver) = oneshot::channel();
        self.group.since.get_or_insert_with(Instant::now);
        self.group.waiters.push(sender);
        receiver
    }

    /// Undoes what the turn did. The rest of the group stays.
    pub(super) fn undo_turn(&mut self) {
        self.guest.budget.allow(Duration::MAX);
        if self.notice_lost_group() {
            return;
        }
        let undone = self.guest.host_statement("ROLLBACK TO turn; RELEASE turn");
        if let Err(error) = undone {
            // Without its savepoint the group cannot be told from the turn: neither may be kept.
            tracing::error!(%error, "a transaction could not be undone alone; its whole group is rolled back");
            self.roll_back_group(&Error::Aborted("the group was rolled back".to_owned()));
        }
    }

    /// SQLite rolls back the outer transaction by itself on some errors (a full disk, an interrupted write): tells the group.
    pub(super) fn notice_lost_group(&mut self) -> bool {
        let lost = self.group.open && self.guest.sqlite.is_autocommit();
        if lost {
            self.roll_back_group(&Error::Aborted(
                "the group was rolled back by the store".to_owned(),
            ));
        }
        lost
    }

    fn roll_back_group(&mut self, reason: &Error) {
        if !self.guest.sqlite.is_autocommit()
            && let Err(error) = self.guest.host_statement("ROLLBACK")
        {
            tracing::error!(%error, "the store could not roll back");
        }
        self.end_group(&Err(reason.clone()));
    }

    /// Takes the group to disk and answers all of it.
    fn commit_group(&mut self) {
        if !self.group.open {
            // Whoever waits for a transaction that is gone must not be told that it was kept.
            self.end_group(&Err(Error::Aborted("the group was rolled back".to_owned())));
            return;
        }
        self.guest.budget.allow(Duration::MAX);
        match self.guest.host_statement("COMMIT") {
            Ok(()) => self.end_group(&Ok(())),
            Err(error) => {
                tracing::error!(%error, "a group commit failed; nothing of it was acknowledged");
                self.roll_back_group(&for_guest(&error, false));
            }
        }
    }

    fn end_group(&mut self, outcome: &Result<(), Error>) {
        self.group.open = false;
        self.group.since = None;
        for waiter in self.group.waiters.drain(..) {
            // One who no longer waits was cancelled; the outcome is in the store.
            let _ = waiter.send(outcome.clone());
        }
    }
}
