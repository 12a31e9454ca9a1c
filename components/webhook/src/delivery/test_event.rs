//! A test event: a request like that of a delivery, sent at once, of which nothing is stored but a
//! record of the audit log.

use super::attempt::GONE;
use super::end::end;
use super::post::signed_post;
use super::tick::TIMEOUT;
use crate::service::{Env, Service};
use crate::webhook::{TESTED, Webhook, signing_secrets};
use serde_json::json;
use strongroom_sdk::audit_log::{Actor, Record};
use strongroom_sdk::clock::{Clock, format_rfc3339};
use strongroom_sdk::http::client::{Client, SendError};
use strongroom_sdk::random::Random;
use strongroom_sdk::store::{Store, StoreError, Transaction};

/// The type of a test event. Webhooks get it whichever events they want.
pub const TEST_EVENT_TYPE: &str = "webhook.test";

/// A test event that was sent, or could not be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestEvent {
    /// Its `webhook-id`.
    pub id: String,
    /// The status of the response, or why there is none.
    pub result: Result<u16, SendError>,
}

impl<E: Env> Service<E> {
    /// Sends a test event, and waits for the response. A 410 ends the webhook, as it ends it after
    /// a delivery.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn send_test(
        &self,
        webhook: &Webhook,
        actor: Actor,
    ) -> Result<TestEvent, StoreError> {
        let sent_ms = self.clock.now_ms();
        let id = format!("evt_{}", self.random.uuid_v7(&self.clock));
        // The shape of every event; no event of the journal has the sequence 0.
        let event = json!({
            "sequence": 0,
            "type": TEST_EVENT_TYPE,
            "created_at": format_rfc3339(sent_ms),
            "data": {"webhook_id": webhook.id},
        });
        let body = event.to_string().into_bytes();
        let secrets = signing_secrets(&self.store, webhook, sent_ms)?;
        let post = signed_post(webhook, &secrets, id.clone(), body, sent_ms);
        let result = match post {
            Some(post) => self.client.post(&post, TIMEOUT),
            None => Err(SendError::Failed("the URL is none".to_owned())),
        };
        let now_ms = self.clock.now_ms();
        let transaction = self.store.begin()?;
        Record {
            new_value: Some(match &result {
                Ok(status) => status.to_string(),
                Err(error) => error.to_string(),
            }),
            ..Record::new(now_ms, actor, TESTED, webhook.id)
        }
        .append(&transaction)?;
        if result == Ok(GONE) {
            end(&transaction, webhook, now_ms)?;
        }
        transaction.commit()?;
        Ok(TestEvent { id, result })
    }
}
