//! Moves the write-ahead log into the database, off the commit path: a checkpoint inside a commit would make that commit wait
//! for some thousand page writes and two fsyncs.

use super::failed_sync::end_on_failed_sync;
use super::writer::WriterConnection;
use async_lock::Mutex;
use rusqlite::Connection;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};
use std::sync::{Arc, MutexGuard, PoisonError};

/// A checkpoint is due when the log has this many pages (4 MiB).
const DUE_PAGES: i64 = 1_000;
/// Above this (64 MiB) a checkpoint keeps writers out until it is done, so that the log can start over.
const URGENT_PAGES: i64 = 16_000;

/// Checkpoints of one store; they never run at once.
pub(super) struct Checkpointer {
    connection: std::sync::Mutex<Connection>,
    pages: Arc<AtomicI64>,
    running: AtomicBool,
}

impl Checkpointer {
    /// Watches the log of `writer`.
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
            connection: std::sync::Mutex::new(connection),
            pages,
            running: AtomicBool::new(false),
        })
    }

    /// How many pages the log had after the last commit that wrote to it.
    pub(super) fn log_pages(&self) -> i64 {
        self.pages.load(Relaxed)
    }

    /// Whether the log is long.
    pub(super) fn is_due(&self) -> bool {
        self.log_pages() >= DUE_PAGES
    }

    /// Runs a checkpoint if the log is long; blocks, so it belongs on a thread that may.
    pub(super) fn run_if_due(&self, writer: &Arc<Mutex<WriterConnection>>) {
        let pages = self.log_pages();
        if pages < DUE_PAGES || self.running.swap(true, Relaxed) {
            return;
        }
        let mut done = self.run();
        if done.is_ok() && pages > URGENT_PAGES {
            let held = writer.lock_arc_blocking();
            done = self.run();
            drop(held);
        }
        if let Err(error) = done {
            tracing::warn!(%error, "a checkpoint failed; the next commit tries again");
        }
        self.running.store(false, Relaxed);
    }

    /// Waits for the checkpoint that runs, if one does, and lets none begin.
    pub(super) fn keep_out(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) -> rusqlite::Result<()> {
        let connection = self.keep_out();
        end_on_failed_sync(connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())))
    }
}
