//! The write-ahead log of a store, kept elsewhere before it starts over and is overwritten.

use rusqlite::Connection;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// Where the salts are in the head of the log. They are others each time that the log starts over
/// (SQLite's file format, section 4.1).
const SALTS_AT: u64 = 16;

/// How far a log has commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPosition {
    pub log: PathBuf,
    /// Another each time that the log starts over; none for an empty one.
    pub salts: Option<[u8; 8]>,
    pub bytes: u64,
}

impl LogPosition {
    /// Whether the database has all that the log has.
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    pub(super) fn of(log: &Path, bytes: u64) -> io::Result<Self> {
        let salts = match bytes {
            0 => None,
            _ => {
                let mut salts = [0; 8];
                File::open(log)?.read_exact_at(&mut salts, SALTS_AT)?;
                Some(salts)
            }
        };
        Ok(Self {
            log: log.to_owned(),
            salts,
            bytes,
        })
    }
}

/// Keeps what a log has, elsewhere.
pub trait LogKeeper: Send {
    /// Keeps all up to a position, durably. Between two calls the log has started over at most
    /// once, and not before all of it was kept.
    ///
    /// # Errors
    /// It could not be kept. The keeper is not called again.
    fn keep_up_to(&mut self, position: &LogPosition) -> io::Result<()>;
}

/// A keeper, and a reader that makes a checkpoint stop where it is.
pub(super) struct KeptLog {
    keeper: Box<dyn LogKeeper>,
    reader: Connection,
}

impl KeptLog {
    pub(super) fn new(database: &Path, keeper: Box<dyn LogKeeper>) -> io::Result<Self> {
        let reader = Connection::open(database).map_err(failed)?;
        Ok(Self { keeper, reader })
    }

    /// Lets no checkpoint copy more than is committed now.
    pub(super) fn mark(&mut self) -> io::Result<()> {
        // The snapshot is taken by the first read, not by BEGIN.
        let mark = "BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1";
        self.reader.execute_batch(mark).map_err(failed)
    }

    /// Ends [`Self::mark`].
    pub(super) fn unmark(&mut self) -> io::Result<()> {
        self.reader.execute_batch("COMMIT").map_err(failed)
    }

    pub(super) fn keep_up_to(&mut self, position: &LogPosition) -> io::Result<()> {
        self.keeper.keep_up_to(position)
    }
}

/// An error of SQLite as one of the system.
pub(super) fn failed(error: rusqlite::Error) -> io::Error {
    io::Error::other(error.to_string())
}
