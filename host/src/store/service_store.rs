//! The store of one service: its database and logs, opened to write or to read one snapshot.

use super::bindings::{Error, Rows, Value};
use super::copy::StoreFiles;
use super::failed_sync::end_on_failed_sync;
use super::figures::ReadFigures;
use super::kept_log::LogKeeper;
use super::log_file::{LOG_SUFFIX, with_suffix};
use super::reader::Readers;
use super::wal_recovery::make_log_durable;
use super::writer::StoreWriter;
use crate::private_file;
use crate::wall_clock::WallClock;
use rusqlite::ffi::{Error as Failure, SQLITE_IOERR};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long the calls of a session may take. They belong to a generation, so two that share a store
/// can differ.
#[derive(Debug, Clone, Copy)]
pub struct StoreTimes {
    /// How long a write transaction may hold the writer.
    pub write_turn: Duration,
    /// How long one read may take.
    pub read: Duration,
}

/// The store of one service; cheap to clone.
#[derive(Clone)]
pub struct ServiceStore {
    /// The name of the service.
    name: Arc<str>,
    readers: Arc<Readers>,
    /// None for a snapshot.
    writer: Option<Arc<StoreWriter>>,
}

impl ServiceStore {
    /// Opens the store in a file, and makes it if there is none. It may grow to `bytes_max`. Its
    /// files are readable by their owner alone afterwards. It is written to only while `clock` is
    /// trusted.
    ///
    /// # Errors
    /// The file cannot be opened, is not a database, or belongs to another user.
    pub fn open(file: &Path, bytes_max: u64, clock: Arc<WallClock>) -> rusqlite::Result<Self> {
        let failed = |what: &str, error| {
            let text = format!("{what}: {error}");
            rusqlite::Error::SqliteFailure(Failure::new(SQLITE_IOERR), Some(text))
        };
        make_log_durable(file)
            .map_err(|error| failed("the write-ahead log could not be written over", error))?;
        let writer = end_on_failed_sync(StoreWriter::open(file, bytes_max, clock))?;
        // SQLite gives the logs that it makes from now on the mode of the database.
        tighten_all(file)
            .map_err(|error| failed("it could not be closed to other users", error))?;
        Ok(Self {
            name: name_of(file),
            readers: Arc::new(Readers::new(file)),
            writer: Some(Arc::new(writer)),
        })
    }

    /// Opens the store in a file to read one snapshot of it, such as for an audit; the host that
    /// writes to it may be running.
    ///
    /// # Errors
    /// The file does not exist, or is not a database.
    pub fn open_snapshot(file: &Path) -> rusqlite::Result<Self> {
        Ok(Self {
            name: name_of(file),
            readers: Arc::new(Readers::snapshot(file)?),
            writer: None,
        })
    }

    /// Lets the store grow to `bytes_max`. A store that is larger already keeps its content, and
    /// grows no more.
    ///
    /// # Errors
    /// SQLite's.
    pub async fn resize(&self, bytes_max: u64) -> rusqlite::Result<()> {
        match &self.writer {
            Some(writer) => writer.resize(bytes_max).await,
            None => Ok(()),
        }
    }

    /// Commits the open group, and empties the write-ahead log into the database: the last act of a
    /// drained host.
    pub async fn close(&self) {
        if let Some(writer) = &self.writer {
            writer.close().await;
        }
    }

    /// Lets `copy` have the files of the store as they are at one moment, while guests go on
    /// writing to it. If it returns a keeper, that one keeps the log from then on, and replaces any
    /// other. Blocks. A snapshot has none.
    ///
    /// # Errors
    /// Those of `copy`; the files cannot be opened.
    pub fn copy_files<E: From<io::Error>>(
        &self,
        copy: impl FnOnce(StoreFiles) -> Result<Option<Box<dyn LogKeeper>>, E>,
    ) -> Result<(), E> {
        match &self.writer {
            Some(writer) => writer.queue().copy_files(self.file(), copy),
            None => Ok(()),
        }
    }

    /// Has the keeper of the log keep all that is committed by now. Blocks.
    ///
    /// # Errors
    /// There is no keeper, or it has failed.
    pub fn keep_log(&self) -> io::Result<()> {
        match &self.writer {
            Some(writer) => writer.queue().keep_log(),
            None => Ok(()),
        }
    }

    /// Has no keeper keep the log any more. Blocks.
    pub fn end_keeping(&self) {
        if let Some(writer) = &self.writer {
            writer.queue().end_keeping();
        }
    }

    /// Checks the file of a snapshot; returns its number of pages, and what is wrong.
    ///
    /// # Errors
    /// SQLite's.
    pub fn check_file(&self) -> rusqlite::Result<(u64, Vec<String>)> {
        self.readers.check_file()
    }

    /// The name of the service.
    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The file of the database.
    pub(super) fn file(&self) -> &Path {
        self.readers.file()
    }

    /// What its readers have done.
    pub(super) fn read_figures(&self) -> &ReadFigures {
        self.readers.figures()
    }

    /// None for a snapshot.
    pub(super) fn writer(&self) -> Option<&StoreWriter> {
        self.writer.as_deref()
    }

    /// Reads outside of any transaction, which may take this time.
    pub(super) async fn query(
        &self,
        time_max: Duration,
        sql: String,
        parameters: Vec<Value>,
    ) -> Result<Rows, Error> {
        self.readers.query(time_max, sql, parameters).await
    }
}

/// The service that a file is the store of.
fn name_of(file: &Path) -> Arc<str> {
    let name = file.file_stem().unwrap_or_default();
    name.to_string_lossy().into()
}

/// Takes all rights to a database and its logs from other users.
fn tighten_all(database: &Path) -> io::Result<()> {
    ["", LOG_SUFFIX, "-shm"]
        .into_iter()
        .try_for_each(|suffix| private_file::tighten(&with_suffix(database, suffix)))
}
