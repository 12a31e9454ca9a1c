//! What the host knows of a request while an instance works on it.
//!
//! wasmtime does not tell a trap from a timeout, and a response body whose guest has trapped ends
//! like one that is whole.

use super::slow_responses::{SlowPlace, SlowResponses};
use crate::client::Client;
use crate::fair_line::Place;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// A request in its instance.
#[derive(Debug)]
pub struct InFlight {
    client: Client,
    time_up: AtomicBool,
    broken_off: AtomicBool,
    /// Whether the head of its response is on its way.
    is_responding: AtomicBool,
    slow_responses: Arc<SlowResponses>,
    held: Mutex<Held>,
}

/// What a request keeps from others as long as its instance works on it.
#[derive(Debug, Default)]
struct Held {
    /// The request's slot. The instance needs it, so a client that leaves, or that does not read
    /// its response, neither frees nor keeps it.
    #[expect(dead_code, reason = "held until the request is done with")]
    slot: Option<Place>,
    /// Its place among the slow responses.
    slow_response: Option<SlowPlace>,
}

impl InFlight {
    /// A client's request that has a slot. A slow response needs one of the places.
    pub fn new(client: Client, slot: Place, slow_responses: Arc<SlowResponses>) -> Self {
        Self {
            client,
            time_up: AtomicBool::new(false),
            broken_off: AtomicBool::new(false),
            is_responding: AtomicBool::new(false),
            slow_responses,
            held: Mutex::new(Held {
                slot: Some(slot),
                slow_response: None,
            }),
        }
    }

    /// Who sent it.
    pub fn client(&self) -> Client {
        self.client
    }

    /// Says that the head of its response is on its way.
    pub fn begin_response(&self) {
        self.is_responding.store(true, Relaxed);
    }

    /// Whether a slow request may take longer. If its response has begun, it needs a place among
    /// the slow responses.
    pub fn may_be_slow(&self) -> bool {
        if !self.is_responding.load(Relaxed) {
            return true;
        }
        let mut held = self.held.lock();
        if held.slow_response.is_none() {
            held.slow_response = self.slow_responses.take(self.client);
        }
        held.slow_response.is_some()
    }

    /// Gives back what it holds: the instance is done with the request.
    fn release(&self) {
        let held = std::mem::take(&mut *self.held.lock());
        drop(held);
    }

    /// Whether it used up its wall time or its CPU time.
    pub fn is_time_up(&self) -> bool {
        self.time_up.load(Relaxed)
    }

    /// Whether its instance ended before it did.
    pub fn is_broken_off(&self) -> bool {
        self.broken_off.load(Relaxed)
    }

    /// Says that its time is up.
    pub fn end_time(&self) {
        self.time_up.store(true, Relaxed);
    }
}

/// Releases what a request keeps, when the instance is done with it.
pub struct Release<'a>(pub &'a InFlight);

impl Drop for Release<'_> {
    fn drop(&mut self) {
        self.0.release();
    }
}

/// Marks a request as broken off, unless it is disarmed: also when a panic unwinds.
pub struct BreakOff<'a>(pub &'a InFlight);

impl BreakOff<'_> {
    /// The request has come to its end.
    pub fn disarm(self) {
        std::mem::forget(self);
    }
}

impl Drop for BreakOff<'_> {
    fn drop(&mut self) {
        self.0.broken_off.store(true, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fair_line::FairLine;
    use std::time::Duration;

    async fn request(slow_responses: &Arc<SlowResponses>) -> InFlight {
        let client = Client::of_subject("ann");
        let line = FairLine::new(1, 0);
        let slot = line.enter(client, Duration::ZERO).await.unwrap();
        InFlight::new(client, slot, Arc::clone(slow_responses))
    }

    #[tokio::test]
    async fn a_response_that_has_begun_may_be_slow_while_there_is_a_place_for_it() {
        let places = Arc::new(SlowResponses::new(1));
        let first = request(&places).await;
        let second = request(&places).await;
        assert!(first.may_be_slow() && second.may_be_slow());
        assert!(places.take(Client::of_subject("bob")).is_some());
        first.begin_response();
        second.begin_response();
        assert!(first.may_be_slow() && first.may_be_slow());
        assert!(!second.may_be_slow());
        first.release();
        assert!(second.may_be_slow());
    }
}
