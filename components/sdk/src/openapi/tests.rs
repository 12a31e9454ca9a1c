//! Goal: a part has each error that a call can answer, and nothing that only this crate reads.

use super::*;
use crate::assert_json;
use crate::http::PathId;
use crate::idempotency::IdempotencyKey;
use crate::identity::Role;
use crate::page::List;
use crate::refusals;
use crate::rows;
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

/// A note.
#[derive(Serialize, ToSchema)]
#[schema(as = Note)]
struct NoteView {
    text: String,
    author: Author,
}

#[derive(Serialize, ToSchema)]
struct Author {
    #[schema(value_type = Timestamp)]
    since: String,
    /// What the author may do.
    #[schema(inline)]
    role: Role,
}

const SHARED_BY_CALLS: &[&str] = &["note_sealed"];

/// Lists notes.
#[utoipa::path(get, path = "/", params(Paging), responses((status = 200, body = List<NoteView>)))]
fn list() {}

/// Writes a note.
#[utoipa::path(
    post,
    path = "/{id}/write",
    params(PathId, IdempotencyKey),
    request_body = Option<NoteView>,
    responses((status = 201, body = NoteView)),
    extensions(("x-refusals" = json!([SHARED_BY_CALLS, "forbidden", "409 worn_out"]))),
)]
fn write() {}

#[derive(OpenApi)]
#[openapi(info(title = "Notes"), paths(list, write))]
struct Document;

const REFUSALS: &[Refusal] = refusals! {
    409 "note_sealed": "the note is sealed";
    403 "worn_out": "the caller is worn out";
    409 "worn_out": "the note is worn out";
};

fn part(refusals: &[Refusal], aliases: &[Alias]) -> Value {
    // The handlers are there for their documents alone.
    let _ = (list as fn(), write as fn());
    serde_json::from_str(&document(&Document::openapi(), refusals, aliases)).expect("JSON")
}

fn codes(operation: &Value, status: &str) -> Value {
    let content = &operation["responses"][status]["content"]["application/problem+json"];
    content["schema"]["properties"]["code"]["enum"].clone()
}

#[test]
fn a_call_has_the_errors_that_it_names_and_those_that_follow_from_its_form() {
    let part = part(REFUSALS, &[]);
    let write = &part["paths"]["/{id}/write"]["post"];
    for (status, expected) in rows! {
        ("400", vec!["bad_request", "idempotency_key_invalid", "idempotency_key_missing"]),
        ("403", vec!["forbidden"]), ("404", vec!["not_found"]),
        ("409", vec!["note_sealed", "worn_out"]), ("413", vec!["payload_too_large"]),
        ("415", vec!["unsupported_media_type"]),
        ("422", vec!["validation_failed", "idempotency_key_reused"]),
        ("500", vec!["internal_error"]),
        ("503", vec!["service_unavailable", "storage_unavailable", "clock_not_trusted"]),
        ("507", vec!["storage_full"]),
    } {
        assert_eq!(codes(write, status), Value::from(expected), "{status}");
    }
    let text = write["responses"]["409"]["description"].as_str();
    let lines = "- `note_sealed`: the note is sealed\n- `worn_out`: the note is worn out";
    assert_eq!(text, Some(lines));
    let list = &part["paths"]["/"]["get"];
    assert_eq!(codes(list, "400"), Value::from(["cursor_invalid"]));
    assert_eq!(codes(list, "403"), Value::Null);
    assert!(!part.to_string().contains("x-refusals"));
}

#[test]
fn a_body_has_a_schema_of_its_own_and_so_has_what_it_is_made_of() {
    let part = part(REFUSALS, &[]);
    let write = &part["paths"]["/{id}/write"]["post"];
    let created = &write["responses"]["201"];
    assert_eq!(created["description"], "Created");
    assert!(created["headers"]["idempotency-replayed"].is_object());
    let listed = &part["paths"]["/"]["get"]["responses"]["200"];
    assert_eq!(listed["headers"], Value::Null);
    let schemas = &part["components"]["schemas"];
    assert!(schemas["Timestamp"].is_object());
    assert_eq!(schemas["Note"]["required"][0], "text");
    let note = "#/components/schemas/Note";
    assert_json!(schemas["List_Note"]["properties"]["data"]["items"], {"$ref": note});
    // It may be missing, and is never null.
    let body = &write["requestBody"];
    assert_json!(body["content"]["application/json"], {"schema": {"$ref": note}});
    assert_ne!(body["required"], true);
    // A member with words is no object too.
    assert_json!(schemas["Author"]["properties"]["role"], {
        "description": "What the author may do.", "type": "string", "allOf": null,
    });
}

#[test]
fn an_alias_is_the_same_call_under_another_path() {
    let alias = Alias {
        path: "/notes",
        of: "/",
        operation_id: "list_notes",
    };
    let paths = &part(REFUSALS, &[alias])["paths"];
    assert_eq!(paths["/notes"]["get"]["operationId"], "list_notes");
    assert_eq!(paths["/"]["get"]["operationId"], "list");
    let responses = |path: &str| paths[path]["get"]["responses"].clone();
    assert_eq!(responses("/notes"), responses("/"));
}

#[test]
#[should_panic(expected = "409 worn_out is in no table of refusals")]
fn a_code_that_no_table_has_is_a_fault() {
    part(&REFUSALS[..2], &[]);
}
