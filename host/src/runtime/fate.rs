//! What has become of a request in its instance, told to those who wait for its response outside.
//!
//! wasmtime's answers do not tell a trap from a timeout, and a response body whose guest has trapped ends like one that is whole.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// The fate of one request.
#[derive(Debug, Default)]
pub(super) struct RequestFate {
    time_up: AtomicBool,
    broken_off: AtomicBool,
}

impl RequestFate {
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

/// The requests that an instance serves, or whose response bodies it still sends.
#[derive(Debug, Clone, Default)]
pub(super) struct Requests(Arc<Mutex<Vec<Weak<RequestFate>>>>);

impl Requests {
    /// Notes one more; those whose clients have everything are forgotten.
    pub(super) fn add(&self, fate: &Arc<RequestFate>) {
        let mut requests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        requests.retain(|request| request.strong_count() > 0);
        requests.push(Arc::downgrade(fate));
    }

    /// Says to all that their time is up.
    pub(super) fn end_time(&self) {
        self.for_each(RequestFate::end_time);
    }

    /// Says to all that their instance is gone.
    pub(super) fn break_off(&self) {
        self.for_each(|fate| fate.broken_off.store(true, Relaxed));
    }

    fn for_each(&self, tell: impl Fn(&RequestFate)) {
        let requests = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        requests
            .iter()
            .filter_map(Weak::upgrade)
            .for_each(|fate| tell(&fate));
    }
}
