//! What follows from an operation for all services: its errors, and what a replay looks like.

use super::reference_to;
use super::refusal::Refusal;
use crate::problem::CONTENT_TYPE;
use http::StatusCode;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Where a call names the errors of its own.
const REFUSALS: &str = "x-refusals";

/// Of every call.
const OF_ALL: &[&str] = &[
    "validation_failed",
    "internal_error",
    "service_unavailable",
    "storage_unavailable",
];
/// Of every call that may have a body, and change something.
const OF_CHANGES: &[&str] = &[
    "bad_request",
    "payload_too_large",
    "unsupported_media_type",
    "clock_not_trusted",
    "storage_full",
];

/// Adds the errors to an operation, and what OpenAPI demands of its successes.
pub(super) fn complete(method: &str, operation: &mut Map<String, Value>, own: &[Refusal]) {
    let named = operation.remove(REFUSALS).unwrap_or_default();
    let mut refusals: BTreeMap<u16, Vec<Refusal>> = BTreeMap::new();
    for name in implied(method, operation).into_iter().chain(names(&named)) {
        let refusal = Refusal::find(name, own);
        let of_status = refusals.entry(refusal.status).or_default();
        if !of_status.contains(&refusal) {
            of_status.push(refusal);
        }
    }
    unwrap_optional_body(operation);
    let is_replayed = has_parameter(operation, "header", Some("idempotency-key"));
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    let Some(responses) = responses.as_object_mut() else {
        return;
    };
    for (status, response) in responses.iter_mut() {
        describe_success(status, response, is_replayed);
    }
    for (status, refusals) in refusals {
        responses.insert(status.to_string(), response_of(&refusals));
    }
}

/// `utoipa` lets a body that may be missing be null too, which no call takes.
fn unwrap_optional_body(operation: &mut Map<String, Value>) {
    let content = operation
        .get_mut("requestBody")
        .and_then(|body| body["content"].as_object_mut());
    for media_type in content.into_iter().flat_map(Map::values_mut) {
        let choices = media_type["schema"]["oneOf"].as_array();
        let choices = choices.map(|choices| choices.iter().filter(|it| it["type"] != "null"));
        if let Some(Some(schema)) = choices.map(|mut choices| choices.next().cloned()) {
            media_type["schema"] = schema;
        }
    }
}

/// The names of the errors that follow from the operation.
fn implied(method: &str, operation: &Map<String, Value>) -> Vec<&'static str> {
    let mut names = OF_ALL.to_vec();
    if method != "get" {
        names.extend(OF_CHANGES);
    }
    if has_parameter(operation, "path", None) {
        names.push("not_found");
    }
    if has_parameter(operation, "query", Some("cursor")) {
        names.push("cursor_invalid");
    }
    if let Some(key) = parameter(operation, "header", Some("idempotency-key")) {
        names.extend(["idempotency_key_invalid", "idempotency_key_reused"]);
        if key["required"] == true {
            names.push("idempotency_key_missing");
        }
    }
    names
}

fn has_parameter(operation: &Map<String, Value>, place: &str, name: Option<&str>) -> bool {
    parameter(operation, place, name).is_some()
}

/// The first parameter in this place, of this name or of any.
fn parameter<'o>(
    operation: &'o Map<String, Value>,
    place: &str,
    name: Option<&str>,
) -> Option<&'o Value> {
    let mut parameters = operation.get("parameters")?.as_array()?.iter();
    parameters.find(|it| it["in"] == place && name.is_none_or(|name| it["name"] == name))
}

/// All texts in a value, at any depth of its lists.
fn names(value: &Value) -> Vec<&str> {
    match value {
        Value::String(name) => vec![name],
        Value::Array(values) => values.iter().flat_map(names).collect(),
        _ => Vec::new(),
    }
}

fn describe_success(status: &str, response: &mut Value, is_replayed: bool) {
    let reason = StatusCode::try_from(status).ok();
    let reason = reason.and_then(|status| status.canonical_reason());
    if response["description"].is_null() {
        response["description"] = reason.unwrap_or_default().into();
    }
    if is_replayed {
        response["headers"]["idempotency-replayed"] = json!({
            "description": "Present where an earlier request with the same key got this answer.",
            "schema": {"type": "string", "enum": ["true"]},
        });
    }
}

fn response_of(refusals: &[Refusal]) -> Value {
    let codes: Vec<&str> = refusals.iter().map(|refusal| refusal.code).collect();
    let lines: Vec<String> = refusals
        .iter()
        .map(|refusal| format!("- `{}`: {}", refusal.code, refusal.when))
        .collect();
    let mut properties = Map::new();
    properties.insert("code".to_owned(), json!({"enum": codes}));
    for member in refusals.iter().flat_map(|refusal| refusal.members) {
        let of_codes = refusals.iter().filter(|it| it.members.contains(member));
        let of_codes: Vec<_> = of_codes.map(|it| format!("`{}`", it.code)).collect();
        let mut schema = json!({"description": format!("Of {}.", of_codes.join(", "))});
        if member.ends_with("id") {
            schema["type"] = json!("string");
            schema["format"] = json!("uuid");
        }
        properties.insert((*member).to_owned(), schema);
    }
    json!({
        "description": lines.join("\n"),
        "content": {CONTENT_TYPE: {"schema": {
            "$ref": reference_to("Problem"),
            "properties": properties,
        }}},
    })
}
