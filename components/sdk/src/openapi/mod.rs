//! A service's part of the bank's OpenAPI document, for the export `strongroom:service/openapi`.
//!
//! The derives of `utoipa` describe what is particular to a call: its path, parameters, body, and
//! success. What follows from these for all calls, [`document`] adds: the errors.
//!
//! A call names the errors of its own in the extension `x-refusals`, by their codes in the table of
//! its service. Lists may be nested, for codes that calls share. A code that the table has for two
//! statuses is named as `403 invalid_credentials`.
//!
//! ```
//! use strongroom_sdk::openapi::{Refusal, document};
//! use strongroom_sdk::refusals;
//! use utoipa::OpenApi;
//!
//! /// Reads a note.
//! #[utoipa::path(
//!     get,
//!     path = "/notes/{id}",
//!     params(strongroom_sdk::http::PathId),
//!     responses((status = 200, body = String)),
//!     extensions(("x-refusals" = json!(["note_sealed"]))),
//! )]
//! async fn note() {}
//!
//! #[derive(OpenApi)]
//! #[openapi(info(title = "Notes"), paths(note))]
//! struct Document;
//!
//! const REFUSALS: &[Refusal] = refusals! {
//!     409 "note_sealed": "the note is sealed";
//! };
//!
//! let part = document(&Document::openapi(), REFUSALS, &[]);
//! assert!(part.contains("note_sealed"));
//! ```

mod complete;
mod parameters;
mod refusal;
mod schemas;

pub use parameters::{OptionalIdempotencyKey, Paging};
pub use refusal::Refusal;
pub use schemas::{Amount, CurrencyCode, HashText, SignedAmount, Timestamp, flag, id, words};

#[doc(hidden)]
pub use utoipa;

use complete::complete;
use serde_json::{Map, Value};
use utoipa::openapi::OpenApi;

/// A second path of a call.
#[derive(Debug, Clone, Copy)]
pub struct Alias {
    /// The second path.
    pub path: &'static str,
    /// The path that the call has in the document.
    pub of: &'static str,
    /// The name of its operation.
    pub operation_id: &'static str,
}

/// The part as JSON, with the errors of each call.
///
/// # Panics
/// If a call names a code that neither `refusals` nor this crate has, or an alias a path that is
/// not there.
pub fn document(document: &OpenApi, refusals: &[Refusal], aliases: &[Alias]) -> String {
    // Strings, numbers, lists, and maps of strings always serialize.
    let mut document = serde_json::to_value(document).unwrap_or_default();
    unwrap_described(&mut document);
    name_items(&mut document["components"]["schemas"]);
    if let Some(paths) = document["paths"].as_object_mut() {
        for (method, operation) in paths.values_mut().flat_map(operations) {
            complete(method, operation, refusals);
        }
        for alias in aliases {
            add_alias(paths, alias);
        }
    }
    document.to_string()
}

fn operations(item: &mut Value) -> impl Iterator<Item = (&str, &mut Map<String, Value>)> {
    let methods = item.as_object_mut().into_iter().flatten();
    methods.filter_map(|(method, operation)| Some((method.as_str(), operation.as_object_mut()?)))
}

fn add_alias(paths: &mut Map<String, Value>, alias: &Alias) {
    let mut item = paths
        .get(alias.of)
        .unwrap_or_else(|| panic!("{} is an alias of no path: {}", alias.path, alias.of))
        .clone();
    for (_, operation) in operations(&mut item) {
        operation.insert("operationId".to_owned(), alias.operation_id.into());
    }
    paths.insert(alias.path.to_owned(), item);
}

/// `utoipa` describes the inline schema of a member by an object beside it, which no text is too.
/// The description belongs into the schema.
fn unwrap_described(value: &mut Value) {
    let parts = value["allOf"].as_array();
    if let Some([schema, Value::Object(beside)]) = parts.map(Vec::as_slice)
        && beside.len() == 2
        && beside.get("type").is_some_and(|it| it == "object")
        && let Some(description) = beside.get("description")
    {
        let mut described = schema.clone();
        described["description"] = description.clone();
        *value = described;
    }
    match value {
        Value::Array(values) => values.iter_mut().for_each(unwrap_described),
        Value::Object(members) => members.values_mut().for_each(unwrap_described),
        _ => {}
    }
}

/// Gives the items of each list a schema of their own. `utoipa` writes the argument of a generic
/// type into it: `List_Account` has no reference to `Account`.
fn name_items(schemas: &mut Value) {
    let Some(schemas) = schemas.as_object_mut() else {
        return;
    };
    let mut named = Vec::new();
    for (list, schema) in schemas.iter_mut() {
        let Some((_, name)) = list.split_once('_') else {
            continue;
        };
        if let Some(items) = schema.pointer_mut("/properties/data/items") {
            let reference = Map::from_iter([("$ref".to_owned(), reference_to(name).into())]);
            named.push((name.to_owned(), std::mem::replace(items, reference.into())));
        }
    }
    schemas.extend(named);
}

fn reference_to(schema: &str) -> String {
    format!("#/components/schemas/{schema}")
}

#[cfg(test)]
mod tests;
