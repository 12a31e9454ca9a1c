//! What has become of a request in its instance, told to those who wait for its response outside.
//!
//! wasmtime's answers do not tell a trap from a timeout, and a response body whose guest has trapped ends like one that is whole.

use super::fair_line::Place;
use crate::client::Client;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The fate of one request.
#[derive(Debug)]
pub(super) struct RequestFate {
    client: Client,
    time_up: AtomicBool,
    broken_off: AtomicBool,
    /// Whether the head of its response is on its way.
    answered: AtomicBool,
    slow_answers: Arc<Semaphore>,
    held: Mutex<Held>,
}

/// What a request keeps from others as long as its instance works on it.
#[derive(Debug, Default)]
struct Held {
    /// The request's slot. It is the instance that needs it: a client that goes away, or that does not read its response, neither
    /// frees nor keeps it.
    #[expect(dead_code, reason = "held until the request is done with")]
    slot: Option<Place>,
    /// Its place among the slow answers.
    slow_answer: Option<OwnedSemaphorePermit>,
}

impl RequestFate {
    /// The fate of a client's request that has a slot; its answer, should it be slow, needs one of these places.
    pub(super) fn new(client: Client, slot: Place, slow_answers: Arc<Semaphore>) -> Self {
        Self {
            client,
            time_up: AtomicBool::new(false),
            broken_off: AtomicBool::new(false),
            answered: AtomicBool::new(false),
            slow_answers,
            held: Mutex::new(Held {
                slot: Some(slot),
                slow_answer: None,
            }),
        }
    }

    /// Who sent it.
    pub(super) fn client(&self) -> Client {
        self.client
    }

    /// Says that the head of its response is on its way.
    pub(super) fn begin_answer(&self) {
        self.answered.store(true, Relaxed);
    }

    /// Whether it may take longer, once it has been slow: where its answer has begun, only with a place among the slow answers.
    fn may_be_slow(&self) -> bool {
        if !self.answered.load(Relaxed) {
            return true;
        }
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.slow_answer.is_none() {
            held.slow_answer = Arc::clone(&self.slow_answers).try_acquire_owned().ok();
        }
        held.slow_answer.is_some()
    }

    /// Gives back what it holds: the instance is done with the request.
    fn release(&self) {
        let held = std::mem::take(&mut *self.held.lock().unwrap_or_else(PoisonError::into_inner));
        drop(held);
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

    /// Whether the request may take longer, once it has been slow.
    pub(super) fn may_be_slow(&self) -> bool {
        self.lock().as_ref().is_none_or(|fate| fate.may_be_slow())
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

#[cfg(test)]
mod tests {
    use super::super::fair_line::FairLine;
    use super::*;
    use std::time::Duration;

    async fn fate(slow_answers: &Arc<Semaphore>) -> RequestFate {
        let client = Client::of_subject("ann");
        let line = FairLine::new(1, 0);
        let slot = line.enter(client, Duration::ZERO).await.unwrap();
        RequestFate::new(client, slot, Arc::clone(slow_answers))
    }

    #[tokio::test]
    async fn an_answer_that_has_begun_may_be_slow_while_there_is_a_place_for_it() {
        let places = Arc::new(Semaphore::new(1));
        let first = fate(&places).await;
        let second = fate(&places).await;
        assert!(first.may_be_slow() && second.may_be_slow());
        assert_eq!(places.available_permits(), 1);
        first.begin_answer();
        second.begin_answer();
        assert!(first.may_be_slow() && first.may_be_slow());
        assert!(!second.may_be_slow());
        first.release();
        assert!(second.may_be_slow());
    }
}
