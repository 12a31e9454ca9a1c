//! Webhooks and deliveries as clients see them.

use crate::delivery::Delivery;
use crate::webhook::Webhook;
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
    /// In the response to the request that created it, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl From<Webhook> for WebhookView {
    /// A webhook without its secret.
    fn from(webhook: Webhook) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url,
            events: webhook.events,
            created_by: webhook.created_by,
            created_at: format_rfc3339(webhook.created_at_ms),
            secret: None,
        }
    }
}

impl WebhookView {
    /// A webhook that was created just now.
    pub fn with_secret(webhook: Webhook) -> Self {
        Self {
            secret: Some(webhook.secret.to_text()),
            ..webhook.into()
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
