//! The one writer of a store: gives a guest its write transaction, and ends one that takes too
//! long.

use super::bindings::Error;
use super::checkpoint::Checkpointer;
use super::connection::GuestConnection;
use super::figures::WriteFigures;
use super::group::WriterConnection;
use super::long_turns::{LongTurn, LongTurns};
use super::queue::{WAIT_TIME_MAX, WriterQueue};
use super::transaction::{SharedTransaction, WriteTransaction};
use crate::telemetry::CurrentRequest;
use crate::wall_clock::WallClock;
use parking_lot::Mutex;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How often the watch looks whether a transaction has outlived its time.
const WATCH_INTERVAL: Duration = Duration::from_millis(50);

/// The store's write side.
pub(super) struct StoreWriter {
    queue: Arc<WriterQueue>,
    long_turns: Arc<LongTurns>,
    clock: Arc<WallClock>,
    bytes_max: AtomicU64,
    /// The transaction that runs, for the watch.
    current: Arc<Mutex<Weak<SharedTransaction>>>,
}

impl StoreWriter {
    /// Must be called within a Tokio runtime.
    pub(super) fn open(
        file: &Path,
        bytes_max: u64,
        clock: Arc<WallClock>,
    ) -> rusqlite::Result<Self> {
        let mut guest = GuestConnection::writer(file, bytes_max)?;
        let checkpointer = Checkpointer::open(file, &mut guest.sqlite)?;
        let queue = Arc::new(WriterQueue::new(WriterConnection::new(guest), checkpointer));
        let current = Arc::new(Mutex::new(Weak::new()));
        tokio::spawn(watch(Arc::downgrade(&queue), Arc::clone(&current)));
        Ok(Self {
            queue,
            long_turns: Arc::new(LongTurns::new()),
            clock,
            bytes_max: AtomicU64::new(bytes_max),
            current,
        })
    }

    /// Waits for the connection, and begins a transaction that may take `time_max`; `retire` is set
    /// if it outlives that.
    ///
    /// # Errors
    /// `Clock` while the clock is not trusted, `Busy` after a long wait, and SQLite's.
    pub(super) async fn begin(
        &self,
        time_max: Duration,
        retire: Arc<AtomicBool>,
    ) -> Result<WriteTransaction, Error> {
        let client = CurrentRequest::client();
        let alone = match self.long_turns.share_of(client, Instant::now()) {
            Some(share) => Some(wait_for(share).await?),
            None => None,
        };
        let mut guard = self.queue.wait().await?;
        // After the wait, which may have been long: the transaction writes times from now on.
        let begun = match self.clock.is_trusted() {
            true => guard.begin(time_max),
            false => Err(Error::Clock),
        };
        if let Err(error) = begun {
            self.queue.leave(guard);
            return Err(error);
        }
        let turn = LongTurn::begin(&self.long_turns, client, alone);
        let shared = Arc::new(SharedTransaction::new(guard, turn, time_max, retire));
        *self.current.lock() = Arc::downgrade(&shared);
        let (queue, clock) = (Arc::clone(&self.queue), Arc::clone(&self.clock));
        Ok(WriteTransaction::new(shared, queue, clock))
    }

    /// Sets how large the database may become.
    pub(super) async fn resize(&self, bytes_max: u64) -> rusqlite::Result<()> {
        self.queue.lock().await.guest.resize(bytes_max)?;
        self.bytes_max.store(bytes_max, Relaxed);
        Ok(())
    }

    /// How large the database may become.
    pub(super) fn bytes_max(&self) -> u64 {
        self.bytes_max.load(Relaxed)
    }

    /// What it has done.
    pub(super) fn figures(&self) -> &WriteFigures {
        self.queue.figures()
    }

    /// The queue for the connection.
    pub(super) fn queue(&self) -> &WriterQueue {
        &self.queue
    }

    /// Commits what is open and empties the write-ahead log.
    pub(super) async fn close(&self) {
        self.queue.close().await;
    }
}

/// Waits for a client's only turn.
///
/// # Errors
/// `Busy` after [`WAIT_TIME_MAX`].
async fn wait_for(share: Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Error> {
    match tokio::time::timeout(WAIT_TIME_MAX, share.acquire_owned()).await {
        Ok(Ok(permit)) => Ok(permit),
        _ => Err(Error::Busy),
    }
}

/// Ends transactions that have outlived their time, such as one of a guest that loops.
async fn watch(queue: Weak<WriterQueue>, current: Arc<Mutex<Weak<SharedTransaction>>>) {
    loop {
        tokio::time::sleep(WATCH_INTERVAL).await;
        let Some(queue) = queue.upgrade() else { return };
        let transaction = current.lock().upgrade();
        if let Some(transaction) = transaction {
            transaction.end_if_out_of_time(Instant::now(), &queue);
        }
    }
}
