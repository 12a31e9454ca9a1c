//! Who may call the admin listener, and that no client keeps others from it. The rules are tested
//! in `host/src/admin`. Method: raw requests, since no proper client sends a foreign `host`, half a
//! head, or half a body.

use super::*;
use std::time::{Duration, Instant};
use strongroom_tests::wire::{Connection, RawReply, exchange};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

/// More than the listener has places.
const CLIENTS: usize = 80;
/// A health check that queues takes as long as the slow clients before it: 10 s.
const PROMPT: Duration = Duration::from_secs(7);

fn registry() -> Registry {
    beside_a_bystander(version("version-a"))
}

async fn call(host: &Host, line: &str, name: &str) -> RawReply {
    let request = format!("{line} HTTP/1.1\r\nhost: {name}\r\nconnection: close\r\n\r\n");
    exchange(host.admin_address(), request).await
}

#[tokio::test]
async fn a_foreign_name_and_a_change_without_the_token_of_the_data_folder_are_refused() {
    let registry = registry().host("admin_hosts", vec!["bank.example"]);
    let host = Host::start(&registry, None).await;
    for (line, name, status) in [
        ("GET /services", "rebind.evil.example", 403),
        ("GET /healthz", "rebind.evil.example", 200),
        ("GET /services", "bank.example:9090", 200),
    ] {
        let answer = call(&host, line, name).await;
        assert_eq!(answer.status(), Some(status), "{line} {name}: {answer:?}");
        assert!(status == 200 || answer.text().contains("admin_hosts"));
    }
    let stranger = host.admin().without_token();
    let wrong = stranger.with_token("x");
    let challenge = "Bearer realm=\"strongroom admin\"";
    let of_wrong = format!("{challenge}, error=\"invalid_token\"");
    for (client, challenge) in [(&stranger, challenge), (&wrong, &of_wrong)] {
        for path in ["/services/reload", "/services/x/commands/y", "/backup"] {
            let refused = client.post(path).await;
            assert_eq!(refused.status, 401, "{path} {challenge}");
            assert_eq!(refused.header("www-authenticate"), Some(challenge));
        }
    }
    assert_eq!(stranger.get("/services").await.status, 200);
}

#[tokio::test]
async fn a_token_of_the_registry_guards_reads_too_and_the_listeners_take_the_name_of_the_host() {
    let token = "0123456789abcdef0123456789abcdef";
    let mut host = Host::prepared(&registry().host("admin_token", token), None);
    host.launch_with(&["--listen", "localhost:0", "--admin", "localhost:0"]);
    assert!(host.address().starts_with("127.0.0.1:"), "{host:?}");
    assert_eq!(host.admin_token(), None, "none is made");
    let admin = host.admin();
    assert_eq!(admin.get("/services").await.status, 401);
    assert_eq!(admin.get("/healthz").await.status, 200);
    let admin = admin.with_token(token);
    assert_eq!(admin.get("/services").await.status, 200);
    assert_eq!(admin.post("/services/reload").await.status, 200);
    let address = host.admin_address().replace("127.0.0.1", "localhost");
    check_against(&host, &address).await;
}

async fn check_against(host: &Host, address: &str) {
    let outcome = host.run(&["check", "--against", address]).await;
    outcome.assert_success();
}

#[tokio::test]
async fn a_unix_socket_needs_neither_token_nor_name() {
    let mut host = Host::prepared(&registry().host("admin", "unix:admin.sock"), None);
    for _run in ["the first", "one that finds the socket of a killed one"] {
        host.launch_with(&["--listen", "127.0.0.1:0"]);
        let socket = host.folder().join("admin.sock");
        let mut stream = UnixStream::connect(&socket).await.expect("it listens");
        let request = b"POST /services/reload HTTP/1.1\r\nconnection: close\r\n\r\n";
        stream.write_all(request).await.expect("it reads");
        let mut answer = String::new();
        let answered = stream.read_to_string(&mut answer).await;
        answered.expect("it answers");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        check_against(&host, "unix:admin.sock").await;
        host.kill();
    }
}

#[tokio::test]
async fn half_heads_silence_and_half_bodies_keep_no_health_check_out_and_end_after_a_while() {
    let host = Host::start(&registry(), None).await;
    let token = host.admin_token().expect("a token");
    let body = format!(
        "POST /services/plan HTTP/1.1\r\nhost: localhost\r\n\
         authorization: Bearer {token}\r\ncontent-length: 9\r\n\r\n"
    );
    let mut held = Vec::new();
    for begun in [
        ["GET /healthz HTTP/1.1\r\nhost: lo", ""],
        [body.as_str(), body.as_str()],
    ] {
        held.clear();
        for client in 0..CLIENTS {
            let mut connection = Connection::open(host.admin_address()).await;
            connection.send(begun[client % 2]).await;
            held.push(connection);
        }
        let asked = Instant::now();
        let answer = call(&host, "GET /healthz", "probe").await;
        assert_eq!(answer.status(), Some(200), "{answer:?}");
        assert!(asked.elapsed() < PROMPT, "after {:?}", asked.elapsed());
    }
    // Some bodies were cut off for newer ones, on a busy machine also the first; for others there
    // were too many such calls already.
    let mut timed_out = 0;
    for mut connection in held {
        let end = connection.read_to_the_end().await;
        let is_in_time = end.starts_with("HTTP/1.1 408");
        let is_cut_off = end.is_empty() || end.starts_with("HTTP/1.1 503");
        assert!(is_in_time || is_cut_off, "{end}");
        timed_out += usize::from(is_in_time);
    }
    assert!(timed_out > 0);
}
