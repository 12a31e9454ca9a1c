//! Goal: a line of the log says of which request it is, who asked from where, and with what
//! outcome, in numbers that machines can read. That it holds no secret is in `story.rs`.
//! Method: requests of customers and keys at a running bank, and a guest that prints and traps; the
//! lines that have their ids.

use strongroom_tests::api_key::ApiKey;
use strongroom_tests::bank::{UNKNOWN_ID, new_key};
use strongroom_tests::wire::exchange;
use strongroom_tests::{Answer, Bank, Value, assert_json, wait_for};

/// The line of a request with this target.
async fn line_of(bank: &Bank, answer: &Answer, target: &str) -> Value {
    let id = answer.header("x-request-id").expect("each answer has one");
    line_with(bank, id, target).await
}

/// The first line with this request's id, and a target.
async fn line_with(bank: &Bank, id: &str, target: &str) -> Value {
    wait_for("the line of the request", 10, async || {
        let log = bank.log();
        let mut lines = log.lines().filter_map(|line| line.parse::<Value>().ok());
        lines.find(|line| line["request_id"] == id && line["target"] == target)
    })
    .await
}

/// Strangers choose the lengths of method and path.
#[tokio::test]
async fn an_access_line_has_the_beginning_of_a_long_method_and_path() {
    let bank = Bank::shared().await;
    let (method, path) = ("A".repeat(60_000), "b".repeat(50_000));
    for request in [
        format!("{method} /api/auth/me HTTP/1.1\r\n"),
        format!("GET /api/{path} HTTP/1.1\r\n"),
    ] {
        let id = new_key();
        let request = format!("{request}host: localhost\r\nx-request-id: {id}\r\n\r\n");
        exchange(bank.address(), request).await;
        let line = line_with(bank, &id, "access").await.to_string();
        assert!(line.len() < 2_000, "{} bytes", line.len());
    }
}

#[tokio::test]
async fn an_access_line_has_the_code_and_who_asked_from_where() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let answer = customer.get(&format!("/api/accounts/{UNKNOWN_ID}")).await;
    assert_eq!(answer.status, 404);
    let line = line_of(bank, &answer, "access").await;
    assert_json!(line, {
        "service": "accounts", "method": "GET", "status": 404, "code": "not_found",
        "address": "127.0.0.1", "subject": customer.id,
    });
    assert!(line["microseconds"].is_u64(), "{line}");
    assert!(line.get("client").is_none(), "{line}");

    let key = ApiKey::create(&bank.admin().await, &["accounts:read"]).await;
    let call = key.get("/api/accounts");
    let answer = call.header("x-on-behalf-of", UNKNOWN_ID).await;
    answer.expect(200);
    let line = line_of(bank, &answer, "access").await;
    assert_json!(line, {"status": 200, "subject": UNKNOWN_ID, "client": key.client_id});
    assert!(line.get("code").is_none(), "{line}");
    // The gateway's own refusal names the caller too.
    let answer = key.get("/api/webhooks").await;
    let line = line_of(bank, &answer, "access").await;
    assert_json!(line, {"code": "insufficient_scope", "client": key.client_id});
    let answer = bank.client().get("/api/accounts").await;
    let line = line_of(bank, &answer, "access").await;
    assert_eq!(line["code"], "token_missing");
    assert!(line.get("subject").is_none(), "{line}");
}

#[tokio::test]
async fn what_a_guest_prints_and_why_it_fails_have_the_requests_id() {
    let bank = Bank::shared().await;
    let client = bank.client();
    let answer = client.get("/api/hostile/one-line").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let line = line_of(bank, &answer, "guest").await;
    assert_json!(line, {"service": "hostile", "stream": "stdout", "message": "an honest line"});
    let answer = client.get("/api/hostile/trap").await;
    assert_eq!(answer.status, 502, "{}", answer.text());
    let line = line_of(bank, &answer, "strongroom::runtime::instance::pool").await;
    assert_json!(line, {"service": "hostile", "message": "an instance failed and is gone"});
    let id = new_key();
    let call = client.get("/api/hostile/trap-in-body");
    let broken = call.header("x-request-id", &id).try_send().await;
    broken.expect_err("the response breaks off");
    let line = line_with(bank, &id, "strongroom::runtime::instance::response").await;
    assert_json!(line, {"service": "hostile", "message": "a response broke off after its head"});
}
