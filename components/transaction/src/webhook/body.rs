//! The body of `POST /webhooks`.

use super::Secret;
use crate::event::EVERY_TYPE;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use strongroom_sdk::http::client::Target;
use strongroom_sdk::problem::Problem;

/// The longest URL, in bytes.
pub const URL_BYTES_MAX: usize = 2_048;
/// How long a secret may be, in bytes, as Standard Webhooks has it.
pub const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A webhook as an administrator asks for it.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookBody {
    url: String,
    secret: Option<String>,
    events: Option<Vec<String>>,
}

/// The same, parsed and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWebhook {
    /// SHA-256 of the request: tells a repeated one from another under the same key.
    pub fingerprint: [u8; 32],
    /// Where to.
    pub url: String,
    /// What signs; none for one that the server makes.
    pub secret: Option<Secret>,
    /// The types of events that are wanted; none for all.
    pub events: Option<Vec<String>>,
}

impl WebhookBody {
    /// Checks each field.
    ///
    /// # Errors
    /// 422, with the field.
    pub fn check(self) -> Result<NewWebhook, Problem> {
        let canonical = serde_json::to_string(&self).map_err(Problem::internal)?;
        if self.url.len() > URL_BYTES_MAX || Target::parse(&self.url).is_none() {
            let detail =
                "must be an http or https URL of at most 2048 bytes, without a user or a fragment";
            return Err(invalid("/url", detail.to_owned()));
        }
        let secret = self.secret.as_deref().map(secret).transpose()?;
        if let Some(events) = &self.events {
            check_events(events)?;
        }
        Ok(NewWebhook {
            fingerprint: Sha256::digest(canonical).into(),
            url: self.url,
            secret,
            events: self.events,
        })
    }
}

fn secret(text: &str) -> Result<Secret, Problem> {
    Secret::parse(text)
        .filter(|secret| SECRET_BYTES.contains(&secret.bytes().len()))
        .ok_or_else(|| {
            let detail = "must be `whsec_` and the base64 of 24 to 64 bytes";
            invalid("/secret", detail.to_owned())
        })
}

fn check_events(events: &[String]) -> Result<(), Problem> {
    if events.is_empty() || events.len() > EVERY_TYPE.len() {
        let detail = "name the types that are wanted, or leave it out for all";
        return Err(invalid("/events", detail.to_owned()));
    }
    match events
        .iter()
        .position(|event| !EVERY_TYPE.contains(&event.as_str()))
    {
        Some(index) => {
            let detail = format!("must be one of {}", EVERY_TYPE.join(", "));
            Err(invalid(&format!("/events/{index}"), detail))
        }
        None => Ok(()),
    }
}

fn invalid(pointer: &str, detail: String) -> Problem {
    Problem::validation_failed().with_error(pointer, "invalid", detail)
}
