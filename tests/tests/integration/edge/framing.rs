//! Where a message ends: what two readers could read differently hides no second request.

use super::*;

/// Sends bytes as an attacker, and returns all that comes back before the host hangs up.
async fn exchange(bank: &Bank, bytes: impl AsRef<[u8]>) -> String {
    let reply = exchange_from(attacker(0), bank.address(), bytes).await;
    reply.text().to_owned()
}

fn answers(text: &str) -> usize {
    text.matches("HTTP/1.1 ").count()
}

/// Asserts that there is no answer, or that of a server that takes no such request.
#[track_caller]
fn assert_refused(text: &str, what: &str) {
    let is_refused = text.starts_with("HTTP/1.1 4") || text.starts_with("HTTP/1.1 501");
    assert!(text.is_empty() || is_refused, "{what:?}: {text}");
}

/// hyper takes `transfer-encoding` for the truth, as RFC 9112 section 6.3 allows, and closes.
#[tokio::test]
async fn h2_after_a_body_with_two_framings_no_second_request_is_read() {
    let bank = Bank::shared().await;
    for coding in ["chunked", "Chunked"] {
        for length in [5, 400] {
            let mut fields = [
                format!("transfer-encoding: {coding}\r\n"),
                format!("content-length: {length}\r\n"),
            ];
            for _order in 0..2 {
                fields.reverse();
                let fields = fields.concat();
                let two = format!(
                    "POST /api/hello/outer HTTP/1.1\r\nhost: bank\r\n{fields}\r\n0\r\n\r\n\
                     GET /api/hello/hidden-by-framing HTTP/1.1\r\nhost: bank\r\n\r\n"
                );
                let text = exchange(bank, two).await;
                assert_eq!(answers(&text), 1, "{fields}: {text}");
            }
        }
    }
    assert!(!bank.log_until_now().await.contains("hidden-by-framing"));
}

/// RFC 9112 section 2.2 lets a server end a line there. Within a head it begins no other request,
/// and one that ends the head makes what follows a request of its own, which needs a token of its
/// own.
#[tokio::test]
async fn h5_a_bare_line_feed_hides_no_second_request() {
    let bank = Bank::shared().await;
    let within = "GET /api/hello HTTP/1.1\r\nhost: bank\r\nx: y\nGET /api/hello/hidden-by-a-feed HTTP/1.1\r\nhost: bank\r\n\r\n";
    let text = exchange(bank, within).await;
    assert_eq!(answers(&text), 1, "{text}");
    assert!(text.starts_with("HTTP/1.1 400"), "{text}");
    assert!(!bank.log_until_now().await.contains("hidden-by-a-feed"));

    let two = "GET /api/hello HTTP/1.1\r\nhost: bank\r\nx: y\n\nGET /api/guarded/fine HTTP/1.1\r\nhost: bank\r\nconnection: close\r\n\r\n";
    let text = exchange(bank, two).await;
    let last = text.rsplit("HTTP/1.1 ").next().unwrap_or_default();
    assert!(answers(&text) == 1 || last.starts_with("401"), "{text}");

    let whole = "GET /api/auth/me HTTP/1.1\nhost: bank\n\nGET / HTTP/1.1\r\nhost: bank\r\nconnection: close\r\n\r\n";
    let text = exchange(bank, whole).await;
    assert!(text.is_empty() || text.starts_with("HTTP/1.1 4"), "{text}");

    let chunk = "POST /api/hello HTTP/1.1\r\nhost: bank\r\ntransfer-encoding: chunked\r\n\r\n5\nhello\n0\n\nGET /api/hello/hidden-by-a-chunk HTTP/1.1\r\nhost: bank\r\n\r\n";
    let text = exchange(bank, chunk).await;
    assert_eq!(answers(&text), 1, "{text}");
    assert!(!bank.log_until_now().await.contains("hidden-by-a-chunk"));
}

/// hyper refuses these by itself: its answer has no content and no request id, and it hangs up.
#[tokio::test]
async fn h2_h5_after_a_head_that_is_not_http_no_second_request_is_read() {
    let bank = Bank::shared().await;
    let get = "GET /api/hello HTTP/1.1\r\nhost: bank\r\n";
    let post = "POST /api/hello HTTP/1.1\r\nhost: bank\r\n";
    for head in [
        "GET /api/hello HTTP/1.1\r\nhost : bank\r\n".to_owned(),
        format!("{get}x: a\r\n b\r\n"),
        format!("{get}x: a\0b\r\n"),
        format!("{get}x: a\rb\r\n"),
        "GET  /api/hello HTTP/1.1\r\nhost: bank\r\n".to_owned(),
        "GET /api/hello HTTP/1.2\r\nhost: bank\r\n".to_owned(),
        "GET /api/hello\r\n".to_owned(),
        "\x16\x03\x01\x02\0\x01\0\x01\r\n".to_owned(),
        format!("{post}content-length: +5\r\n"),
        format!("{post}content-length: 0x5\r\n"),
        format!("{post}content-length: -1\r\n"),
        format!("{post}content-length: 5, 5\r\n"),
        format!("{post}content-length: 5\r\ncontent-length: 6\r\n"),
        format!("{post}transfer-encoding: identity\r\n"),
    ] {
        let second = "GET /api/hello/hidden-by-a-head HTTP/1.1\r\nhost: bank\r\n\r\n";
        let text = exchange(bank, format!("{head}\r\n{second}")).await;
        assert!(answers(&text) <= 1, "{head:?}: {text}");
        assert_refused(&text, &head);
    }
    assert!(!bank.log_until_now().await.contains("hidden-by-a-head"));
}

/// hyper takes these, and the gateway refuses them.
#[tokio::test]
async fn h1_h2_a_request_names_one_host_and_a_body_has_one_framing() {
    let bank = Bank::shared().await;
    let get = "GET /api/hello HTTP/1.1\r\n";
    let post = "POST /api/hello HTTP/1.1\r\nhost: bank\r\n";
    for head in [
        get.to_owned(),
        "GET http://other/api/auth/me HTTP/1.1\r\nhost: bank\r\n".to_owned(),
        format!("{get}host: a\r\nhost: b\r\n"),
        format!("{get}host: bank\r\nhost:\r\n"),
        format!("{get}host: a b\r\n"),
        format!("{get}host: a/b\r\n"),
        format!("{get}host: user@bank\r\n"),
        format!("{post}transfer-encoding: gzip, chunked\r\n"),
        format!("{post}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n"),
    ] {
        let text = exchange(bank, format!("{head}connection: close\r\n\r\n0\r\n\r\n")).await;
        assert_refused(&text, &head);
    }
}

#[tokio::test]
async fn h5_nothing_that_a_client_writes_is_raw_in_the_log() {
    let bank = Bank::shared().await;
    let paths = [
        ("a control character of C1", "/api/hello/mark-c1\u{9b}31m"),
        ("a line separator", "/api/hello/mark-line\u{2028}x"),
        ("an order of writing", "/api/hello/mark-order\u{202e}x"),
        ("a quote", "/api/hello/mark-quote\",\"status\":200"),
    ];
    for (what, path) in paths {
        let request = format!("GET {path} HTTP/1.1\r\nhost: bank\r\nconnection: close\r\n\r\n");
        let text = exchange(bank, request).await;
        assert!(answers(&text) <= 1, "{what}: {text}");
    }
    let log = bank.log_until_now().await;
    for raw in ['\u{9b}', '\u{2028}', '\u{202e}'] {
        assert!(!log.contains(raw), "{raw:?} is in the log");
    }
    for line in log.lines().filter(|line| line.contains("mark-quote")) {
        let read: Value = serde_json::from_str(line).expect("a line is JSON");
        let path = read.to_string();
        assert!(path.contains(r#"mark-quote\",\"status"#), "{line}");
    }
}
