//! What has become of a request in its instance, told to those who wait for its response outside.
//!
//! wasmtime's answers do not tell a trap from a timeout, and a response body whose guest has trapped ends like one that is whole.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::OwnedSemaphorePermit;

/// The fate of one request.
#[derive(Debug)]
pub(super) struct RequestFate {
    time_up: AtomicBool,
    broken_off: AtomicBool,
    /// The request's slot. It is the instance that needs it: a client that goes away, or that does not read its response, neither
    /// frees nor keeps it.
    slot: Mutex<Option<OwnedSemaphorePermit>>,
}

impl RequestFate {
    pub(super) fn new(slot: OwnedSemaphorePermit) -> Self {
        Self {
            time_up: AtomicBool::new(false),
            broken_off: AtomicBool::new(false),
            slot: Mutex::new(Some(slot)),
        }
    }

    /// Gives the slot back: the instance is done with the request.
    fn release(&self) {
        let slot = self
            .slot
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(slot);
    }

    /// Whether it used up its wall time or its CPU time.
    pub(super) fn is_time_up(&self) -> bool {
        self.time_up.load(Relaxed)
    }

    /// Whether its instance ended before it did.
    pub(super) fn is_broken_off(&self) -> bool {
        self.broken_off.load(Relaxed)
    }

    /// Says that its time is up.
    pub(super) fn end_time(&self) {
        self.time_up.store(true, Relaxed);
    }
}

/// The request that an instance serves, or served last.
#[derive(Debug, Clone, Default)]
pub(super) struct CurrentRequest(Arc<Mutex<Option<Arc<RequestFate>>>>);

impl CurrentRequest {
    /// Notes that the instance has taken a request, and so is done with the one before.
    pub(super) fn begin(&self, fate: Arc<RequestFate>) {
        if let Some(done) = self.lock().replace(fate) {
            done.release();
        }
    }

    /// Notes that the instance is done with its request.
    pub(super) fn end(&self) {
        if let Some(fate) = self.lock().as_ref() {
            fate.release();
        }
    }

    /// Tells the request that its time is up.
    pub(super) fn end_time(&self) {
        if let Some(fate) = self.lock().as_ref() {
            fate.end_time();
        }
    }

    /// Tells the request that its instance is gone.
    pub(super) fn break_off(&self) {
        if let Some(fate) = self.lock().as_ref() {
            fate.broken_off.store(true, Relaxed);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<RequestFate>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
