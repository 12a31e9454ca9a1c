//! Goal: whatever components bring, the document is one of the bank's. Method: parts as text.

use super::*;
use crate::registry::Registry;
use std::path::Path;

const TABLE: &str = r#"component = "x.wasm"
public = ["GET /open", "POST /items/*"]
scopes = { "PUT /open" = "open:write" }
"#;

fn merged(parts: &[(&str, Value)]) -> Value {
    let table_of = |(name, _): &(&str, Value)| format!("[services.{name}]\n{TABLE}");
    let text: String = parts.iter().map(table_of).collect();
    let (registry, problems) = Registry::parse(Path::new("registry.toml"), &text);
    // A registry must have services; the bank alone has none.
    assert!(parts.is_empty() || problems.is_empty());
    merge(parts.iter().map(|(name, document)| Part {
        spec: registry.service(name).unwrap(),
        document,
    }))
}

fn item(schema: &Value) -> Value {
    json!({
        "paths": {"/": {"get": {
            "operationId": "list",
            "responses": {"200": {"content": {"application/json": {"schema": {
                "$ref": "#/components/schemas/List",
            }}}}},
        }}},
        "components": {"schemas": {
            "List": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
            "Item": schema,
        }},
    })
}

fn operation() -> Value {
    json!({"responses": {"200": {"description": "OK"}}})
}

fn codes(response: &Value) -> Value {
    response["content"]["application/problem+json"]["schema"]["properties"]["code"]["enum"].clone()
}

/// The places to which references in a value lead.
fn references(value: &Value) -> Vec<String> {
    let text = value.to_string();
    let targets = text.split(r##""$ref":"#"##).skip(1);
    let targets = targets.map(|rest| rest.split('"').next().unwrap().to_owned());
    targets.collect()
}

#[test]
fn a_path_begins_with_its_service_and_an_operation_has_its_tag_and_name() {
    let document = merged(&[("my-notes", item(&json!({"type": "string"})))]);
    let list = &document["paths"]["/api/my-notes"]["get"];
    assert_eq!(list["operationId"], "my_notes_list");
    assert_eq!(list["tags"], json!(["my-notes"]));
    let part = json!({"paths": {"/{id}": {"get": operation()}}});
    assert!(merged(&[("notes", part)])["paths"]["/api/notes/{id}"]["get"].is_object());
}

#[test]
fn a_call_needs_a_token_with_its_scope_unless_the_registry_makes_it_public() {
    let part = json!({"paths": {
        "/open": {"get": operation(), "post": operation(), "put": operation()},
        "/items/{id}": {"get": operation(), "post": operation()},
    }});
    let paths = &merged(&[("notes", part)])["paths"];
    let on_behalf_of = json!([{"$ref": "#/components/parameters/OnBehalfOf"}]);
    for (path, method, scope) in rows! {
        ("/api/notes/open", "get", None), ("/api/notes/open", "post", Some("notes:write")),
        ("/api/notes/open", "put", Some("open:write")),
        ("/api/notes/items/{id}", "get", Some("notes:read")),
        ("/api/notes/items/{id}", "post", None),
    } {
        let operation = &paths[path][method];
        let (security, parameters) = match scope {
            Some(scope) => (json!([{"bearer": [scope]}]), &on_behalf_of),
            None => (json!([]), &Value::Null),
        };
        assert_eq!(operation["security"], security, "{method} {path}");
        assert_eq!(&operation["parameters"], parameters, "{method} {path}");
        let refusals = ["401", "403"].map(|status| operation["responses"][status].is_object());
        assert_eq!(refusals, [scope.is_some(); 2], "{method} {path}");
    }
}

#[test]
fn schemas_of_one_name_are_one_if_they_are_equal_and_two_otherwise() {
    let (text, number) = (json!({"type": "string"}), json!({"type": "number"}));
    let equal = merged(&[("a", item(&text)), ("b", item(&text))]);
    let schemas = equal["components"]["schemas"].as_object().unwrap();
    assert!(schemas.keys().eq(["Item", "List", "Problem"]), "{equal}");

    // The lists read alike, and are lists of other items.
    let other = merged(&[("a", item(&text)), ("b", item(&number))]);
    let schemas = &other["components"]["schemas"];
    assert_eq!(schemas["Item"], text);
    assert_eq!(schemas["b.Item"], number);
    let items = &schemas["b.List"]["items"]["$ref"];
    assert_eq!(items, "#/components/schemas/b.Item");
    let used = references(&other["paths"]["/api/b"]["get"]);
    assert!(used.contains(&"/components/schemas/b.List".to_owned()));
}

#[test]
fn every_reference_leads_somewhere() {
    let problem = json!({"$ref": "#/components/schemas/Problem"});
    let text = json!({"type": "string"});
    let document = merged(&[("a", item(&text)), ("b", item(&problem))]);
    for target in references(&document) {
        assert!(document.pointer(&target).is_some(), "{target}");
    }
}

#[test]
fn the_errors_of_the_gateway_stand_beside_those_of_the_service() {
    let refused = |codes: Value| {
        json!({
            "description": "- `own`: why",
            "content": {"application/problem+json": {"schema": {
                "$ref": "#/components/schemas/Problem",
                "properties": {"code": {"enum": codes}},
            }}},
        })
    };
    let part = json!({"paths": {"/": {"post": {"responses": {
        "400": refused(json!(["own"])),
        "503": refused(json!(["own", "service_unavailable"])),
    }}}}});
    let document = merged(&[("notes", part)]);
    let responses = &document["paths"]["/api/notes"]["post"]["responses"];
    assert_eq!(codes(&responses["400"]), json!(["own", "bad_request"]));
    let description = "- `own`: why\n- `bad_request`: the head or the body is malformed";
    assert_eq!(responses["400"]["description"], description);
    let unavailable = json!(["own", "service_unavailable"]);
    assert_eq!(codes(&responses["503"]), unavailable);
    let many = &responses["429"]["$ref"];
    assert_eq!(many, "#/components/responses/TooManyRequests");
    let shared = &document["components"]["responses"]["TooManyRequests"];
    assert_eq!(codes(shared), json!(["rate_limited"]));
    assert!(shared["headers"]["retry-after"].is_object());
}

#[test]
fn an_error_of_another_form_stays_possible() {
    let own = json!({"type": "object", "required": ["oops"]});
    let part = json!({"paths": {"/": {"get": {"responses": {"400": {
        "content": {"application/problem+json": {"schema": own.clone()}},
    }}}}}});
    let document = merged(&[("notes", part)]);
    let refused = &document["paths"]["/api/notes"]["get"]["responses"]["400"];
    let schemas = &refused["content"]["application/problem+json"]["schema"]["anyOf"];
    assert_eq!(schemas[0], own);
    let codes = &schemas[1]["properties"]["code"]["enum"];
    assert_eq!(*codes, json!(["bad_request"]));
}

#[test]
fn no_part_breaks_the_document_or_leads_a_client_elsewhere() {
    let elsewhere = json!([{"url": "https://elsewhere.example"}]);
    let mut led = operation();
    led["servers"] = elsewhere.clone();
    for item in [
        json!({"servers": elsewhere, "get": led}),
        json!({"get": 7, "post": [], "put": {"responses": []}, "parameters": {}}),
        json!({"get": {"responses": {"400": 7, "401": {"content": []}, "503": {"headers": []}}}}),
        json!({"get": {"responses": {"503": {"headers": [], "content": {}}}, "operationId": 7}}),
    ] {
        let part = json!({"paths": {"/": item}, "components": {"schemas": [], "x": 7}, "info": 7});
        let document = merged(&[("notes", part)]);
        assert!(document["paths"]["/api/notes"].is_object());
        assert!(!document.to_string().contains("elsewhere"), "{document}");
    }
    let part = json!({"paths": {}, "components": []});
    assert_eq!(merged(&[("notes", part)])["openapi"], "3.1.0");
}

#[test]
fn the_bank_alone_has_a_whole_document() {
    let document = merged(&[]);
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let own = &document["paths"]["/api/openapi.json"]["get"];
    assert_eq!(own["security"], json!([]));
    assert!(own["responses"]["429"].is_object());
    assert!(own["responses"]["401"].is_null() && own["responses"]["502"].is_null());
}
