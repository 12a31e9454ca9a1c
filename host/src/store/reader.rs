//! Reads: each on a connection of its own from a small pool, so on a snapshot of what is durable.
//!
//! Most reads of a service take a few microseconds, less than handing them to another thread would. So a read begins right
//! where its request runs; one that turns out to be long is stopped and begun again on the blocking pool, where it holds up nobody.

use super::bindings::{Error, Rows, Value};
use super::connection::GuestConnection;
use super::error::for_guest;
use super::statement;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long a read may run where its request runs.
const INLINE_TIME_MAX: Duration = Duration::from_millis(2);
/// How many long reads of one store run at once, each on a thread of its own; more wait for their turn within their time.
const LONG_READS_MAX: usize = 4;
/// How many idle connections are kept; more are closed after use.
const IDLE_MAX: usize = 8;

pub(super) struct Readers {
    file: PathBuf,
    idle: Mutex<Vec<GuestConnection>>,
    long_reads: Semaphore,
    /// Whether there is one connection only, with one transaction that is never ended.
    snapshot: bool,
}

impl Readers {
    pub(super) fn new(file: &Path) -> Self {
        Self {
            file: file.to_owned(),
            idle: Mutex::default(),
            long_reads: Semaphore::new(LONG_READS_MAX),
            snapshot: false,
        }
    }

    pub(super) fn snapshot(file: &Path) -> rusqlite::Result<Self> {
        let connection = GuestConnection::reader(file)?;
        connection.host_statement("BEGIN")?;
        // The snapshot is taken by the first read, not by BEGIN.
        connection.host_statement("SELECT 1 FROM sqlite_schema LIMIT 1")?;
        let readers = Self {
            file: file.to_owned(),
            idle: Mutex::new(vec![connection]),
            long_reads: Semaphore::new(LONG_READS_MAX),
            snapshot: true,
        };
        Ok(readers)
    }

    pub(super) async fn query(
        self: &Arc<Self>,
        time_max: Duration,
        sql: String,
        parameters: Vec<Value>,
    ) -> Result<Rows, Error> {
        let inline_time = INLINE_TIME_MAX.min(time_max);
        match self.query_within(inline_time, &sql, &parameters) {
            Err(Error::TimedOut) if inline_time < time_max => {}
            done => return done,
        }
        let turn = tokio::time::timeout(time_max, self.long_reads.acquire()).await;
        let Ok(Ok(_turn)) = turn else {
            return Err(Error::Busy);
        };
        let readers = Arc::clone(self);
        let long = move || readers.query_within(time_max, &sql, &parameters);
        tokio::task::spawn_blocking(long)
            .await
            .unwrap_or_else(|_| Err(Error::Io("the read did not end".to_owned())))
    }

    fn query_within(&self, time: Duration, sql: &str, parameters: &[Value]) -> Result<Rows, Error> {
        let connection = self.take()?;
        connection.budget.allow(time);
        let answer = statement::query(&connection, sql, parameters);
        self.give_back(connection);
        answer
    }

    fn take(&self) -> Result<GuestConnection, Error> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        match idle {
            Some(connection) => Ok(connection),
            None if self.snapshot => Err(Error::Busy),
            None => GuestConnection::reader(&self.file).map_err(|error| for_guest(&error, false)),
        }
    }

    fn give_back(&self, connection: GuestConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
    }
}
