//! Reads: each has a connection of its own from a small pool, and so a snapshot of durable data.
//!
//! Most reads of a service take a few microseconds, less than a switch to another thread. So a read
//! begins on the thread of its request. A long read is stopped, and begins again on the blocking
//! pool, where no request waits for its thread.

use super::bindings::{Error, Rows, Value};
use super::budget::INLINE_TIME_MAX;
use super::connection::{GuestConnection, VALUE_BYTES_MAX};
use super::error::for_guest;
use super::figures::ReadFigures;
use super::statement;
use crate::fair_line::{FairLine, LineFull};
use crate::telemetry::CurrentRequest;
use parking_lot::Mutex;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// The largest value that a read may make there, in bytes: a single step of SQLite's, which nothing
/// can interrupt, takes time by the size of its values.
const INLINE_VALUE_BYTES_MAX: usize = 16 << 10;
/// How many long reads of one store may run, or wait for a thread, at once.
const LONG_READS_MAX: usize = 2;
/// How many more of one store may wait: more than a service has instances.
const LONG_READS_WAITING_MAX: usize = 1_024;
/// Memory for the pages of a connection that reads all of a store, in KiB: it reads some tables in
/// no order.
const CACHE_OF_ALL_KIB: i64 = 64 * 1024;
/// How many faults of a file are named.
const VIOLATIONS_MAX: u32 = 20;
/// How many idle connections a store keeps; it closes others after use.
const IDLE_MAX: usize = 8;

/// The line for the long reads of all stores: they leave one core free, if there are two.
fn all_long_reads() -> &'static Arc<FairLine> {
    static ALL: LazyLock<Arc<FairLine>> = LazyLock::new(|| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        FairLine::new((cores - 1).max(1), LONG_READS_WAITING_MAX)
    });
    &ALL
}

/// Gives a connection the memory to read all of a store.
fn to_read_all(connection: GuestConnection) -> rusqlite::Result<GuestConnection> {
    connection.host_statement(&format!("PRAGMA cache_size = -{CACHE_OF_ALL_KIB}"))?;
    Ok(connection)
}

pub(super) struct Readers {
    file: PathBuf,
    idle: Mutex<Vec<GuestConnection>>,
    long_reads: Arc<FairLine>,
    figures: ReadFigures,
    /// Whether there is one connection only, whose one transaction never ends.
    snapshot: bool,
}

impl Readers {
    pub(super) fn new(file: &Path) -> Self {
        Self {
            file: file.to_owned(),
            idle: Mutex::default(),
            long_reads: FairLine::new(LONG_READS_MAX, LONG_READS_WAITING_MAX),
            figures: ReadFigures::default(),
            snapshot: false,
        }
    }

    pub(super) fn snapshot(file: &Path) -> rusqlite::Result<Self> {
        let connection = to_read_all(GuestConnection::reader(file)?)?;
        connection.host_statement("BEGIN")?;
        // The snapshot is taken by the first read, not by BEGIN.
        connection.host_statement("SELECT 1 FROM sqlite_schema LIMIT 1")?;
        Ok(Self {
            idle: Mutex::new(vec![connection]),
            snapshot: true,
            ..Self::new(file)
        })
    }

    /// Checks the pages of the file, and that its indexes and its constraints fit its rows; returns
    /// the number of pages, and what is wrong.
    pub(super) fn check_file(&self) -> rusqlite::Result<(u64, Vec<String>)> {
        let connection = to_read_all(GuestConnection::checker(&self.file)?)?;
        connection.budget.allow(Duration::MAX);
        connection.check_file(VIOLATIONS_MAX)
    }

    /// What they have done.
    pub(super) fn figures(&self) -> &ReadFigures {
        &self.figures
    }

    /// The file of the store.
    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    pub(super) async fn query(
        self: &Arc<Self>,
        time_max: Duration,
        sql: String,
        parameters: Vec<Value>,
    ) -> Result<Rows, Error> {
        self.figures.count();
        if self.snapshot {
            // A process that reads a snapshot serves no requests, which this could delay.
            return self.query_within(time_max, VALUE_BYTES_MAX, &sql, &parameters);
        }
        let inline_time = INLINE_TIME_MAX.min(time_max);
        match self.query_within(inline_time, INLINE_VALUE_BYTES_MAX, &sql, &parameters) {
            Err(Error::TimedOut | Error::TooLarge(_)) => {}
            done => return done,
        }
        self.figures.count_long();
        // First a place of the store's own, so that no store takes the places of all.
        let client = CurrentRequest::client();
        let places = async {
            let own = self.long_reads.enter(client, time_max).await?;
            Ok::<_, LineFull>((own, all_long_reads().enter(client, time_max).await?))
        };
        let Ok(Ok(_places)) = tokio::time::timeout(time_max, places).await else {
            return Err(Error::Busy);
        };
        let readers = Arc::clone(self);
        let long = move || readers.query_within(time_max, VALUE_BYTES_MAX, &sql, &parameters);
        tokio::task::spawn_blocking(long)
            .await
            .unwrap_or_else(|_| Err(Error::Io("the read did not end".to_owned())))
    }

    fn query_within(
        &self,
        time: Duration,
        value_bytes_max: usize,
        sql: &str,
        parameters: &[Value],
    ) -> Result<Rows, Error> {
        let connection = self.take()?;
        connection
            .allow_values_of(value_bytes_max)
            .map_err(|error| for_guest(&error))?;
        connection.budget.allow(time);
        let answer = statement::query(&connection, sql, parameters);
        self.give_back(connection);
        answer
    }

    fn take(&self) -> Result<GuestConnection, Error> {
        let idle = self.idle.lock().pop();
        match idle {
            Some(connection) => Ok(connection),
            None if self.snapshot => Err(Error::Busy),
            None => GuestConnection::reader(&self.file).map_err(|error| for_guest(&error)),
        }
    }

    fn give_back(&self, connection: GuestConnection) {
        let mut idle = self.idle.lock();
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
    }
}
