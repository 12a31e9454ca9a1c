//! Who may call the admin listener, and that no client keeps others from it. Method: raw requests,
//! since no proper client sends a foreign `host`, half a head, or half a body.

use super::*;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};
use strongroom_tests::wire::{Connection, RawReply, exchange};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

/// More than the listener has places.
const CLIENTS: usize = 80;
/// A health check that queues takes as long as the slow clients before it: 10 s.
const PROMPT: Duration = Duration::from_secs(7);

async fn start() -> Host {
    let registry = beside_a_bystander(version("version-a"));
    let registry = registry.host("admin_hosts", vec!["bank.example"]);
    Host::start(&registry, None).await
}

async fn call(host: &Host, line: &str, fields: &[&str]) -> RawReply {
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    let request = format!("{line} HTTP/1.1\r\n{fields}connection: close\r\n\r\n");
    exchange(host.admin_address(), request).await
}

async fn assert_healthy_at_once(host: &Host) {
    let begun = Instant::now();
    let answer = call(host, "GET /healthz", &["host: probe"]).await;
    assert_eq!(answer.status(), Some(200), "{answer:?}");
    assert!(begun.elapsed() < PROMPT, "after {:?}", begun.elapsed());
}

#[tokio::test]
async fn a_name_that_was_made_to_lead_here_is_refused_and_one_of_the_registry_is_not() {
    let host = start().await;
    let token = host.admin_token().expect("a token");
    let token = format!("authorization: Bearer {token}");
    for line in ["GET /services", "POST /services/reload", "GET /"] {
        let answer = call(&host, line, &["host: rebind.evil.example", &token]).await;
        assert_eq!(answer.status(), Some(403), "{line}: {answer:?}");
        assert!(answer.text().contains("admin_hosts"), "{answer:?}");
    }
    for line in ["GET /healthz", "GET /readyz"] {
        let answer = call(&host, line, &["host: rebind.evil.example"]).await;
        assert_eq!(answer.status(), Some(200), "{line}: {answer:?}");
    }
    for ours in ["localhost:1", "bank.example:9090"] {
        let answer = call(&host, "GET /services", &[&format!("host: {ours}")]).await;
        assert_eq!(answer.status(), Some(200), "{ours}: {answer:?}");
    }
}

#[tokio::test]
async fn a_change_needs_the_token_of_the_data_folder() {
    let mut host = start().await;
    let token = host.admin_token().expect("a token");
    let file = host.data().join("admin.token");
    let mode = file.metadata().expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let stranger = host.admin().without_token();
    for path in [
        "/services/reload",
        "/services/plan",
        "/services/x/commands/y",
    ] {
        let refused = stranger.post(path).await;
        let challenge = refused.header("www-authenticate").expect("a challenge");
        assert_eq!(refused.status, 401, "{path}");
        assert_eq!(challenge, "Bearer realm=\"strongroom admin\"", "{path}");
        let wrong = stranger.with_token(&"x".repeat(43)).post(path).await;
        let challenge = wrong.header("www-authenticate").expect("a challenge");
        assert_eq!(wrong.status, 401, "{path}");
        assert!(challenge.contains("invalid_token"), "{challenge}");
    }
    assert_eq!(stranger.get("/services").await.status, 200);
    host.restart().await;
    assert_eq!(host.admin_token(), Some(token), "kept over a restart");
}

#[tokio::test]
async fn a_token_of_the_registry_guards_reads_too() {
    let token = "0123456789abcdef0123456789abcdef";
    let registry = beside_a_bystander(version("version-a")).host("admin_token", token);
    let mut host = Host::prepared(&registry, None);
    host.launch();
    assert_eq!(host.admin_token(), None, "none is made");
    let admin = host.admin();
    assert_eq!(admin.get("/services").await.status, 401);
    assert_eq!(admin.get("/healthz").await.status, 200);
    let admin = admin.with_token(token);
    assert_eq!(admin.get("/services").await.status, 200);
    assert_eq!(admin.post("/services/reload").await.status, 200);
    check_against(&host, host.admin_address()).await;
}

async fn check_against(host: &Host, address: &str) {
    let outcome = host.run(&["check", "--against", address]).await;
    outcome.assert_success();
}

#[tokio::test]
async fn a_unix_socket_needs_neither_token_nor_name() {
    let registry = beside_a_bystander(version("version-a")).host("admin", "unix:admin.sock");
    let mut host = Host::prepared(&registry, None);
    for _run in ["the first", "one that finds the socket of a killed one"] {
        host.launch_with(&["--listen", "127.0.0.1:0"]);
        let socket = host.folder().join("admin.sock");
        let mode = socket.metadata().expect("a socket").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
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
async fn the_listeners_take_a_name_by_which_the_host_is_called_too() {
    let mut host = Host::prepared(&beside_a_bystander(version("version-a")), None);
    host.launch_with(&["--listen", "localhost:0", "--admin", "localhost:0"]);
    assert!(host.address().starts_with("127.0.0.1:"), "{host:?}");
    let address = host.admin_address().replace("127.0.0.1", "localhost");
    check_against(&host, &address).await;
}

async fn hold(host: &Host, begun: [&str; 2]) -> Vec<Connection> {
    let mut held = Vec::new();
    for client in 0..CLIENTS {
        let mut connection = Connection::open(host.admin_address()).await;
        connection.send(begun[client % 2]).await;
        held.push(connection);
    }
    assert_healthy_at_once(host).await;
    held
}

#[tokio::test]
async fn clients_that_say_nothing_keep_no_health_check_out() {
    hold(&start().await, ["GET /healthz HTTP/1.1\r\nhost: lo", ""]).await;
}

#[tokio::test]
async fn unfinished_bodies_keep_no_health_check_out_and_end_after_a_while() {
    let host = start().await;
    let token = host.admin_token().expect("a token");
    let head = format!(
        "POST /services/plan HTTP/1.1\r\nhost: localhost\r\n\
         authorization: Bearer {token}\r\ncontent-length: 9\r\n\r\n"
    );
    let held = hold(&host, [&head, &head]).await;
    // Some were cut off for newer ones, on a busy machine also the first; for others there were too
    // many such calls already.
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
