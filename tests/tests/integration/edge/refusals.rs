//! Every refusal of the gateway is a problem document that gives nothing away.

use super::*;
use strongroom_tests::race::{at_once, count};

const INTERNALS: [&str; 6] = ["wasm", "panic", ".rs", "hyper", "/home", "backtrace"];

#[track_caller]
pub fn gives_nothing_away(document: &Value) {
    let text = document.to_string().to_lowercase();
    for word in INTERNALS {
        assert!(!text.contains(word), "{word} in {text}");
    }
}

#[tokio::test]
async fn w1_every_refusal_of_the_gateway_is_a_problem_document() {
    let narrow = Service::guest("hostile").public().limit("instances", 1);
    let narrow = narrow.limit("queue", 1).limit("timeout", "1s");
    let slow = Service::guest("hello").public().limit("rate", "1/m");
    let registry = Registry::bank().service("narrow", narrow);
    let bank = Bank::start_with(&registry.service("slow", slow)).await;
    let client = bank.client_at(attacker(0));
    let get = async |path: &str| -> Answer { client.get(path).await };
    client.get("/api/slow").await;
    let large = "x".repeat((1 << 20) + 1);
    let bad_token = client.with_token("x").get("/api/accounts");
    let traced = client.call("TRACE", "/api/narrow/fine");
    let large = client.post("/api/narrow/echo").body("text/plain", large);
    let long = format!("/api/narrow/{}", "x".repeat(9_000));
    let fine = client.get("/api/narrow/fine");
    let large_field = fine.header("x-large", &"x".repeat(17_000));
    let misread = client.get("/api/narrow/fine").header("x_role", "x");
    let refusals = [
        (misread.await, 400, "bad_request"),
        (get("/api/accounts/x%2fy").await, 400, "bad_request"),
        (get("/api/accounts").await, 401, "token_missing"),
        (bad_token.await, 401, "invalid_token"),
        (get("/api/nowhere").await, 404, "no_such_service"),
        (traced.await, 405, "method_not_allowed"),
        (large.await, 413, "payload_too_large"),
        (get(&long).await, 414, "uri_too_long"),
        (get("/api/slow").await, 429, "rate_limited"),
        (large_field.await, 431, "header_too_large"),
        (get("/api/narrow/trap").await, 502, "service_failed"),
        (get("/api/narrow/sleep").await, 504, "deadline_exceeded"),
    ];
    for (answer, status, code) in refusals {
        gives_nothing_away(&answer.refused(status, code));
        let allow = answer.header("allow").is_some();
        assert_eq!(allow, status == 405, "allow with {status}");
        let challenge = answer.header("www-authenticate").is_some();
        assert_eq!(challenge, status == 401, "a challenge with {status}");
    }
    // One runs, one waits, and ten are refused.
    let sleep = |_| bank.client().get("/api/narrow/sleep");
    let answers = at_once((0..12).map(sleep)).await;
    assert!(count(&answers, 503) > 0);
    for answer in answers.iter().filter(|answer| answer.status == 503) {
        gives_nothing_away(&answer.refused(503, "service_unavailable"));
        let seconds = answer.header("retry-after").unwrap_or_default();
        assert!(seconds.parse::<u64>().is_ok_and(|seconds| seconds >= 1));
    }
}
