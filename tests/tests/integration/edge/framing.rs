//! Where a message ends: what two readers could read differently hides no second request.

use super::*;
use strongroom_tests::wire::RawReply;

/// Sends bytes as an attacker, and reads until the host hangs up.
async fn exchange(bank: &Bank, bytes: impl AsRef<[u8]>) -> RawReply {
    exchange_from(attacker(0), bank.address(), bytes).await
}

/// hyper takes `transfer-encoding` for the truth, as RFC 9112 section 6.3 allows, and closes.
#[tokio::test]
async fn h2_after_a_body_with_two_framings_no_second_request_is_read() {
    let bank = Bank::shared().await;
    for coding in ["chunked", "Chunked"] {
        let coding = format!("transfer-encoding: {coding}\r\n");
        for length in ["content-length: 5\r\n", "content-length: 400\r\n"] {
            for fields in [[&*coding, length].concat(), [length, &*coding].concat()] {
                let two = format!(
                    "POST /api/hello/outer HTTP/1.1\r\nhost: bank\r\n{fields}\r\n0\r\n\r\n\
                     GET /api/hello/hidden-by-framing HTTP/1.1\r\nhost: bank\r\n\r\n"
                );
                let reply = exchange(bank, two).await;
                assert_eq!(reply.answers(), 1, "{fields}: {reply:?}");
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
    let get = "GET /api/hello HTTP/1.1\r\nhost: bank\r\nx: y\n";
    let hidden = "GET /api/hello/hidden-by-a-feed HTTP/1.1\r\nhost: bank\r\n\r\n";
    let within = exchange(bank, format!("{get}{hidden}")).await;
    let seen = (within.answers(), within.status());
    assert_eq!(seen, (1, Some(400)), "{within:?}");

    let guarded = "GET /api/guarded/fine HTTP/1.1\r\nhost: bank\r\nconnection: close\r\n\r\n";
    let two = exchange(bank, format!("{get}\n{guarded}")).await;
    let last = two.text().rsplit("HTTP/1.1 ").next().unwrap_or_default();
    assert!(two.answers() == 1 || last.starts_with("401"), "{two:?}");

    let whole = "GET /api/auth/me HTTP/1.1\nhost: bank\n\nGET / HTTP/1.1\r\nhost: bank\r\nconnection: close\r\n\r\n";
    exchange(bank, whole).await.assert_refused(whole);

    let chunk = "POST /api/hello HTTP/1.1\r\nhost: bank\r\ntransfer-encoding: chunked\r\n\r\n5\nhello\n0\n\n";
    let chunk = exchange(bank, format!("{chunk}{hidden}")).await;
    assert_eq!(chunk.answers(), 1, "{chunk:?}");
    assert!(!bank.log_until_now().await.contains("hidden-by-a-feed"));
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
        let reply = exchange(bank, format!("{head}\r\n{second}")).await;
        assert!(reply.answers() <= 1, "{head:?}: {reply:?}");
        reply.assert_refused(&head);
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
        "GET http://ann@bank/api/hello HTTP/1.1\r\nhost: ann@bank\r\n".to_owned(),
        "GET http://ann:pw@bank/api/hello HTTP/1.1\r\nhost: bank\r\n".to_owned(),
        format!("{get}host: bank\r\nhost:\r\n"),
        format!("{get}host: a b\r\n"),
        format!("{get}host: a/b\r\n"),
        format!("{post}transfer-encoding: gzip, chunked\r\n"),
        format!("{post}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n"),
    ] {
        let reply = exchange(bank, format!("{head}connection: close\r\n\r\n0\r\n\r\n")).await;
        reply.assert_refused(&head);
    }
}

#[tokio::test]
async fn h5_nothing_that_a_client_writes_is_raw_in_the_log() {
    let bank = Bank::shared().await;
    // A control character of C1, a line separator, an order of writing, and a quote.
    let marks = "\u{9b}31m \u{2028}x \u{202e}x quote\",\"status\":200";
    for mark in marks.split(' ') {
        let path = format!("/api/hello/mark-{mark}");
        let request = format!("GET {path} HTTP/1.1\r\nhost: bank\r\nconnection: close\r\n\r\n");
        let reply = exchange(bank, request).await;
        assert!(reply.answers() <= 1, "{mark:?}: {reply:?}");
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
