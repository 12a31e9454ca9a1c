//! Moves the write-ahead log into the database, off the commit path: a checkpoint inside a commit
//! would make that commit wait for some thousand page writes and two fsyncs.

use super::failed_sync::end_on_failed_sync;
use super::group::WriterConnection;
use parking_lot::{Mutex, MutexGuard};
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};

/// A checkpoint is due when the log has this many pages (4 MiB).
const DUE_PAGES: i64 = 1_000;
/// Above this (64 MiB) a checkpoint keeps writers out until it is done, so that the log can start
/// over.
const URGENT_PAGES: i64 = 16_000;

/// Runs the checkpoints of one store, one at a time.
pub(super) struct Checkpointer {
    connection: Mutex<Connection>,
    pages: Arc<AtomicI64>,
    running: AtomicBool,
}

impl Checkpointer {
    /// Opens a connection for checkpoints, and counts the pages that `writer` adds to the log.
    pub(super) fn open(file: &Path, writer: &mut Connection) -> rusqlite::Result<Self> {
        let connection = Connection::open(file)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        let pages = Arc::new(AtomicI64::new(0));
        let seen = Arc::clone(&pages);
        writer.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, count| {
            seen.store(i64::from(count), Relaxed);
            Ok(())
        }))?;
        Ok(Self {
            connection: Mutex::new(connection),
            pages,
            running: AtomicBool::new(false),
        })
    }

    /// The pages of the log after the last commit that wrote to it.
    pub(super) fn log_pages(&self) -> i64 {
        self.pages.load(Relaxed)
    }

    /// Whether the log is long enough for a checkpoint.
    pub(super) fn is_due(&self) -> bool {
        self.log_pages() >= DUE_PAGES
    }

    /// Runs a checkpoint if one is due; blocks, so it must run on a thread of the blocking pool.
    pub(super) fn run_if_due(&self, writer: &Arc<async_lock::Mutex<WriterConnection>>) {
        let pages = self.log_pages();
        if !self.is_due() || self.running.swap(true, Relaxed) {
            return;
        }
        let mut done = self.run();
        if done.is_ok() && pages > URGENT_PAGES {
            let _guard = writer.lock_arc_blocking();
            done = self.run();
        }
        if let Err(error) = done {
            tracing::warn!(%error, "a checkpoint failed; the next commit tries again");
        }
        self.running.store(false, Relaxed);
    }

    /// Waits for a running checkpoint, and keeps others from beginning while the guard lives.
    pub(super) fn keep_out(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock()
    }

    fn run(&self) -> rusqlite::Result<()> {
        let connection = self.keep_out();
        end_on_failed_sync(connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())))
    }
}
