//! What the gateway itself refuses, as the document says it of each call.

use http::StatusCode;
use serde_json::{Map, Value, json};

/// An error of the gateway, and when it happens.
pub(in crate::gateway) struct DocumentedRefusal {
    pub(in crate::gateway) status: u16,
    pub(in crate::gateway) code: &'static str,
    when: &'static str,
    of: CallKind,
}

/// Calls, each kind with the errors of those before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CallKind {
    /// The gateway's own.
    All,
    /// Those of services.
    OfServices,
    /// Those that need a token.
    Guarded,
}

macro_rules! refusals {
    ($($of:ident $status:literal $code:literal: $when:literal;)+) => {
        &[$(DocumentedRefusal { status: $status, code: $code, when: $when, of: CallKind::$of },)+]
    };
}

/// The rows of a status stand together.
pub(in crate::gateway) const REFUSALS: &[DocumentedRefusal] = refusals! {
    All        400 "bad_request": "the head or the body is malformed";
    Guarded    401 "token_missing": "there is no access token or API key";
    Guarded    401 "invalid_token": "the access token or API key is wrong, expired, or revoked";
    Guarded    403 "forbidden": "`x-on-behalf-of` is for clients with an API key";
    Guarded    403 "customer_disabled": "`x-on-behalf-of` names a disabled user";
    Guarded    403 "insufficient_scope": "the token or key does not have the scope of the call";
    OfServices 404 "no_such_service": "the service was removed";
    OfServices 408 "request_timeout": "the body does not arrive in time";
    OfServices 413 "payload_too_large": "the body is too large";
    All        414 "uri_too_long": "path and query are too long";
    All        417 "expectation_failed": "`expect` is not `100-continue`";
    All        429 "rate_limited": "the client sends too many requests";
    All        431 "header_too_large": "the header fields are too large";
    OfServices 502 "service_failed": "the service has failed";
    OfServices 503 "service_unavailable": "the service cannot do it now; worth a retry";
    OfServices 504 "deadline_exceeded": "the service takes too long; it may have done it";
};

/// The statuses whose responses say when to retry.
const WITH_RETRY_AFTER: [u16; 2] = [429, 503];

/// The responses with the gateway's errors alone, for `components`.
pub(super) fn responses() -> Map<String, Value> {
    let of_status = REFUSALS.chunk_by(|one, next| one.status == next.status);
    of_status
        .map(|refusals| {
            let mut response = json!({"description": ""});
            for refusal in refusals {
                add(refusal, &mut response);
            }
            (name_of(refusals[0].status), response)
        })
        .collect()
}

/// Adds the gateway's errors to the responses of a call of this kind.
pub(super) fn add_to(responses: &mut Map<String, Value>, kind: CallKind) {
    for refusal in REFUSALS.iter().filter(|refusal| refusal.of <= kind) {
        let shared =
            || json!({"$ref": format!("#/components/responses/{}", name_of(refusal.status))});
        let response = responses
            .entry(refusal.status.to_string())
            .or_insert_with(shared);
        if response.get("$ref").is_none() {
            add(refusal, response);
        }
    }
}

/// `URI Too Long` -> `URITooLong`.
fn name_of(status: u16) -> String {
    let reason = StatusCode::from_u16(status).ok();
    let reason = reason.and_then(|status| status.canonical_reason());
    reason.unwrap_or_default().replace(' ', "")
}

/// Adds an error to a response that has other errors of the same status, or none. A component may
/// have given it any form: what has no place for the error stays as it is.
fn add(refusal: &DocumentedRefusal, response: &mut Value) -> Option<()> {
    let response = response.as_object_mut()?;
    if WITH_RETRY_AFTER.contains(&refusal.status) {
        let seconds = json!({
            "description": "Seconds until a retry may succeed.",
            "schema": {"type": "string", "pattern": "^[0-9]+$"},
        });
        object_in(response, "headers")?.insert("retry-after".to_owned(), seconds);
    }
    let content = object_in(response, "content")?;
    let media = object_in(content, "application/problem+json")?;
    let schema = media.entry("schema").or_insert_with(|| problem(&[]));
    let codes = schema.pointer_mut("/properties/code/enum");
    match codes.and_then(Value::as_array_mut) {
        Some(codes) if codes.iter().any(|code| code == refusal.code) => return None,
        Some(codes) => codes.push(refusal.code.into()),
        // A component's own schema, which may exclude ours.
        None => *schema = json!({"anyOf": [schema, problem(&[refusal.code])]}),
    }
    let line = format!("- `{}`: {}", refusal.code, refusal.when);
    let description = response.get("description").and_then(Value::as_str);
    let description = [description.unwrap_or_default(), &line].join("\n");
    response.insert("description".to_owned(), description.trim_start().into());
    Some(())
}

/// The member of this name, made if it is not there; none if it is no object.
fn object_in<'o>(
    object: &'o mut Map<String, Value>,
    name: &str,
) -> Option<&'o mut Map<String, Value>> {
    let member = object.entry(name).or_insert_with(|| json!({}));
    member.as_object_mut()
}

fn problem(codes: &[&str]) -> Value {
    json!({
        "$ref": "#/components/schemas/Problem",
        "properties": {"code": {"enum": codes}},
    })
}
