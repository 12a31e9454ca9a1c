//! The attempts of one tick that are under way.

use super::record::Delivery;
use crate::webhook::Webhook;
use std::collections::BTreeSet;
use std::time::Duration;
use strongroom_sdk::http::client::{Post, Requests, SendError};
use strongroom_sdk::store::StoreError;

/// How many deliveries of one webhook are sent at once. Times the most webhooks that there may be,
/// this is the number of outgoing requests that the host lets a service have.
pub const AT_ONCE_PER_WEBHOOK: usize = 4;

/// A delivery on its way.
pub(super) struct Attempt {
    /// The webhook as it was when the request was sent.
    pub(super) webhook: Webhook,
    pub(super) delivery: Delivery,
}

/// An attempt, with the status of the response or why there is none.
pub(super) type AttemptResult = (Attempt, Result<u16, SendError>);

/// The attempts under way. Each webhook has places of its own. One whose receiver did not respond
/// in time gets no further place: it would hold up the end of the tick.
pub(super) struct Sending<R> {
    requests: R,
    /// Results of attempts that were not sent.
    unsent: Vec<AttemptResult>,
    /// Webhook and sequence of each delivery.
    under_way: BTreeSet<(i64, u64)>,
    silent: BTreeSet<i64>,
}

impl<R: Requests<Attempt>> Sending<R> {
    pub(super) fn new(requests: R) -> Self {
        Self {
            requests,
            unsent: Vec::new(),
            under_way: BTreeSet::new(),
            silent: BTreeSet::new(),
        }
    }

    /// As many of a webhook's due deliveries as it has free places. `due` reads them, up to a
    /// number.
    pub(super) fn select(
        &self,
        webhook_key: i64,
        due: impl FnOnce(usize) -> Result<Vec<Delivery>, StoreError>,
    ) -> Result<Vec<Delivery>, StoreError> {
        let of_webhook = (webhook_key, 0)..=(webhook_key, u64::MAX);
        let free = AT_ONCE_PER_WEBHOOK - self.under_way.range(of_webhook).count();
        if free == 0 || self.silent.contains(&webhook_key) {
            return Ok(Vec::new());
        }
        // Those under way are still due in the store.
        let mut due = due(AT_ONCE_PER_WEBHOOK)?;
        due.retain(|delivery| !self.under_way.contains(&place(delivery)));
        due.truncate(free);
        Ok(due)
    }

    pub(super) fn send(&mut self, attempt: Attempt, post: &Post) {
        self.under_way.insert(place(&attempt.delivery));
        self.requests.send(attempt, post);
    }

    /// Notes an attempt that cannot be sent.
    pub(super) fn fail(&mut self, attempt: Attempt, error: SendError) {
        self.under_way.insert(place(&attempt.delivery));
        self.unsent.push((attempt, Err(error)));
    }

    pub(super) fn is_under_way(&self) -> bool {
        !self.under_way.is_empty()
    }

    /// Waits until an attempt has a result, for at most so long; returns the results.
    pub(super) fn wait(&mut self, at_most: Duration) -> Vec<AttemptResult> {
        let mut ended = std::mem::take(&mut self.unsent);
        if ended.is_empty() {
            ended = self.requests.wait(at_most);
        }
        for (attempt, result) in &ended {
            self.under_way.remove(&place(&attempt.delivery));
            if *result == Err(SendError::TimedOut) {
                self.silent.insert(attempt.webhook.key);
            }
        }
        ended
    }
}

fn place(delivery: &Delivery) -> (i64, u64) {
    (delivery.webhook_key, delivery.sequence)
}
