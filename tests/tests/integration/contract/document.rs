//! The OpenAPI document, and the page that shows it. That each answer of the shared bank is one of
//! the document is checked by the client of all tests.

use std::collections::BTreeSet;

use strongroom_tests::bank::{PASSWORD, new_email, new_key};
use strongroom_tests::document::{Document, PATH};
use strongroom_tests::{Bank, Client, Value, assert_json, json, text, workspace};

/// The accounts of the examples: the payer's, and the payee's.
const PAYER: &str = "0198c0de-0000-7000-8000-000000000001";
const PAYEE: &str = "0198c0de-0000-7000-8000-000000000002";

/// Every status of the document with each of its codes.
fn codes(document: &Document) -> BTreeSet<(String, String)> {
    let mut codes = BTreeSet::new();
    for operation in document.operations() {
        for (status, response) in operation.value["responses"].as_object().expect("responses") {
            let response = document.resolve(response);
            let problem = &response["content"]["application/problem+json"]["schema"];
            let of_status = problem["properties"]["code"]["enum"].as_array();
            for code in of_status.into_iter().flatten() {
                codes.insert((status.clone(), text(code).to_owned()));
            }
        }
    }
    codes
}

/// The errors in the tables of a page: rows of codes in backticks, and a status.
fn documented_errors(page: &str) -> Vec<(String, String)> {
    let mut errors = Vec::new();
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = row.split(" | ");
        let (names, status) = (cells.next().unwrap_or_default(), cells.next());
        let status = status.unwrap_or_default().trim();
        let status = status.trim_end_matches(", decline");
        if status.len() == 3 && status.parse::<u16>().is_ok() {
            let codes = names.split('`').skip(1).step_by(2);
            errors.extend(codes.map(|code| (status.to_owned(), code.to_owned())));
        }
    }
    errors
}

#[tokio::test]
async fn anyone_gets_the_document_and_nothing_if_it_has_not_changed() {
    let client = Bank::shared().await.client();
    let answer = client.get(PATH).await;
    let document = answer.expect(200);
    assert_json!(document, {"openapi": "3.1.0", "info": {"title": "Strongroom"}});
    let etag = answer.header("etag").unwrap().to_owned();
    let again = client.get(PATH).header("if-none-match", &etag).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), Some(etag.as_str()));
    let head = client.call("HEAD", PATH).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    let length = answer.body.len().to_string();
    assert_eq!(head.header("content-length"), Some(length.as_str()));
    client.post(PATH).await.refused(405, "method_not_allowed");
    assert!(answer.header("ratelimit").unwrap().contains("\"public\""));
}

#[tokio::test]
async fn the_page_and_what_it_loads_are_the_banks_own() {
    let client = Bank::shared().await.client();
    let page = client.get("/docs").await;
    assert_eq!(page.status, 200);
    let kind = page.header("content-type");
    assert_eq!(kind, Some("text/html; charset=utf-8"));
    let policy = page.header("content-security-policy").unwrap();
    let own = "default-src 'none'; script-src 'self'";
    assert!(policy.starts_with(own), "{policy}");
    for wide in ["unsafe", "://"] {
        assert!(!policy.contains(wide), "{policy}");
    }
    let page = page.text();
    let loaded = page.split('"').filter(|text| text.starts_with('/'));
    for (path, kind) in loaded.zip(["text/css", "text/javascript", "text/javascript"]) {
        let answer = client.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        let content_type = answer.header("content-type").unwrap();
        assert!(content_type.starts_with(kind), "{path}: {content_type}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    let other = client.get("/docs/other").await;
    other.refused(404, "no_such_service");
}

#[tokio::test]
async fn it_has_every_service_and_says_which_scopes_its_calls_need() {
    const WRITES: Option<&str> = Some("transactions:write");
    let bank = Bank::shared().await;
    let document = Document::new(bank.document().await);
    for (method, path, scope) in [
        ("POST", "/api/auth/register", None),
        ("GET", "/api/token/jwks", None),
        ("GET", "/.well-known/jwks.json", None),
        ("GET", "/api/accounts", Some("accounts:read")),
        ("GET", "/api/accounts/journal", Some("journal:read")),
        ("POST", "/api/auth/keys", Some("auth:write")),
        ("POST", "/api/transactions/transfer", WRITES),
        ("POST", "/api/transactions/send", WRITES),
        ("DELETE", "/api/webhooks/1", Some("webhooks:write")),
    ] {
        let operation = document.operation(method, path);
        let operation = operation.unwrap_or_else(|| panic!("{method} {path} is missing"));
        let needed = scope.map_or(json!([]), |scope| json!([{"bearer": [scope]}]));
        assert_eq!(operation.value["security"], needed, "{method} {path}");
    }
    assert!(document.operation("GET", "/api/hello").is_none());
}

#[tokio::test]
async fn its_references_lead_somewhere_and_its_names_are_names_of_one_call() {
    let root = Bank::shared().await.document().await;
    fn references<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
        match value {
            Value::Object(members) => {
                if value["$ref"].is_string() {
                    found.push(value);
                }
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    references(&root, &mut found);
    let document = Document::new(root.clone());
    assert!(found.len() > 100);
    // Panics where one leads nowhere.
    for value in found {
        document.resolve(value);
    }
    let mut names = BTreeSet::new();
    for operation in document.operations() {
        let name = text(&operation.value["operationId"]);
        assert!(names.insert(name), "{name} is there twice");
        let parameters = operation.value["parameters"].as_array();
        let in_path = parameters
            .into_iter()
            .flatten()
            .filter(|it| it["in"] == "path");
        let declared = in_path.map(|it| format!("{{{}}}", text(&it["name"])));
        assert_eq!(
            declared.count(),
            operation.path.matches('{').count(),
            "{name}"
        );
        for response in operation.value["responses"].as_object().unwrap().values() {
            let description = text(&document.resolve(response)["description"]);
            assert!(!description.is_empty(), "{name}");
        }
    }
}

#[tokio::test]
async fn it_has_every_error_of_the_manual() {
    let document = Document::new(Bank::shared().await.document().await);
    let codes = codes(&document);
    let page = workspace::root().join("docs/errors.md");
    let errors = documented_errors(&std::fs::read_to_string(page).unwrap());
    assert!(errors.len() > 40, "{errors:?}");
    for error in errors {
        // What is in the document has its method, and no call is public by mistake.
        if !["method_not_allowed", "unauthorized"].contains(&&*error.1) {
            assert!(codes.contains(&error), "{error:?}");
        }
    }
}

/// Sends the example of a call's body; returns the body of its success.
async fn run(document: &Document, client: &Client, call: &str, replaced: &[(&str, &str)]) -> Value {
    let (method, path) = call.split_once(' ').expect("a method and a path");
    let operation = document.operation(method, path);
    let body = example(document, operation.expect("a call of the document").value);
    let body = body.unwrap_or_else(|| panic!("{call}: no example"));
    let mut body = body.to_string();
    for (old, new) in replaced {
        body = body.replace(old, new);
    }
    let request = client.call(method, path).key(&new_key());
    let answer = request.body("application/json", body).await;
    let is_done = (200..300).contains(&answer.status);
    assert!(is_done, "{call}: {}", answer.text());
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

/// The example of the JSON body of a call.
fn example<'d>(document: &'d Document, operation: &'d Value) -> Option<&'d Value> {
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    document.resolve(schema)["examples"].as_array()?.first()
}

#[tokio::test]
async fn its_examples_run() {
    let bank = Bank::shared().await;
    let document = Document::new(bank.document().await);
    let (pair, nobody) = (bank.pair().await, bank.client());
    let (alice, admin) = (&pair.alice, &pair.admin);
    let (register, teller) = (new_email(), new_email());
    let frozen = alice.open_account("EUR").await;
    let accounts = [(PAYER, pair.from.as_str()), (PAYEE, pair.to.as_str())];

    let in_turn = async |client: &Client, calls: &[&str], replaced: &[(&str, &str)]| {
        let mut last = Value::Null;
        for call in calls {
            last = run(&document, client, call, replaced).await;
        }
        last
    };
    for (client, call, email, own) in [
        (&nobody, "register", "ann@example.org", &register),
        (&nobody, "login", "ann@example.org", &alice.email),
        (&**admin, "users", "tom@example.org", &teller),
    ] {
        let call = format!("POST /api/auth/{call}");
        run(&document, client, &call, &[(email, own)]).await;
    }
    let user = format!("PATCH {}", pair.bob.path());
    let (account, freeze) = (
        format!("PATCH /api/accounts/{}", pair.from),
        format!("POST /api/accounts/{frozen}/freeze"),
    );
    let calls: [&str; 4] = [&user, &account, &freeze, "POST /api/webhooks"];
    let webhook = in_turn(admin, &calls, &[]).await;
    let webhook = format!("/api/webhooks/{}", text(&webhook["id"]));
    let (change, rotate) = (
        format!("PATCH {webhook}"),
        format!("POST {webhook}/rotate-secret"),
    );
    in_turn(admin, &[&change, &rotate], &[]).await;
    admin.delete(&webhook).await.expect_no_content();
    let key = in_turn(admin, &["POST /api/auth/keys"], &[]).await;
    let key = format!("/api/auth/keys/{}", text(&key["id"]));
    admin.delete(&key).await.expect_no_content();
    in_turn(admin, &["POST /api/transactions/deposit"], &accounts).await;
    let payments = [
        "POST /api/accounts",
        "POST /api/transactions/withdraw",
        "POST /api/transactions/send",
        "POST /api/transactions/postings",
        "POST /api/transactions/batch",
        "POST /api/transactions/schedules",
        "POST /api/transactions/transfer",
    ];
    let sent = in_turn(alice, &payments, &accounts).await;
    let reverse = format!("POST /api/transactions/{}/reverse", text(&sent["id"]));
    in_turn(admin, &[&reverse], &[]).await;
    let hold = in_turn(alice, &["POST /api/transactions/holds"], &accounts).await;
    let capture = format!("POST /api/transactions/holds/{}/capture", text(&hold["id"]));
    in_turn(alice, &[&capture], &[]).await;
    let own = ["PATCH /api/auth/me", "POST /api/auth/password"];
    in_turn(alice, &own, &[]).await;
    assert_eq!(alice.password, PASSWORD);

    let with_example = document
        .operations()
        .filter(|it| example(&document, it.value).is_some());
    assert_eq!(with_example.count(), 23, "each example is run above");
}
