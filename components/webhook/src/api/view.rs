//! Webhooks and deliveries as clients see them.

use crate::delivery::{Delivery, DeliveryState};
use crate::webhook::{RECEIVER_GONE, Webhook};
use serde::Serialize;
use strongroom_sdk::clock::format_rfc3339;
use strongroom_sdk::openapi::{Timestamp, words};
use strongroom_sdk::problem::FieldError;
use utoipa::ToSchema;
use utoipa::openapi::Object;
use uuid::Uuid;

/// Events are sent to it.
const ACTIVE: &str = "active";
/// Nothing is sent to it any more.
const ENDED: &str = "ended";

/// A webhook without its secret, as JSON.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookView {
    id: Uuid,
    url: String,
    #[schema(schema_with = states)]
    status: &'static str,
    #[schema(required)]
    ended_because: Option<&'static str>,
    #[schema(value_type = Option<Timestamp>, required)]
    ended_at: Option<String>,
    #[schema(required)]
    events: Option<Vec<String>>,
    created_by: Uuid,
    #[schema(value_type = Timestamp)]
    created_at: String,
}

/// A webhook that was created just now, as JSON.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CreatedWebhook)]
pub struct CreatedView {
    #[serde(flatten)]
    webhook: WebhookView,
    /// Null in the response to a repeated request.
    #[schema(value_type = Option<String>, required)]
    secret: String,
    /// Why nothing can be sent to it yet.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<FieldError>,
}

fn states() -> Object {
    words([ACTIVE, ENDED])
}

impl From<Webhook> for WebhookView {
    fn from(webhook: Webhook) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url,
            status: webhook.ended_at_ms.map_or(ACTIVE, |_| ENDED),
            ended_because: webhook.ended_at_ms.map(|_| RECEIVER_GONE),
            ended_at: webhook.ended_at_ms.map(format_rfc3339),
            events: webhook.events,
            created_by: webhook.created_by,
            created_at: format_rfc3339(webhook.created_at_ms),
        }
    }
}

impl CreatedView {
    /// A new webhook with its secret. `is_refused`: the registry does not name the URL's origin.
    pub(super) fn new(webhook: Webhook, is_refused: bool) -> Self {
        let warning = is_refused.then(|| FieldError {
            pointer: "/url".to_owned(),
            code: "origin_not_allowed".into(),
            detail:
                "is of an origin that the registry's `outbound` does not name: nothing is sent \
                     there until the operator adds it"
                    .to_owned(),
        });
        Self {
            secret: webhook.secret.to_text(),
            webhook: webhook.into(),
            warnings: warning.into_iter().collect(),
        }
    }
}

/// A delivery, as JSON.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryView {
    sequence: u64,
    r#type: String,
    #[schema(value_type = DeliveryState, inline)]
    status: &'static str,
    attempts: u32,
    #[schema(value_type = Option<Timestamp>, required)]
    next_attempt_at: Option<String>,
    #[schema(required)]
    last_status: Option<i64>,
    #[schema(required)]
    last_error: Option<String>,
    #[schema(value_type = Timestamp)]
    created_at: String,
    #[schema(value_type = Option<Timestamp>, required)]
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
