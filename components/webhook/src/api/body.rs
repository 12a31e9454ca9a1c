//! A webhook, as an administrator requests it.

use crate::webhook::Secret;
use serde::{Deserialize, Serialize};
use strongroom_ledger_api::view::EVENT_TYPES;
use strongroom_sdk::http::client::Target;
use strongroom_sdk::openapi::words;
use strongroom_sdk::problem::Problem;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Array, ArrayBuilder, SchemaType, Type};

/// The longest URL, in bytes.
pub const URL_BYTES_MAX: usize = 2_048;
/// How long a secret may be, in bytes, by Standard Webhooks.
pub const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The body of `POST /`.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewWebhook, examples(json!({
    "url": "https://hooks.example/bank", "events": ["transfer.posted"]
})))]
pub struct WebhookBody {
    #[schema(max_length = 2_048)]
    pub(super) url: String,
    #[schema(pattern = "^whsec_[A-Za-z0-9+/]+=*$")]
    secret: Option<String>,
    #[schema(schema_with = event_types)]
    pub(super) events: Option<Vec<String>>,
}

/// All events, unless some are named.
fn event_types() -> Array {
    ArrayBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Array, Type::Null]))
        .items(words(EVENT_TYPES.iter().copied()))
        .min_items(Some(1))
        .build()
}

impl WebhookBody {
    /// Checks each field; returns the secret, if there is one.
    ///
    /// # Errors
    /// 422, with the field.
    pub(super) fn check(&self) -> Result<Option<Secret>, Problem> {
        if self.url.len() > URL_BYTES_MAX || Target::parse(&self.url).is_none() {
            let detail = "must be an http or https URL of at most 2048 bytes, without a user, a \
                          fragment, or port 0";
            return Err(Problem::invalid("/url", detail));
        }
        if let Some(events) = &self.events {
            check_events(events)?;
        }
        self.secret.as_deref().map(secret).transpose()
    }
}

fn secret(text: &str) -> Result<Secret, Problem> {
    Secret::parse(text)
        .filter(|secret| SECRET_BYTES.contains(&secret.bytes().len()))
        .ok_or_else(|| {
            Problem::invalid(
                "/secret",
                "must be `whsec_` and the base64 of 24 to 64 bytes",
            )
        })
}

fn check_events(events: &[String]) -> Result<(), Problem> {
    if events.is_empty() || events.len() > EVENT_TYPES.len() {
        let types = EVENT_TYPES.join(", ");
        let detail = format!("must have some of {types}, each once; leave it out for all");
        return Err(Problem::invalid("/events", detail));
    }
    let is_unknown = |event: &String| !EVENT_TYPES.contains(&event.as_str());
    match events.iter().position(is_unknown) {
        Some(index) => {
            let detail = format!("must be one of {}", EVENT_TYPES.join(", "));
            Err(Problem::invalid(format!("/events/{index}"), detail))
        }
        None => Ok(()),
    }
}
