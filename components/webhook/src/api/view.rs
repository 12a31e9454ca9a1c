//! Webhooks and deliveries as clients see them.

use crate::delivery::{Delivery, DeliveryState};
use crate::webhook::{RECEIVER_GONE, Webhook};
use serde::Serialize;
use strongroom_sdk::clock::format_rfc3339;
use strongroom_sdk::http::client::SendError;
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
    /// Why nothing can be sent to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<FieldError>,
}

/// A webhook with a new secret, as JSON.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = WebhookWithSecret)]
pub struct SecretView {
    #[serde(flatten)]
    pub(super) webhook: WebhookView,
    /// Null in the response to a repeated request.
    #[schema(value_type = Option<String>, required)]
    pub(super) secret: String,
}

/// The result of a test event, as JSON.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = TestResult)]
pub struct TestView {
    /// The `webhook-id` that the receiver got.
    id: String,
    /// Whether the receiver returned 2xx.
    delivered: bool,
    #[schema(required)]
    response_status: Option<u16>,
    /// Why there is no response.
    #[schema(required)]
    error: Option<String>,
}

impl TestView {
    /// A test event, with the status of the response or why there is none.
    pub(super) fn new(id: String, result: Result<u16, SendError>) -> Self {
        Self {
            id,
            delivered: matches!(result, Ok(200..=299)),
            response_status: result.as_ref().ok().copied(),
            error: result.err().map(|error| error.to_string()),
        }
    }
}

fn states() -> Object {
    words([ACTIVE, ENDED])
}

impl WebhookView {
    /// `is_allowed`: the registry names the origin of the URL.
    pub(super) fn new(webhook: Webhook, is_allowed: bool) -> Self {
        let warning = (!is_allowed).then(|| FieldError {
            pointer: "/url".to_owned(),
            code: "origin_not_allowed".into(),
            detail:
                "is of an origin that the registry's `outbound` does not name: nothing is sent \
                     there until the operator adds it"
                    .to_owned(),
        });
        Self {
            warnings: warning.into_iter().collect(),
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
