//! Merges the documents of the services into one.
//!
//! A part comes from a component, which may be anybody's. It has paths with objects; nothing else
//! about its form is sure.

use super::refusals::{self, CallKind};
use crate::registry::ServiceSpec;
use http::Method;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What belongs to the gateway: the title, its own calls, and the schema of errors.
const BASE: &str = include_str!("base.json");
/// The kinds of components that other parts refer to. How to authenticate is the gateway's.
const KINDS: [&str; 9] = [
    "schemas",
    "responses",
    "parameters",
    "examples",
    "requestBodies",
    "headers",
    "links",
    "callbacks",
    "pathItems",
];
/// The header by which a client with an API key names a customer.
const ON_BEHALF_OF: &str = "#/components/parameters/OnBehalfOf";
const METHODS: [(&str, Method); 7] = [
    ("get", Method::GET),
    ("put", Method::PUT),
    ("post", Method::POST),
    ("delete", Method::DELETE),
    ("options", Method::OPTIONS),
    ("head", Method::HEAD),
    ("patch", Method::PATCH),
];

/// The document of one service.
pub(super) struct Part<'a> {
    pub(super) spec: &'a ServiceSpec,
    pub(super) document: &'a Value,
}

/// The references that change, each with its new text.
type Renamed = BTreeMap<String, String>;

/// The document of all parts, in their order.
pub(super) fn merge<'a>(parts: impl IntoIterator<Item = Part<'a>>) -> Value {
    // A test reads it.
    let mut merged: Value = serde_json::from_str(BASE).unwrap_or_default();
    merged["info"]["version"] = env!("CARGO_PKG_VERSION").into();
    merged["components"]["responses"] = refusals::responses().into();
    complete_own_calls(&mut merged);
    for part in parts {
        add(&mut merged, &part);
    }
    merged
}

fn complete_own_calls(merged: &mut Value) {
    let paths = merged["paths"].as_object_mut().into_iter().flatten();
    for responses in paths.filter_map(|(_, item)| item["get"]["responses"].as_object_mut()) {
        refusals::add_to(responses, CallKind::All);
    }
}

fn add(merged: &mut Value, part: &Part<'_>) {
    let renamed = renamed(&merged["components"], part);
    let mut document = part.document.clone();
    rename(&mut document, &renamed);
    add_components(merged, &document, &renamed);
    let service = &part.spec.name;
    let description = document["info"]["description"].as_str();
    if let Some(tags) = merged["tags"].as_array_mut() {
        tags.push(json!({"name": service, "description": description.unwrap_or_default()}));
    }
    let Some(paths) = document["paths"].as_object_mut() else {
        return;
    };
    for (path, mut item) in std::mem::take(paths) {
        complete(&mut item, &path, part.spec);
        let rest = if path == "/" { "" } else { path.as_str() };
        merged["paths"][format!("/api/{service}{rest}")] = item;
    }
}

/// The components of a part that have the name of another one in the merged document, each with a
/// name of its own. What refers to a renamed component differs by that, and so may need another
/// name too.
fn renamed(merged: &Value, part: &Part<'_>) -> Renamed {
    let mut renamed = Renamed::new();
    loop {
        let mut components = part.document["components"].clone();
        rename(&mut components, &renamed);
        let before = renamed.len();
        for (kind, name, component) in of_kinds(&components) {
            let reference = reference(kind, name);
            let other = merged[kind].get(name);
            if other.is_some_and(|other| other != component) && !renamed.contains_key(&reference) {
                let own = own_name(&part.spec.name, name, &merged[kind], &components[kind]);
                renamed.insert(reference, self::reference(kind, &own));
            }
        }
        if renamed.len() == before {
            return renamed;
        }
    }
}

fn own_name(service: &str, name: &str, merged: &Value, own: &Value) -> String {
    let mut own_name = format!("{service}.{name}");
    while merged.get(&own_name).is_some() || own.get(&own_name).is_some() {
        own_name.push('_');
    }
    own_name
}

fn of_kinds(components: &Value) -> impl Iterator<Item = (&'static str, &String, &Value)> {
    KINDS.into_iter().flat_map(|kind| {
        let named = components[kind].as_object().into_iter().flatten();
        named.map(move |(name, component)| (kind, name, component))
    })
}

fn reference(kind: &str, name: &str) -> String {
    format!("#/components/{kind}/{name}")
}

/// Rewrites the references in a value: those of `$ref`, and those of a discriminator's mapping.
fn rename(value: &mut Value, renamed: &Renamed) {
    match value {
        Value::String(text) => {
            if let Some(new) = renamed.get(text) {
                text.clone_from(new);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| rename(value, renamed)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|value| rename(value, renamed)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn add_components(merged: &mut Value, document: &Value, renamed: &Renamed) {
    for (kind, name, component) in of_kinds(&document["components"]) {
        let old = reference(kind, name);
        let new = renamed.get(&old).unwrap_or(&old);
        let name = new.rsplit('/').next().unwrap_or_default();
        merged["components"][kind][name] = component.clone();
    }
}

/// Adds to the operations of a path what only the gateway knows of them.
fn complete(item: &mut Value, path: &str, spec: &ServiceSpec) {
    let Some(item) = item.as_object_mut() else {
        return;
    };
    // A client must not be sent elsewhere.
    item.remove("servers");
    for (name, method) in METHODS {
        let Some(operation) = item.get_mut(name).and_then(Value::as_object_mut) else {
            continue;
        };
        let scope = (!spec.is_public(&method, path)).then(|| spec.scope(&method, path));
        complete_operation(operation, scope.as_deref(), &spec.name);
    }
}

/// `scope` is the one that the call needs; none: it is public.
fn complete_operation(operation: &mut Map<String, Value>, scope: Option<&str>, service: &str) {
    operation.remove("servers");
    if let Some(Value::String(id)) = operation.get_mut("operationId") {
        *id = format!("{}_{id}", service.replace('-', "_"));
    }
    let (security, kind) = match scope {
        None => (json!([]), CallKind::OfServices),
        Some(scope) => (json!([{"bearer": [scope]}]), CallKind::Guarded),
    };
    operation.insert("security".to_owned(), security);
    if scope.is_some() {
        let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
        if let Some(parameters) = parameters.as_array_mut() {
            parameters.push(json!({"$ref": ON_BEHALF_OF}));
        }
    }
    operation.insert("tags".to_owned(), json!([service]));
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    if let Some(responses) = responses.as_object_mut() {
        refusals::add_to(responses, kind);
    }
}

#[cfg(test)]
mod tests;
