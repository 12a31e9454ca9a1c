//! The tick: follow the journal, then send what is due.
//!
//! Some deliveries of each webhook are sent at once, so that a receiver that does not respond
//! delays the others by no more than [`TIMEOUT`]. No transaction is open meanwhile. A crash before
//! the results are recorded sends these deliveries again.

use super::attempt::GONE;
use super::end::end;
use super::follow::follow;
use super::post::event_post;
use super::rows;
use crate::Error;
use crate::service::{Env, Service};
use crate::webhook::{self, Webhook};
use std::time::Duration;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::http::client::{Client, SendError};
use strongroom_sdk::idempotency;
use strongroom_sdk::store::{Store, Transaction};

/// How long one delivery may take.
pub const TIMEOUT: Duration = Duration::from_secs(3);
/// How many deliveries of one webhook are sent at once. Times the most webhooks that there may be,
/// this is the number of outgoing requests that the host lets a service have.
pub const AT_ONCE_PER_WEBHOOK: i64 = 4;
/// After so many milliseconds a tick begins no further round.
const TICK_MS_MAX: i64 = 2_000;
/// How long a delivery that is not pending is kept, and can be sent again, in milliseconds.
const KEPT_MS: i64 = 30 * 24 * 3_600 * 1_000;
/// More webhooks than there may be.
const WEBHOOKS_READ_MAX: i64 = 100;

/// Why a delivery is not sent: the journal does not have its event, as after a restore of an older
/// backup.
const UNKNOWN_EVENT: &str = "the ledger does not know the event";

impl<E: Env> Service<E> {
    /// Follows the journal and sends what is due; returns how many deliveries that was.
    ///
    /// # Errors
    /// [`Error`].
    pub fn tick(&self) -> Result<usize, Error> {
        let started_ms = self.clock.now_ms();
        rows::purge(&self.store, started_ms.saturating_sub(KEPT_MS))?;
        webhook::purge_secrets(&self.store, started_ms)?;
        idempotency::sweep(&self.store, started_ms)?;
        let webhooks = webhook::active(&self.store, WEBHOOKS_READ_MAX)?;
        follow(&self.store, &self.journal, &webhooks, started_ms)?;
        let mut sent = 0;
        loop {
            // Read for each round: what an administrator has changed meanwhile holds from here on.
            let webhooks = webhook::active(&self.store, WEBHOOKS_READ_MAX)?;
            let round = self.send_round(&webhooks, started_ms)?;
            sent += round;
            let passed_ms = self.clock.now_ms().saturating_sub(started_ms);
            if round == 0 || passed_ms >= TICK_MS_MAX {
                return Ok(sent);
            }
        }
    }

    /// Sends some of what was due at `due_ms`, and records the results; returns how many.
    fn send_round(&self, webhooks: &[Webhook], due_ms: i64) -> Result<usize, Error> {
        let mut results = Vec::new();
        let mut deliveries = Vec::new();
        let mut posts = Vec::new();
        for webhook in webhooks {
            let due = rows::due(&self.store, webhook.key, due_ms, AT_ONCE_PER_WEBHOOK)?;
            if due.is_empty() {
                continue;
            }
            let now_ms = self.clock.now_ms();
            let secrets = webhook::signing_secrets(&self.store, webhook, now_ms)?;
            for delivery in due {
                let sequence = delivery.sequence;
                match event_post(webhook, &secrets, sequence, &self.journal, now_ms)? {
                    Some(post) => {
                        deliveries.push(delivery);
                        posts.push(post);
                    }
                    None => {
                        let error = SendError::Failed(UNKNOWN_EVENT.to_owned());
                        results.push((delivery, Err(error)));
                    }
                }
            }
        }
        let responses = self.client.post_all(&posts, TIMEOUT);
        results.extend(deliveries.into_iter().zip(responses));
        let count = results.len();
        let now_ms = self.clock.now_ms();
        let transaction = self.store.begin()?;
        let mut gone = Vec::new();
        for (delivery, result) in results {
            if result == Ok(GONE) {
                gone.push(delivery.webhook_key);
            }
            rows::record(&transaction, delivery.after_attempt(result, now_ms))?;
        }
        let is_gone = |webhook: &&Webhook| gone.contains(&webhook.key);
        for webhook in webhooks.iter().filter(is_gone) {
            end(&transaction, webhook, now_ms)?;
        }
        transaction.commit()?;
        Ok(count)
    }
}
