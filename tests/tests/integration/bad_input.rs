//! Goal: bad input has the documented problem document, at each call, and changes nothing.
//!
//! Method: each call is sent what the sdk refuses; which texts those are, its own tests say. What
//! is kept as it was sent is in `clients/scripts.rs`, and what gateways and clients read
//! differently in `edge`.

use strongroom_tests::bank::{UNKNOWN_ID, new_key, transfer};
use strongroom_tests::document::{self, Document, Operation};
use strongroom_tests::wire::exchange;
use strongroom_tests::{Bank, assert_json, json, refusals};

/// The path of a call, with an id where one is needed.
fn path_of(operation: &Operation<'_>, id: &str) -> String {
    let parts = operation.path.split('/');
    let parts = parts.map(|part| match part.starts_with('{') {
        true => id,
        false => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn an_unknown_parameter_and_a_body_that_is_no_json_object_are_refused_by_each_call() {
    let bank = Bank::shared().await;
    let admin = bank.admin().await;
    let document = Document::new(bank.document().await);
    // In a member that some of the calls have.
    let deep = "[".repeat(20_000) + &"]".repeat(20_000);
    let deep = format!("{{\"metadata\":{deep}}}");
    // The gateway's own documents are the same whatever is asked.
    let own = [document::PATH, "/.well-known/jwks.json"];
    for operation in document.operations().filter(|it| !own.contains(&it.path)) {
        let path = path_of(&operation, UNKNOWN_ID);
        let method = operation.method.to_uppercase();
        let send_to = async |path: &str, kind: &str, body: &str| {
            println!("{method} {path} {kind}");
            let call = admin.call(&method, path).key(&new_key());
            call.body(kind, body.to_owned()).await
        };
        let json = "application/json";
        let surprise = send_to(&format!("{path}?surprise=1"), json, "{}").await;
        let problem = surprise.refused(422, "validation_failed");
        assert_json!(problem, {"errors": [{"pointer": "/surprise"}]});
        if operation.method == "get" {
            continue;
        }
        let send = async |kind: &str, body: &str| send_to(&path, kind, body).await;
        for broken in ["{", "{} {}", "{'a':1}", "{\"a\":1,\"a\":1}"] {
            send(json, broken).await.refused(400, "bad_request");
        }
        send(json, &deep).await.problem_of(&[400, 413, 422]);
        // Calls without a body take an empty object of any type.
        let takes_none = operation.value["requestBody"].is_null();
        let status = if takes_none { 422 } else { 415 };
        send("text/plain", "[]").await.problem(status);
        // By their positions in the source code, members are none.
        for other in ["[]", "7", "\"text\"", "[\"a\", null, \"1.00\"]"] {
            let problem = send(json, other).await.refused(422, "validation_failed");
            assert_json!(problem, {"errors": [{"detail": "must be an object"}]});
        }
    }
}

#[tokio::test]
async fn a_line_of_a_batch_that_is_no_object_or_has_a_megabyte_for_an_amount_is_refused() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let line = json!([pair.from, pair.to, null, "1.00", "EUR", "by position", null]);
    // A tree of these takes 100 times the memory of its text, which is more than an instance has.
    let amount = format!("[{}0]", r#"{"":0},"#.repeat(149_000));
    let huge = pair.body("AMOUNT").to_string();
    let huge = huge.replace("\"AMOUNT\"", &amount);
    let no_object = (line.to_string(), "validation_failed");
    for (line, code) in [no_object, (huge, "amount_invalid")] {
        let call = pair.alice.post("/api/transactions/batch").key(&new_key());
        let body = format!(r#"{{"transfers":[{line}],"atomic":false}}"#);
        let batch = call.body("application/json", body).await.expect(201);
        assert_json!(batch["outcomes"][0], {"status": "refused", "code": code});
    }
    assert_eq!(pair.alice.balance(&pair.from).await, "100.00");
}

#[tokio::test]
async fn ids_that_are_no_uuids_are_refused() {
    let bank = Bank::shared().await;
    let pair = bank.pair().await;
    let document = Document::new(bank.document().await);
    for id in rows! { "1", "%00", "..%2f..", &UNKNOWN_ID[1..], "%27%20OR%201=1%20--" } {
        let reads = document.operations().filter(|it| it.method == "get");
        for operation in reads.filter(|it| it.path.contains('{')) {
            let answer = pair.admin.get(&path_of(&operation, id)).await;
            answer.problem_of(&[400, 404, 422]);
        }
        let list = format!("/api/transactions?account_id={id}");
        pair.admin.get(&list).await.problem_of(&[400, 422]);
    }
    let sql = transfer(&pair.from, "' OR 1=1 --", "1.00", "EUR");
    refusals! {
        pair.alice => POST "/api/transactions/transfer" (sql)
            => 422 "validation_failed" "/to_account_id";
    }
}

/// What is public, and what a component does, is said of one and the same path.
#[tokio::test]
async fn h6_policy_and_dispatch_read_the_same_path() {
    let bank = Bank::shared().await;
    for path in rows! {
        "/api/hello/../auth/me", "/api/hello/..%2fauth/me", "/api/hello/%2e%2e/guarded/fine",
        "/api/hello%2f..%2fguarded/fine", "/api/auth/login/../me", "/api/auth/register/%2e%2e/me",
        "/api/auth//login", "//api/auth/me", "/api//auth/me", "/api/./auth/me",
        "/api/auth/me;x=/login", "/api/auth/me%00/login", "/api/auth/%6de",
        "/api/auth/me?/api/auth/login", "/api/auth/me/", "/api\\auth\\me",
        "/api/accounts/api/auth/login", "/api/accounts/login", "/api/guarded/../hello",
        "/api/guarded/api/auth/login", "/api/%61uth/me",
    } {
        let request = format!("GET {path} HTTP/1.1\r\nhost: bank\r\nconnection: close\r\n\r\n");
        let reply = exchange(bank.address(), request).await;
        reply.assert_refused(path);
        assert!(!reply.text().contains("\"email\""), "{}", reply.text());
    }
}
