//! The OpenAPI document, and the page that shows it. That each answer of the shared bank is one of
//! the document is checked by the client of all tests.

use std::collections::BTreeSet;

use strongroom_tests::bank::{new_email, new_key};
use strongroom_tests::document::{Document, Operation, PATH};
use strongroom_tests::{Bank, Client, Value, assert_json, json, text};

use super::errors::rows;

/// The accounts of the examples: the payer's, and the payee's.
const PAYER: &str = "0198c0de-0000-7000-8000-000000000001";
const PAYEE: &str = "0198c0de-0000-7000-8000-000000000002";

/// Which client has it already, and what the page may load, the tests beside them say.
#[tokio::test]
async fn anyone_gets_the_document_and_a_page_that_loads_what_is_the_banks_own() {
    let client = Bank::shared().await.client();
    let answer = client.get(PATH).await;
    assert_json!(answer.expect(200), {"openapi": "3.1.0", "info": {"title": "Strongroom"}});
    let jwks = client.get("/api/token/jwks").await;
    for public in [&answer, &jwks] {
        let rate = public.header("ratelimit").unwrap_or_default();
        assert!(rate.contains("\"public\""), "{rate}");
    }
    let etag = answer.header("etag").unwrap();
    let again = client.get(PATH).header("if-none-match", etag).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    client.post(PATH).await.refused(405, "method_not_allowed");

    let page = client.get("/docs").await;
    let policy = page.header("content-security-policy").unwrap();
    let own = "default-src 'none'; script-src 'self'";
    assert!(policy.starts_with(own), "{policy}");
    for wide in ["unsafe", "://"] {
        assert!(!policy.contains(wide), "{policy}");
    }
    let page = page.text();
    let loaded = page.split('"').filter(|text| text.starts_with('/'));
    let kinds = ["text/css", "text/javascript", "text/javascript"];
    let viewer = ("/docs", "text/html; charset=utf-8");
    for (path, kind) in loaded.zip(kinds).chain([viewer]) {
        let answer = client.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        let content_type = answer.header("content-type").unwrap();
        assert!(content_type.starts_with(kind), "{path}: {content_type}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
}

#[tokio::test]
async fn it_has_every_service_and_says_which_scopes_its_calls_need() {
    const WRITES: Option<&str> = Some("transactions:write");
    let bank = Bank::shared().await;
    let document = Document::new(bank.document().await);
    for (method, path, scope) in rows! {
        ("POST", "/api/auth/register", None), ("GET", "/api/token/jwks", None),
        ("GET", "/.well-known/jwks.json", None), ("GET", "/api/accounts", Some("accounts:read")),
        ("GET", "/api/accounts/journal", Some("journal:read")),
        ("POST", "/api/auth/keys", Some("auth:write")),
        ("POST", "/api/transactions/transfer", WRITES), ("POST", "/api/transactions/send", WRITES),
        ("DELETE", "/api/webhooks/1", Some("webhooks:write")),
    } {
        let operation = document.operation(method, path);
        let operation = operation.unwrap_or_else(|| panic!("{method} {path} is missing"));
        let needed = scope.map_or(json!([]), |scope| json!([{"bearer": [scope]}]));
        assert_eq!(operation.value["security"], needed, "{method} {path}");
    }
    assert!(document.operation("GET", "/api/hello").is_none());
}

#[tokio::test]
async fn each_call_has_a_name_parameters_and_responses_and_each_error_of_the_manual_is_there() {
    let document = Document::new(Bank::shared().await.document().await);
    let (mut names, mut codes) = (BTreeSet::new(), BTreeSet::new());
    for operation in document.operations() {
        let name = text(&operation.value["operationId"]);
        assert!(names.insert(name), "{name} is there twice");
        let parameters = operation.value["parameters"].as_array().into_iter();
        let in_path = parameters.flatten().filter(|it| it["in"] == "path");
        let named = operation.path.matches('{').count();
        assert_eq!(in_path.count(), named, "{name}");
        for (status, response) in operation.value["responses"].as_object().unwrap() {
            let response = document.resolve(response);
            assert!(!text(&response["description"]).is_empty(), "{name}");
            let problem = &response["content"]["application/problem+json"]["schema"];
            let of_status = problem["properties"]["code"]["enum"].as_array();
            for code in of_status.into_iter().flatten() {
                codes.insert((text(code).to_owned(), status.clone()));
            }
        }
    }
    let mut errors = rows();
    errors.retain(|(_, status)| status.parse::<u16>().is_ok());
    assert!(errors.len() > 40, "{errors:?}");
    for error in errors {
        // What is in the document has its method, and no call is public by mistake.
        if !["method_not_allowed", "unauthorized"].contains(&&*error.0) {
            assert!(codes.contains(&error), "{error:?}");
        }
    }
}

/// The example of the JSON body of a call.
fn example<'d>(document: &'d Document, operation: &'d Value) -> Option<&'d Value> {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    document.resolve(schema)["examples"].as_array()?.first()
}

/// A text with what is meant in the place of what is written.
fn replaced(written: &str, meant: &[(&str, String)]) -> String {
    let replace = |text: String, (old, new): &(&str, String)| text.replace(old, new);
    meant.iter().fold(written.to_owned(), replace)
}

#[tokio::test]
async fn its_examples_run() {
    let bank = Bank::shared().await;
    let document = Document::new(bank.document().await);
    let (pair, nobody) = (bank.pair().await, &bank.client());
    let (alice, admin): (&Client, &Client) = (&pair.alice, &pair.admin);
    let mut meant = Vec::from(rows! {
        ("ann@example.org", new_email()), ("tom@example.org", new_email()),
        (PAYER, pair.from.clone()), (PAYEE, pair.to.clone()), ("{payer}", pair.from.clone()),
        ("{bob}", pair.bob.id.clone()), ("{frozen}", pair.alice.open_account("EUR").await),
    });
    // Who makes which call, and a name for what it makes.
    let calls = rows! {
        (nobody, "POST /api/auth/register"), (nobody, "POST /api/auth/login"),
        (admin, "POST /api/auth/users"), (admin, "PATCH /api/auth/users/{bob}"),
        (admin, "PATCH /api/accounts/{payer}"), (admin, "POST /api/accounts/{frozen}/freeze"),
        (admin, "POST /api/webhooks => {webhook}"), (admin, "PATCH /api/webhooks/{webhook}"),
        (admin, "POST /api/webhooks/{webhook}/rotate-secret"),
        (admin, "POST /api/auth/keys => {key}"), (admin, "POST /api/transactions/deposit"),
        (alice, "POST /api/accounts"), (alice, "POST /api/transactions/withdraw"),
        (alice, "POST /api/transactions/send"), (alice, "POST /api/transactions/postings"),
        (alice, "POST /api/transactions/batch"), (alice, "POST /api/transactions/schedules"),
        (alice, "POST /api/transactions/transfer => {sent}"),
        (admin, "POST /api/transactions/{sent}/reverse"),
        (alice, "POST /api/transactions/holds => {hold}"),
        (alice, "POST /api/transactions/holds/{hold}/capture"),
        (alice, "PATCH /api/auth/me"), (alice, "POST /api/auth/password"),
    };
    for (client, call) in calls {
        let (call, made) = call.split_once(" => ").unwrap_or((call, ""));
        let call = replaced(call, &meant);
        let (method, path) = call.split_once(' ').expect("a method and a path");
        let operation = document.operation(method, path);
        let body = example(&document, operation.expect("a call of the document").value);
        let body = body.unwrap_or_else(|| panic!("{call}: no example"));
        let body = replaced(&body.to_string(), &meant);
        let request = client.call(method, path).key(&new_key());
        let answer = request.body("application/json", body).await;
        let is_done = (200..300).contains(&answer.status);
        assert!(is_done, "{call}: {}", answer.text());
        if !made.is_empty() {
            meant.push((made, text(&answer.expect(201)["id"]).to_owned()));
        }
    }
    for made in ["/api/webhooks/{webhook}", "/api/auth/keys/{key}"] {
        let path = replaced(made, &meant);
        admin.delete(&path).await.expect_no_content();
    }
    let has_example = |it: &Operation<'_>| example(&document, it.value).is_some();
    let with_example = document.operations().filter(has_example).count();
    assert_eq!(with_example, calls.len(), "each example is run");
}
