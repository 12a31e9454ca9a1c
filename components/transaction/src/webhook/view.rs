//! Webhooks and deliveries as an administrator sees them. The secret is no part of either.

use super::record::{Delivery, Webhook};
use serde::Serialize;
use strongroom_sdk::clock::format_rfc3339;
use uuid::Uuid;

/// A webhook.
#[derive(Debug, Clone, Serialize)]
pub struct WebhookView {
    id: Uuid,
    url: String,
    events: Option<Vec<String>>,
    created_by: Uuid,
    created_at: String,
    /// In the answer to the request that made it, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl WebhookView {
    /// A webhook without its secret.
    pub fn new(webhook: &Webhook) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url.clone(),
            events: webhook.events.clone(),
            created_by: webhook.created_by,
            created_at: format_rfc3339(webhook.created_at_ms),
            secret: None,
        }
    }

    /// A webhook that was made just now.
    pub fn with_secret(webhook: &Webhook) -> Self {
        Self {
            secret: Some(webhook.secret.to_text()),
            ..Self::new(webhook)
        }
    }
}

/// A delivery.
#[derive(Debug, Clone, Serialize)]
pub struct DeliveryView {
    sequence: u64,
    r#type: String,
    status: &'static str,
    attempts: u32,
    next_attempt_at: Option<String>,
    last_status: Option<i64>,
    last_error: Option<String>,
    created_at: String,
    delivered_at: Option<String>,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        Self {
            sequence: delivery.sequence,
            r#type: delivery.event_type,
            status: delivery.state.as_str(),
            attempts: delivery.attempts,
            next_attempt_at: delivery.next_attempt_at_ms.map(format_rfc3339),
            last_status: delivery.last_status,
            last_error: delivery.last_error,
            created_at: format_rfc3339(delivery.created_at_ms),
            delivered_at: delivery.delivered_at_ms.map(format_rfc3339),
        }
    }
}
