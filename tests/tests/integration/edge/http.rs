//! HTTP to the letter, over HTTP/1.1 as clients send it. HTTP/2 is the business of
//! `tests/attacks/http2.py`.

use super::*;
use strongroom_tests::wire::exchange;

const BODY_BYTES_MAX: usize = 1 << 20;

#[tokio::test]
async fn h1_a_client_of_http_1_0_need_not_name_a_host() {
    let bank = Bank::shared().await;
    for path in ["/.well-known/jwks.json", "/api/token/jwks", "/api/hello"] {
        for target in [path.to_owned(), format!("http://bank{path}")] {
            let request = format!("GET {target} HTTP/1.0\r\n\r\n");
            let answer = exchange(bank.address(), request).await;
            assert_eq!(answer.status(), Some(200), "{target}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn h7_a_body_one_byte_too_large_is_413_in_chunks_and_before_it_is_sent() {
    let bank = Bank::shared().await;
    let call = bank.client().post("/api/hostile/echo");
    let largest = call.body("text/plain", vec![b'x'; BODY_BYTES_MAX]).await;
    assert_eq!((largest.status, largest.body.len()), (200, BODY_BYTES_MAX));
    let size = BODY_BYTES_MAX + 1;
    let body = "x".repeat(size);
    for rest in [
        format!("transfer-encoding: chunked\r\n\r\n{size:x}\r\n{body}\r\n0\r\n\r\n"),
        // RFC 9110 section 10.1.1: the client waits for 100 before it sends.
        format!("expect: 100-continue\r\ncontent-length: {size}\r\n\r\n"),
    ] {
        let request = format!("POST /api/hostile/echo HTTP/1.1\r\nhost: bank\r\n{rest}");
        let mut connection = Connection::begin(attacker(0), bank.address(), request).await;
        connection.wait_for("HTTP/1.1 413 ").await;
        let received = connection.received();
        assert!(!received.contains("HTTP/1.1 100"), "{received}");
    }
}

#[tokio::test]
async fn h10_answers_say_what_they_are_and_are_not_kept() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let login = async |password: &str| bank.login(&customer.email, password).await;
    for answer in [
        customer.get("/api/auth/me").await,
        login(PASSWORD).await,
        login("not the password of anybody").await,
        bank.refresh(&customer.refresh_token).await,
        customer.get("/api/auth/nothing").await,
        bank.client().get("/api/auth/me").await,
    ] {
        let kept = answer.header("cache-control").unwrap_or_default();
        assert!(kept.contains("no-store"), "{}: {kept:?}", answer.text());
    }
    let paths = "/api/hello /api/auth/me /api/accounts /api/nowhere /.well-known/jwks.json";
    for path in paths.split(' ') {
        println!("{path}");
        let answer = customer.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("server"), None);
        let kind = answer.header("content-type").unwrap_or_default();
        // JSON is UTF-8, and has no such parameter (RFC 8259 section 11); text has.
        let is_clear = kind.contains("json") || kind.contains("charset=utf-8");
        assert!(is_clear, "{kind}");
    }
}

#[tokio::test]
async fn h11_only_pages_of_listed_origins_may_call() {
    const LISTED: &str = "https://app.example";
    let registry = Registry::bank()
        .host("cors_origins", vec![LISTED])
        .service("hello", Service::guest("hello").public());
    let bank = Bank::start_with(&registry).await;
    let preflight = async |origin: &str| {
        let names = "authorization,traceparent,tracestate";
        let call = bank.client().call("OPTIONS", "/api/auth/me");
        let call = call.header("access-control-request-method", "GET");
        let call = call.header("access-control-request-headers", names);
        call.header("origin", origin).await
    };
    // The gateway answers it, without a token, and asks no component.
    let allowed = preflight(LISTED).await;
    assert!([200, 204].contains(&allowed.status), "{}", allowed.text());
    assert!(allowed.body.is_empty());
    assert_eq!(allowed.header("access-control-allow-origin"), Some(LISTED));
    let may_send = "authorization idempotency-key traceparent tracestate";
    assert_lists(&allowed, "access-control-allow-headers", may_send);
    // A page learns why it is refused, too.
    let refused = bank.client().get("/api/auth/me");
    let refused = refused.header("origin", LISTED).await;
    assert_eq!(refused.status, 401);
    let may_read = "content-disposition www-authenticate retry-after ratelimit ratelimit-policy \
        idempotency-replayed x-request-id";
    assert_lists(&refused, "access-control-expose-headers", may_read);
    let others = "https://evil.example https://app.example.evil.example http://app.example \
        https://app.example:8443 null";
    for origin in others.split(' ') {
        let call = bank.client().get("/api/hello").header("origin", origin);
        for answer in [preflight(origin).await, call.await] {
            let allowed = answer.header("access-control-allow-origin");
            assert_eq!(allowed, None, "{origin}");
        }
    }
}

/// Asserts that the list in a header has all of these names.
#[track_caller]
fn assert_lists(answer: &Answer, header: &str, names: &str) {
    let list = answer.header(header).unwrap_or_default();
    for name in names.split(' ') {
        let mut listed = list.split(',').map(str::trim);
        assert!(listed.any(|one| one == name), "no {name} in {list}");
    }
}

#[tokio::test]
async fn h13_a_trace_of_a_client_goes_on_with_a_span_of_ours() {
    // Of another service than ours (W3C Trace Context).
    let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let bank = Bank::shared().await;
    let call = bank.client().get("/api/hostile/seen-headers");
    let call = call.header("traceparent", &format!("00-{trace}-{span}-01"));
    let seen = call.await.text();
    assert_parts(&seen, &[&format!("traceparent: 00-{trace}-")]);
    assert_eq!(seen.matches("traceparent: ").count(), 1, "{seen}");
    assert!(!seen.contains(span), "{seen}");
}

#[tokio::test]
async fn w3_a_slash_at_the_end_is_404_and_named_with_a_token_and_without() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let mine: &Client = &customer;
    let nonsense = customer.with_token("nonsense");
    for (client, method, path) in [
        (&bank.client(), "POST", "/api/auth/login/"),
        (&bank.client(), "GET", "/api/token/jwks/"),
        (&bank.client(), "HEAD", "/api/token/jwks/"),
        (&nonsense, "POST", "/api/token/refresh/"),
        (mine, "GET", "/api/auth/me/"),
        (mine, "POST", "/api/transactions/transfer/"),
        (mine, "GET", "/api/webhooks/webhooks/"),
    ] {
        let answer = client.call(method, path).await;
        assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text());
        if method != "HEAD" {
            let detail = answer.refused(404, "not_found")["detail"].to_string();
            assert_parts(&detail, &[path, "slash"]);
        }
    }
    // What needs a token says so, whatever its path.
    bank.client().get("/api/auth/me/").await.no_token();
    customer.read("/api/accounts/").await;
}

#[tokio::test]
async fn w1_a_problem_has_one_type_and_title_whoever_finds_it() {
    let bank = Bank::shared().await;
    let login = async |bytes: usize| {
        let call = bank.client().post("/api/auth/login");
        let call = call.body("application/json", vec![b'x'; bytes]);
        call.await.refused(413, "payload_too_large")
    };
    let of_gateway = login(BODY_BYTES_MAX + 1).await;
    let of_component = login(BODY_BYTES_MAX / 2).await;
    for member in ["type", "title"] {
        assert_eq!(of_gateway[member], of_component[member]);
    }
}
