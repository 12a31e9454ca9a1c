//! How many requests and link calls of a service run at once, how many of these may be slow
//! responses, and how many may wait.

use super::slow_responses::SlowResponses;
use crate::client::Client;
use crate::fair_line::{FairLine, LineFull, Place};
use crate::registry::Limits;
use crate::telemetry::CurrentRequest;
use std::sync::Arc;
use std::time::Duration;

/// The slots of one generation.
pub struct Slots {
    pub requests: Arc<FairLine>,
    /// Link calls have slots of their own: a flood of requests must not keep other services out.
    calls: Arc<FairLine>,
    slow_responses: Arc<SlowResponses>,
    wait_max: Duration,
}

impl Slots {
    pub fn new(limits: &Limits) -> Self {
        Self {
            requests: FairLine::new(limits.instances, limits.queue),
            calls: FairLine::new(limits.instances, limits.queue),
            slow_responses: Arc::new(SlowResponses::new(limits.slow_answers())),
            wait_max: limits.timeout,
        }
    }

    /// The places of slow responses.
    pub fn slow_responses(&self) -> Arc<SlowResponses> {
        Arc::clone(&self.slow_responses)
    }

    /// Waits for a slot for a client's request, within bounds.
    pub async fn for_request(&self, client: Client) -> Result<Place, LineFull> {
        self.requests.enter(client, self.wait_max).await
    }

    /// Waits for a slot for a link call, within bounds.
    pub async fn for_call(&self) -> Result<Place, LineFull> {
        let client = CurrentRequest::client();
        self.calls.enter(client, self.wait_max).await
    }
}
