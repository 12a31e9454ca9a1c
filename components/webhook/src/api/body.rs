//! The bodies of the calls that create and change webhooks.

use crate::webhook::Secret;
use serde::{Deserialize, Serialize};
use strongroom_ledger_api::view::EVENT_TYPES;
use strongroom_sdk::http::client::Target;
use strongroom_sdk::json::given;
use strongroom_sdk::openapi::words;
use strongroom_sdk::problem::Problem;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Array, ArrayBuilder, SchemaType, Type};

/// The longest URL, in bytes.
pub const URL_BYTES_MAX: usize = 2_048;
/// How long a secret may be, in bytes, by Standard Webhooks.
pub const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// For how many seconds the secrets before a new one sign, unless the request says it: a day.
const OLD_SECRETS_EXPIRE_IN: u64 = 86_400;
/// For how many seconds they may sign: a week.
const OLD_SECRETS_EXPIRE_IN_MAX: i64 = 7 * 86_400;

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

/// The body of `PATCH /{id}`. A missing member changes nothing.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookChange, examples(json!({"events": ["transfer.posted"]})))]
pub struct ChangeBody {
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, max_length = 2_048)]
    pub(super) url: Option<String>,
    /// Null for all.
    #[serde(default, deserialize_with = "given")]
    #[schema(schema_with = event_types)]
    pub(super) events: Option<Option<Vec<String>>>,
}

/// The body of `POST /{id}/rotate-secret`. Without one, the server makes the secret.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SecretRotation, examples(json!({"old_secrets_expire_in": 3_600})))]
pub struct RotateBody {
    #[schema(pattern = "^whsec_[A-Za-z0-9+/]+=*$")]
    secret: Option<String>,
    /// For how many seconds the secrets before it sign too; a day unless it is given.
    #[schema(maximum = 604_800)]
    old_secrets_expire_in: Option<u64>,
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
    pub(super) fn check(&self) -> Result<Option<Secret>, Problem> {
        check_url(&self.url)?;
        self.events.as_deref().map_or(Ok(()), check_events)?;
        self.secret.as_deref().map(secret).transpose()
    }
}

impl ChangeBody {
    /// Checks each member that is given.
    pub(super) fn check(&self) -> Result<(), Problem> {
        self.url.as_deref().map_or(Ok(()), check_url)?;
        let events = self.events.as_ref().and_then(Option::as_deref);
        events.map_or(Ok(()), check_events)
    }
}

impl RotateBody {
    /// Checks each field; returns the secret, if there is one, and for how many seconds the secrets
    /// before it sign.
    pub(super) fn check(&self) -> Result<(Option<Secret>, i64), Problem> {
        let given = self.secret.as_deref().map(secret).transpose()?;
        let seconds = self.old_secrets_expire_in.unwrap_or(OLD_SECRETS_EXPIRE_IN);
        match i64::try_from(seconds) {
            Ok(seconds) if seconds <= OLD_SECRETS_EXPIRE_IN_MAX => Ok((given, seconds)),
            _ => Err(Problem::invalid(
                "/old_secrets_expire_in",
                format!("must be a whole number of seconds from 0 to {OLD_SECRETS_EXPIRE_IN_MAX}"),
            )),
        }
    }
}

fn check_url(url: &str) -> Result<(), Problem> {
    if url.len() > URL_BYTES_MAX || Target::parse(url).is_none() {
        let detail = "must be an http or https URL of at most 2048 bytes, without a user, a \
                      fragment, or port 0";
        return Err(Problem::invalid("/url", detail));
    }
    Ok(())
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
    for (index, event) in events.iter().enumerate() {
        let detail = if !EVENT_TYPES.contains(&event.as_str()) {
            format!("must be one of {}", EVENT_TYPES.join(", "))
        } else if events[..index].contains(event) {
            "must be each type once".to_owned()
        } else {
            continue;
        };
        return Err(Problem::invalid(format!("/events/{index}"), detail));
    }
    Ok(())
}
