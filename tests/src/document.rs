//! The OpenAPI document of a bank: whether what the bank answers is what the document says.
//!
//! Once a host is [watched](watch), each answer to a [`Client`](crate::Client) of its public
//! listener is checked: the status, the media type, and the body, with the code of a problem among
//! those of the call. The document allows members that it does not name, because a later version
//! may have more. Here such a member is wrong: somebody has forgotten to document it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use crate::Answer;

/// Where the document is.
pub const PATH: &str = "/api/openapi.json";
/// The schema of errors. Some have more members (RFC 9457 section 3.2).
const PROBLEM: &str = "Problem";

/// The origin and the document of the watched host.
static WATCHED: OnceLock<(String, Document)> = OnceLock::new();

/// Checks each later answer of the host at `origin` against its document.
pub fn watch(origin: String, document: Value) {
    let watched = WATCHED.set((origin, Document::new(document)));
    watched.expect("one host is watched");
}

/// The document of a watched host.
pub(crate) fn watched(origin: &str) -> Option<&'static Document> {
    let watched = WATCHED.get().filter(|(watched, _)| watched == origin);
    watched.map(|(_, document)| document)
}

/// An OpenAPI document.
#[derive(Debug)]
pub struct Document {
    root: Value,
    /// Its schemas, in which an object has the members that are named, and no others.
    components: Value,
    /// Of each response with a body that was checked, by its place.
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// A call of the document.
#[derive(Debug, Clone, Copy)]
pub struct Operation<'d> {
    pub method: &'d str,
    pub path: &'d str,
    pub value: &'d Value,
}

impl Document {
    /// The document of this JSON.
    pub fn new(root: Value) -> Self {
        let mut components = root["components"].clone();
        if let Some(schemas) = components["schemas"].as_object_mut() {
            for (name, schema) in schemas {
                if name != PROBLEM {
                    close(schema, false);
                }
            }
        }
        Self {
            root,
            components,
            validators: Mutex::default(),
        }
    }

    /// Every call.
    pub fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        let paths = self.root["paths"].as_object().into_iter().flatten();
        paths.flat_map(|(path, item)| {
            let methods = item.as_object().into_iter().flatten();
            methods
                .filter(|(_, value)| value["responses"].is_object())
                .map(move |(method, value)| Operation {
                    method,
                    path,
                    value,
                })
        })
    }

    /// The call of a request. A path without parameters comes before one with some.
    pub fn operation(&self, method: &str, path: &str) -> Option<Operation<'_>> {
        let path = match path.strip_suffix('/') {
            // `/api/accounts/` is `/api/accounts`: the path within the service is `/`.
            Some(service) if service.matches('/').count() == 2 => service,
            _ => path,
        };
        self.operations()
            .filter(|operation| operation.method.eq_ignore_ascii_case(method))
            .filter(|operation| is_at(operation.path, path))
            .min_by_key(|operation| operation.path.matches('{').count())
    }

    /// What a reference leads to; any other value leads to itself.
    pub fn resolve<'d>(&'d self, value: &'d Value) -> &'d Value {
        let Some(reference) = value["$ref"].as_str() else {
            return value;
        };
        let pointer = reference.trim_start_matches('#');
        let found = self.root.pointer(pointer);
        self.resolve(found.unwrap_or_else(|| panic!("{reference} leads nowhere")))
    }

    /// In what this answer differs from what the document says, if it does.
    pub fn difference(&self, method: &str, path: &str, answer: &Answer) -> Option<String> {
        let status = answer.status;
        let asked = if method == "HEAD" { "GET" } else { method };
        let Some(operation) = self.operation(asked, path) else {
            let is_call = status < 400 && method != "OPTIONS" && self.describes(path);
            return is_call.then(|| format!("it does not have {method} {path}"));
        };
        let response = &operation.value["responses"][status.to_string()];
        if response.is_null() {
            return Some(format!("it does not have the status {status}"));
        }
        if method == "HEAD" {
            return None;
        }
        let content = &self.resolve(response)["content"];
        if content.is_null() {
            let has_body = !answer.body.is_empty();
            return has_body.then(|| format!("it has no body for {status}"));
        }
        let content_type = answer.header("content-type").unwrap_or_default();
        let media_type = content_type.split(';').next().unwrap_or_default();
        let schema = &content[media_type]["schema"];
        if schema.is_null() {
            return Some(format!("it does not have {media_type} for {status}"));
        }
        if !media_type.ends_with("json") {
            return None;
        }
        let place = format!("{method} {} {status} {media_type}", operation.path);
        let body = match serde_json::from_slice(&answer.body) {
            Ok(body) => body,
            Err(error) => return Some(error.to_string()),
        };
        let validator = self.validator(place, schema, status < 400);
        let errors: Vec<String> = validator
            .iter_errors(&body)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        (!errors.is_empty()).then(|| errors.join("; "))
    }

    /// Whether it has calls of the service at this path.
    fn describes(&self, path: &str) -> bool {
        let service = |path: &str| path.split('/').nth(2).map(str::to_owned);
        let is_of_service = |it: Operation<'_>| service(it.path) == service(path);
        path.starts_with("/api/") && self.operations().any(is_of_service)
    }

    fn validator(&self, place: String, schema: &Value, is_closed: bool) -> Arc<Validator> {
        let mut validators = self.validators.lock().expect("no check panics with it");
        let validator = validators
            .entry(place)
            .or_insert_with(|| Arc::new(self.compile(schema, is_closed)));
        Arc::clone(validator)
    }

    fn compile(&self, schema: &Value, is_closed: bool) -> Validator {
        let mut schema = schema.clone();
        if is_closed {
            close(&mut schema, true);
        }
        // References lead from the root.
        schema["components"] = self.components.clone();
        jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .build(&schema)
            .expect("a schema of the document is one")
    }
}

/// Whether a path is one of the template's: `/api/accounts/{id}`.
fn is_at(template: &str, path: &str) -> bool {
    let fits = |(wanted, found): (&str, &str)| {
        wanted == found || wanted.starts_with('{') && !found.is_empty()
    };
    let parts = |path: &str| path.matches('/').count();
    parts(template) == parts(path) && template.split('/').zip(path.split('/')).all(fits)
}

/// Makes a schema refuse members that it does not name. `is_whole` says whether the schema has all
/// members of its objects: those of `allOf` have a part each.
fn close(schema: &mut Value, is_whole: bool) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    for (keyword, value) in object.iter_mut() {
        match keyword.as_str() {
            "properties" => values(value).for_each(|member| close(member, true)),
            "items" | "additionalProperties" => close(value, true),
            "oneOf" | "anyOf" => values(value).for_each(|choice| close(choice, is_whole)),
            "allOf" => values(value).for_each(|part| close(part, false)),
            _ => {}
        }
    }
    if is_whole && has_members(object) {
        object.insert("unevaluatedProperties".to_owned(), json!(false));
    }
}

/// The values of an object or a list.
fn values(value: &mut Value) -> Box<dyn Iterator<Item = &mut Value> + '_> {
    match value {
        Value::Object(members) => Box::new(members.values_mut()),
        Value::Array(values) => Box::new(values.iter_mut()),
        _ => Box::new(std::iter::empty()),
    }
}

fn has_members(schema: &Map<String, Value>) -> bool {
    let keywords = ["$ref", "properties", "allOf", "oneOf", "anyOf"];
    let names_some = keywords.iter().any(|keyword| schema.contains_key(*keyword));
    names_some && !schema.contains_key("additionalProperties")
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

    fn document() -> Document {
        let to = |place: &str| json!({"$ref": format!("#/components/{place}")});
        let text = || json!({"type": "string"});
        let list = json!({"type": "array", "items": to("schemas/Note")});
        let note = json!({"type": "object", "properties": {"text": text()}});
        let busy = json!({
            "$ref": "#/components/schemas/Problem",
            "properties": {"code": {"enum": ["rate_limited"]}},
        });
        let object = |member: &str, schema: Value| {
            let members = json!({member: schema});
            json!({"type": "object", "required": [member], "properties": members})
        };
        Document::new(json!({
            "paths": {
                "/api/notes": {"get": {"responses": {
                    "200": {"content": {"application/json": {"schema": to("schemas/List")}}},
                    "429": to("responses/Busy"),
                }}},
                "/api/notes/all": {"delete": {"responses": {"204": {}}}},
                "/api/notes/{id}": {"delete": {"responses": {
                    "200": {"content": {"text/csv": {"schema": text()}}},
                }}},
            },
            "components": {
                "responses": {"Busy": {"content": {"application/problem+json": {"schema": busy}}}},
                "schemas": {
                    "Problem": object("code", text()),
                    "List": object("data", list),
                    "Note": {"allOf": [to("schemas/Id"), note]},
                    "Id": object("id", json!({"type": "string", "format": "uuid"})),
                },
            },
        }))
    }

    const JSON: &str = "application/json";
    const PROBLEM_JSON: &str = "application/problem+json";

    fn difference(call: &str, status: u16, kind: &str, body: &str) -> Option<String> {
        let (method, path) = call.split_once(' ').expect("a method and a path");
        let content_type = HeaderValue::try_from(kind).expect("a media type");
        let answer = Answer {
            status,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, content_type)]),
            body: body.as_bytes().to_vec(),
        };
        document().difference(method, path, &answer)
    }

    #[test]
    fn an_answer_passes_or_is_refused_with_the_reason() {
        let with_charset = "application/json; charset=utf-8";
        let note = r#"{"data":[{"id":"01890000-0000-7000-8000-000000000000","text":"a"}]}"#;
        let secret = note.replace("}]", r#","secret":"b"}]"#);
        let busy = r#"{"code":"rate_limited","wait":1}"#;
        let more = r#"{"data":[],"more":1}"#;
        let bad_id = r#"{"data":[{"id":7}]}"#;
        let other_code = r#"{"code":"other"}"#;
        let no_reason = "";
        for (call, status, kind, body, reason) in [
            ("GET /api/notes", 200, JSON, note, no_reason),
            ("GET /api/notes/", 200, with_charset, note, no_reason),
            ("HEAD /api/notes", 200, JSON, "", no_reason),
            ("GET /api/notes", 429, PROBLEM_JSON, busy, no_reason),
            ("DELETE /api/notes/all", 204, JSON, "", no_reason),
            ("DELETE /api/notes/7", 200, "text/csv", "a,b", no_reason),
            // No call of it, and no service of it.
            ("PUT /api/notes", 405, PROBLEM_JSON, "{}", no_reason),
            ("GET /api/other", 200, JSON, "{}", no_reason),
            ("OPTIONS /api/notes", 204, JSON, "", no_reason),
            ("PUT /api/notes", 200, JSON, "{}", "PUT /api/notes"),
            ("GET /api/notes", 201, JSON, "{}", "status 201"),
            ("GET /api/notes", 200, "text/html", "{}", "text/html"),
            ("GET /api/notes", 200, JSON, "{", "EOF"),
            ("GET /api/notes", 200, JSON, "{}", "data"),
            ("GET /api/notes", 200, JSON, more, "more"),
            ("GET /api/notes", 200, JSON, secret.as_str(), "secret"),
            ("GET /api/notes", 200, JSON, bad_id, "/data/0"),
            ("GET /api/notes", 429, PROBLEM_JSON, other_code, "/code"),
            ("DELETE /api/notes/all", 204, JSON, "x", "no body"),
        ] {
            let found = difference(call, status, kind, body).unwrap_or_default();
            assert!(found.contains(reason), "{call} {body}: {found}");
            assert_eq!(found.is_empty(), reason.is_empty(), "{call} {found}");
        }
    }
}
