//! The requests of deliveries and of test events.

use crate::Error;
use crate::service::{Env, Service};
use crate::webhook::{Webhook, earlier_secrets};
use std::iter::once;
use strongroom_ledger_api::Journal;
use strongroom_ledger_api::view::{Event, TransactionView};
use strongroom_sdk::http::client::{Post, Target};
use strongroom_sdk::store::StoreError;

impl<E: Env> Service<E> {
    /// The request that sends an event of the journal, with the same body each time. None where the
    /// journal does not have the event.
    ///
    /// # Errors
    /// [`Error`].
    pub(super) fn event_post(
        &self,
        webhook: &Webhook,
        sequence: u64,
        now_ms: i64,
    ) -> Result<Option<Post>, Error> {
        let found = self.journal.journal(sequence.saturating_sub(1), 1)?;
        let Some(posting) = found.first().filter(|row| row.sequence == sequence) else {
            return Ok(None);
        };
        let event = Event::new(posting, TransactionView::recorded(posting)?);
        let body = serde_json::to_vec(&event)?;
        // Sequences come again after a restoration from a backup.
        let id = format!("evt_{}", posting.id);
        Ok(self.signed_post(webhook, id, body, now_ms)?)
    }

    /// The request that sends a body, signed for this time by each secret that signs. None where
    /// the webhook's URL is none.
    pub(super) fn signed_post(
        &self,
        webhook: &Webhook,
        id: String,
        body: Vec<u8>,
        now_ms: i64,
    ) -> Result<Option<Post>, StoreError> {
        let Some(target) = Target::parse(&webhook.url) else {
            return Ok(None);
        };
        let seconds = now_ms.div_euclid(1_000);
        let earlier = earlier_secrets(&self.store, webhook, now_ms)?;
        let secrets = once(&webhook.secret).chain(&earlier);
        let signatures: Vec<String> = secrets
            .map(|secret| secret.sign(&id, seconds, &body))
            .collect();
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("user-agent", "strongroom-webhooks/1".to_owned()),
            ("webhook-id", id),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", signatures.join(" ")),
        ];
        Ok(Some(Post {
            target,
            headers,
            body,
        }))
    }
}
