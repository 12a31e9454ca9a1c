//! Moves the write-ahead log into the database, off the commit path: a checkpoint inside a commit
//! would make that commit wait for some thousand page writes and two fsyncs.

use super::connection::PAGE_BYTES;
use super::failed_sync::end_on_failed_sync;
use super::figures::WriteFigures;
use super::group::WriterConnection;
use super::kept_log::{KeptLog, LogKeeper, LogPosition, failed};
use super::log_file::log_of;
use parking_lot::{Mutex, MutexGuard};
use rusqlite::Connection;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::Instant;

/// A checkpoint is due when the log has this many pages (4 MiB) that the database has not. Then
/// most of the pages that many transactions change are copied once for all of them.
const DUE_PAGES: i64 = 1_000;
/// Above this (16 MiB) a checkpoint keeps writers out until it is done, so that the log can start
/// over.
const URGENT_PAGES: i64 = 4_000;
/// How many checkpoints may run beside the writers before one keeps them out.
const URGENT_ROUNDS_MAX: u32 = 8;
/// With fewer pages left than this, it keeps them out for some milliseconds only.
const FEW_PAGES: i64 = 100;
/// The head of the log, and that of each page in it, in bytes (SQLite's file format, section 4.1).
const LOG_HEAD_BYTES: u64 = 32;
const LOG_PAGE_HEAD_BYTES: u64 = 24;

type Writer = Arc<async_lock::Mutex<WriterConnection>>;

/// Runs the checkpoints of one store, one at a time.
pub(super) struct Checkpointer {
    turn: Mutex<CheckpointTurn>,
    pages: Arc<LogPages>,
}

/// The pages of the log after the last commit that wrote to it, and how many of them the database
/// has.
#[derive(Default)]
struct LogPages {
    written: AtomicI64,
    copied: AtomicI64,
}

impl LogPages {
    fn note_written(&self, pages: i64) {
        let has_begun_again = pages < self.written.swap(pages, Relaxed);
        if has_begun_again {
            self.copied.store(0, Relaxed);
        }
    }

    /// How many pages the database has not. A checkpoint may note what it has copied after the log
    /// has begun again; the next one notes it right.
    fn beyond(&self) -> i64 {
        let (written, copied) = (self.written.load(Relaxed), self.copied.load(Relaxed));
        if copied > written {
            return written;
        }
        written - copied
    }
}

/// Who has it runs a checkpoint, or keeps all others from running. It comes before the writer.
pub(super) struct CheckpointTurn {
    file: PathBuf,
    connection: Connection,
    kept: Option<KeptLog>,
    pages: Arc<LogPages>,
}

impl Checkpointer {
    /// Opens a connection for checkpoints, and counts the pages that `writer` adds to the log.
    pub(super) fn open(file: &Path, writer: &mut Connection) -> rusqlite::Result<Self> {
        let connection = Connection::open(file)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        let pages = Arc::new(LogPages::default());
        let noted = Arc::clone(&pages);
        writer.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, count| {
            noted.note_written(i64::from(count));
            Ok(())
        }))?;
        let turn = CheckpointTurn {
            file: file.to_owned(),
            connection,
            kept: None,
            pages: Arc::clone(&pages),
        };
        Ok(Self {
            turn: Mutex::new(turn),
            pages,
        })
    }

    /// The pages of the log after the last commit that wrote to it.
    pub(super) fn log_pages(&self) -> i64 {
        self.pages.written.load(Relaxed)
    }

    /// Whether there is enough to copy for a checkpoint.
    pub(super) fn is_due(&self) -> bool {
        self.pages.beyond() >= DUE_PAGES
    }

    /// Runs a checkpoint if one is due and none runs; blocks, so it must run on a thread of the
    /// blocking pool.
    pub(super) fn run_if_due(&self, writer: &Writer, figures: &WriteFigures) {
        if !self.is_due() {
            return;
        }
        let Some(mut turn) = self.turn.try_lock() else {
            return;
        };
        let begun = Instant::now();
        let done = turn.run_to_the_end(writer);
        figures.checkpoints.count(begun.elapsed());
        if let Err(error) = done {
            tracing::warn!(%error, "a checkpoint failed; the next commit tries again");
        }
    }

    /// Waits for a running checkpoint, and lets no other begin while the turn lives; blocks.
    pub(super) fn take_turn(&self) -> MutexGuard<'_, CheckpointTurn> {
        self.turn.lock()
    }
}

impl CheckpointTurn {
    fn run_to_the_end(&mut self, writer: &Writer) -> rusqlite::Result<()> {
        let is_urgent = self.pages.written.load(Relaxed) > URGENT_PAGES;
        // Each finds less than the one before, as long as the disk is faster than the writers.
        for _ in 0..URGENT_ROUNDS_MAX {
            let is_almost_done = self.keep_and_run(writer)? < FEW_PAGES;
            if !is_urgent || is_almost_done {
                break;
            }
        }
        if is_urgent {
            let mut writer = writer.lock_arc_blocking();
            self.keep(&mut writer);
            self.run()?;
        }
        Ok(())
    }

    /// Keeps the log, and then copies no more of it into the database than is kept: what is copied
    /// can be overwritten. Returns how many pages the log has beyond.
    fn keep_and_run(&mut self, writer: &Writer) -> rusqlite::Result<i64> {
        if let Some(kept) = self.kept.take() {
            match self.keep_marked(writer, kept) {
                Ok(copied) => return copied,
                // The log must not grow until the disk is full. Its keeper learns of it, as it is
                // not there any more, and begins anew.
                Err(error) => self.warn_not_kept(&error),
            }
        }
        self.run()
    }

    /// Keeps the log, and runs a checkpoint of what is kept.
    fn keep_marked(
        &mut self,
        writer: &Writer,
        mut kept: KeptLog,
    ) -> io::Result<rusqlite::Result<i64>> {
        let position = {
            let mut writer = writer.lock_arc_blocking();
            writer.commit_group();
            let position = self.position()?;
            if position.is_empty() {
                // A reader would not hold a checkpoint back from what is committed from now on.
                self.kept = Some(kept);
                return Ok(Ok(0));
            }
            kept.mark()?;
            position
        };
        kept.keep_up_to(&position)?;
        let copied = self.run();
        kept.unmark()?;
        self.kept = Some(kept);
        Ok(copied)
    }

    /// Commits the open group, and keeps the log up to there.
    pub(super) fn keep(&mut self, writer: &mut WriterConnection) {
        writer.commit_group();
        let Some(mut kept) = self.kept.take() else {
            return;
        };
        match self.position().and_then(|at| kept.keep_up_to(&at)) {
            Ok(()) => self.kept = Some(kept),
            Err(error) => self.warn_not_kept(&error),
        }
    }

    fn warn_not_kept(&self, error: &io::Error) {
        tracing::warn!(%error, store = %self.file.display(), "the log could not be kept");
    }

    /// Has the keeper keep all that is committed by now.
    ///
    /// # Errors
    /// There is no keeper, or it has failed.
    pub(super) fn keep_now(&mut self, writer: &Writer) -> io::Result<()> {
        if let Err(error) = self.keep_and_run(writer) {
            tracing::warn!(%error, "a checkpoint failed; the next commit tries again");
        }
        match self.kept {
            Some(_) => Ok(()),
            None => Err(io::Error::other("the log is not kept any more")),
        }
    }

    /// From now on the log is kept, which `keeper` has up to a position that was taken in this
    /// turn.
    pub(super) fn keep_from_now(&mut self, keeper: Box<dyn LogKeeper>) -> io::Result<()> {
        self.kept = Some(KeptLog::new(&self.file, keeper)?);
        Ok(())
    }

    /// From now on the log is not kept.
    pub(super) fn end_keeping(&mut self) {
        self.kept = None;
    }

    /// How far the log has commits that the database has not. The writer must be held, with no
    /// group open.
    ///
    /// A log of which the database has everything counts as empty: the next commit may start it
    /// over.
    pub(super) fn position(&self) -> io::Result<LogPosition> {
        let noop = "PRAGMA wal_checkpoint(NOOP)";
        let found = self
            .connection
            .query_row(noop, [], |row| Ok((row.get(1)?, row.get(2)?)));
        let (pages, copied): (i64, i64) = found.map_err(failed)?;
        let (Ok(pages), Ok(copied)) = (u64::try_from(pages), u64::try_from(copied)) else {
            return Err(io::Error::other("the state of the log is not known"));
        };
        let bytes = match copied < pages {
            true => LOG_HEAD_BYTES + pages * (LOG_PAGE_HEAD_BYTES + PAGE_BYTES),
            false => 0,
        };
        LogPosition::of(&log_of(&self.file), bytes)
    }

    /// Runs one, and returns how many pages the log has beyond those that it copied.
    fn run(&self) -> rusqlite::Result<i64> {
        let passive = "PRAGMA wal_checkpoint(PASSIVE)";
        let copied = self
            .connection
            .query_row(passive, [], |row| row.get::<_, i64>(2));
        self.pages
            .copied
            .store(end_on_failed_sync(copied)?, Relaxed);
        Ok(self.pages.beyond())
    }
}

#[cfg(test)]
mod tests {
    use super::super::connection::GuestConnection;
    use super::super::statement;
    use super::*;
    use std::time::Duration;

    fn write(writer: &mut WriterConnection, sql: &str) {
        writer.begin(Duration::MAX).unwrap();
        statement::execute(&writer.guest, sql, &[]).unwrap();
        writer.keep().unwrap();
        assert!(writer.commit_group());
    }

    /// Writes as soon as a part of the log is kept, as busy guests do.
    struct BusyKeeper {
        writer: Writer,
        sql: &'static str,
        /// Whether a writer had to wait meanwhile, each time.
        was_kept_out: Arc<Mutex<Vec<bool>>>,
    }

    impl LogKeeper for BusyKeeper {
        fn keep_up_to(&mut self, _: &LogPosition) -> io::Result<()> {
            let mut writer = self.writer.try_lock_arc();
            if let Some(writer) = &mut writer {
                write(writer, self.sql);
            }
            self.was_kept_out.lock().push(writer.is_none());
            Ok(())
        }
    }

    #[test]
    fn only_a_checkpoint_of_a_large_log_keeps_writers_out_and_only_for_its_end() {
        let row = "INSERT INTO t DEFAULT VALUES";
        // More than a few pages.
        let large_row = "INSERT INTO t VALUES (zeroblob(500000))";
        let each_round = [vec![false; URGENT_ROUNDS_MAX as usize], vec![true]].concat();
        for (pages, sql, kept_out) in rows! {
            (DUE_PAGES - 1, row, vec![]), (DUE_PAGES, large_row, vec![false]),
            (URGENT_PAGES, large_row, vec![false]), (URGENT_PAGES + 1, row, vec![false, true]),
            (URGENT_PAGES + 1, large_row, each_round),
        } {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("s.sqlite");
            let mut guest = GuestConnection::writer(&file, 64 << 20).unwrap();
            let checkpointer = Checkpointer::open(&file, &mut guest.sqlite).unwrap();
            let mut writer = WriterConnection::new(guest);
            write(&mut writer, "CREATE TABLE t (v BLOB) STRICT");
            let writer = Arc::new(async_lock::Mutex::new(writer));
            let was_kept_out = Arc::new(Mutex::new(Vec::new()));
            let keeper = BusyKeeper {
                writer: Arc::clone(&writer),
                sql,
                was_kept_out: Arc::clone(&was_kept_out),
            };
            let keeping = checkpointer.take_turn().keep_from_now(Box::new(keeper));
            keeping.unwrap();
            // As if the log had so many.
            checkpointer.pages.note_written(pages);
            checkpointer.run_if_due(&writer, &WriteFigures::default());
            assert_eq!(*was_kept_out.lock(), kept_out, "{pages} pages, {sql}");
            let is_copied = checkpointer.take_turn().position().unwrap().is_empty();
            assert_eq!(is_copied, kept_out.contains(&true), "{pages} pages, {sql}");
        }
    }

    #[test]
    fn what_a_checkpoint_would_copy_decides_whether_it_is_due_also_when_the_log_starts_over() {
        let pages = LogPages::default();
        pages.note_written(DUE_PAGES);
        assert_eq!(pages.beyond(), DUE_PAGES);
        pages.copied.store(DUE_PAGES, Relaxed);
        pages.note_written(DUE_PAGES);
        assert_eq!(pages.beyond(), 0);
        pages.note_written(DUE_PAGES + 7);
        assert_eq!(pages.beyond(), 7);
        pages.note_written(30);
        assert_eq!(pages.beyond(), 30);
        // The checkpoint of the log before notes late what it has copied.
        pages.copied.store(DUE_PAGES + 7, Relaxed);
        assert_eq!(pages.beyond(), 30);
    }
}
