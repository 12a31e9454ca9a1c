//! The tick: follow the journal, and send what is due.
//!
//! Each webhook has places of its own for requests, and the tick waits for whichever ends first. So
//! a receiver that does not respond delays only its own deliveries. No transaction is open while
//! the tick waits. A crash before a result is recorded sends that delivery again.

use super::attempt::GONE;
use super::end::end;
use super::follow::follow;
use super::post::event_post;
use super::rows;
use super::sending::{Attempt, AttemptResult, Sending};
use crate::Error;
use crate::service::{Env, Service};
use crate::webhook::{self, Webhook};
use std::time::Duration;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::http::client::{Client, Requests, SendError};
use strongroom_sdk::idempotency;
use strongroom_sdk::store::{Store, Transaction};

/// How long one delivery may take.
pub const TIMEOUT: Duration = Duration::from_secs(3);
/// After so many milliseconds a tick sends nothing more. With [`TIMEOUT`] for the last request, it
/// ends well within the time that the host gives a call.
const SEND_FOR_MS: i64 = 4_000;
/// How often a tick that waits for receivers follows the journal, in milliseconds.
const FOLLOW_EVERY_MS: i64 = 1_000;
/// How long a delivery that is not pending is kept, and can be sent again, in milliseconds.
const KEPT_MS: i64 = 30 * 24 * 3_600 * 1_000;

/// More webhooks than there may be.
const WEBHOOKS_READ_MAX: i64 = 100;

/// Why a delivery is not sent: the journal does not have its event, as after a restore of an older
/// backup.
const UNKNOWN_EVENT: &str = "the ledger does not know the event";

impl<E: Env> Service<E> {
    /// Follows the journal and sends what is due; returns how many deliveries that was.
    pub fn tick(&self) -> Result<usize, Error> {
        let started_ms = self.clock.now_ms();
        rows::purge(&self.store, started_ms.saturating_sub(KEPT_MS))?;
        webhook::purge_secrets(&self.store, started_ms)?;
        idempotency::sweep(&self.store, started_ms)?;
        let mut sending = Sending::new(self.client.requests(TIMEOUT));
        let mut follow_at_ms = started_ms;
        let mut sent = 0;
        loop {
            // Read each time: what an administrator has changed meanwhile holds from here on.
            let webhooks = webhook::active(&self.store, WEBHOOKS_READ_MAX)?;
            let now_ms = self.clock.now_ms();
            if now_ms.saturating_sub(started_ms) < SEND_FOR_MS {
                if now_ms >= follow_at_ms {
                    follow(&self.store, &self.journal, &webhooks, now_ms)?;
                    follow_at_ms = now_ms.saturating_add(FOLLOW_EVERY_MS);
                }
                for webhook in &webhooks {
                    self.send_due(webhook, now_ms, &mut sending)?;
                }
            }
            if !sending.is_under_way() {
                return Ok(sent);
            }
            let results = sending.wait(Duration::from_millis(FOLLOW_EVERY_MS.unsigned_abs()));
            sent += results.len();
            self.record(results)?;
        }
    }

    /// Sends what is due to a webhook, as far as it has free places.
    fn send_due(
        &self,
        webhook: &Webhook,
        now_ms: i64,
        sending: &mut Sending<impl Requests<Attempt>>,
    ) -> Result<(), Error> {
        let due = sending.select(webhook.key, |limit| {
            rows::due(&self.store, webhook.key, now_ms, limit)
        })?;
        if due.is_empty() {
            return Ok(());
        }
        let secrets = webhook::signing_secrets(&self.store, webhook, now_ms)?;
        for delivery in due {
            let sequence = delivery.sequence;
            let post = event_post(webhook, &secrets, sequence, &self.journal, now_ms)?;
            let webhook = webhook.clone();
            let attempt = Attempt { webhook, delivery };
            match post {
                Some(post) => sending.send(attempt, &post),
                None => sending.fail(attempt, SendError::Failed(UNKNOWN_EVENT.to_owned())),
            }
        }
        Ok(())
    }

    /// Records the results of attempts. A webhook whose receiver is gone ends.
    fn record(&self, results: Vec<AttemptResult>) -> Result<(), Error> {
        if results.is_empty() {
            return Ok(());
        }
        let now_ms = self.clock.now_ms();
        let transaction = self.store.begin()?;
        let mut gone = Vec::new();
        for (Attempt { webhook, delivery }, result) in results {
            if result == Ok(GONE) {
                gone.push(webhook);
            }
            rows::record(&transaction, delivery.after_attempt(result, now_ms))?;
        }
        for webhook in &gone {
            end(&transaction, webhook, now_ms)?;
        }
        transaction.commit()?;
        Ok(())
    }
}
