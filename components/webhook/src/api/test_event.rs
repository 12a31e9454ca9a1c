//! The call that sends a test event: a request like that of a delivery, sent at once, of which
//! nothing is stored but a record of the audit log.

use super::find::find_active;
use super::view::TestView;
use crate::delivery::{GONE, TIMEOUT, end, signed_post};
use crate::service::{Env, Service};
use crate::webhook::{TESTED, signing_secrets};
use serde_json::json;
use strongroom_sdk::audit_log::{Actor, Record};
use strongroom_sdk::clock::{Clock, format_rfc3339};
use strongroom_sdk::http::client::{Client, SendError};
use strongroom_sdk::identity::Admin;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::random::Random;
use strongroom_sdk::store::{Store, Transaction};
use uuid::Uuid;

/// The type of a test event. Webhooks get it whichever events they want.
const TEST_EVENT_TYPE: &str = "webhook.test";

impl<E: Env> Service<E> {
    /// `POST /{id}/test`: administrators. Waits for the receiver; the response says what it
    /// returned. A 410 ends the webhook, as it ends it after a delivery.
    pub fn test(&self, admin: &Admin, id: Uuid) -> Result<TestView, Problem> {
        let webhook = find_active(&self.store, id)?;
        let sent_ms = self.clock.now_ms();
        let event_id = format!("evt_{}", self.random.uuid_v7(&self.clock));
        // The shape of every event; no event of the journal has the sequence 0.
        let event = json!({
            "sequence": 0,
            "type": TEST_EVENT_TYPE,
            "created_at": format_rfc3339(sent_ms),
            "data": {"webhook_id": webhook.id},
        });
        let body = event.to_string().into_bytes();
        let secrets = signing_secrets(&self.store, &webhook, sent_ms)?;
        let post = signed_post(&webhook, &secrets, event_id.clone(), body, sent_ms);
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
            ..Record::new(now_ms, Actor::new(admin), TESTED, webhook.id)
        }
        .append(&transaction)?;
        if result == Ok(GONE) {
            end(&transaction, &webhook, now_ms)?;
        }
        transaction.commit()?;
        Ok(TestView::new(event_id, result))
    }
}
