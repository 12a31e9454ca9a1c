//! Bodies that do not arrive. See also `bounds/request_body.rs`.

use super::*;
use crate::edge::refusals::gives_nothing_away;
use strongroom_tests::assert_json;
use tokio::time::sleep;

/// Enough to shut a service once: they announce more than the memory that it has for bodies.
pub const UNFINISHED: usize = 64;
/// The largest body that a service of the default bank takes.
const BODY_BYTES: usize = 1 << 20;
/// What is never sent of it.
const MISSING_BYTES: usize = 8;
/// Below the rate that is demanded, 1 KiB a second on average.
const SLOW_BYTES_PER_SECOND: usize = 100;
/// Above it.
const STEADY_BYTES_PER_SECOND: usize = 4 << 10;

/// A request to log in, the largest that there may be, of which the last bytes are missing.
pub async fn unfinished(source: Ipv4Addr, address: &str) -> Connection {
    unfinished_to("/api/auth/login", source, address).await
}

async fn unfinished_to(path: &str, source: Ipv4Addr, address: &str) -> Connection {
    let head = head_of(path, BODY_BYTES);
    let mut connection = Connection::begin(source, address, head).await;
    let body = vec![b' '; BODY_BYTES - MISSING_BYTES];
    connection.send(body).await;
    connection
}

fn head_of(path: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: bank\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n"
    )
}

#[tokio::test]
async fn unfinished_bodies_leave_through_small_ones_and_large_ones_of_other_addresses() {
    let echo = Service::guest("hostile").public();
    let bank = Bank::start_with(&Registry::bank().service("echo", echo)).await;
    let customer = Customer::of(&bank).await;
    let mut stalled = Vec::new();
    for number in 0..UNFINISHED {
        stalled.push(unfinished(attacker(number), bank.address()).await);
    }
    for _login in 0..5 {
        customer.is_served(&bank).await;
    }
    // There is room for half of them, whichever come first; the others hear so at once.
    let mut too_slow = 0;
    for mut connection in stalled {
        let answer = connection.read_to_the_end().await;
        let is_too_slow = answer.starts_with("HTTP/1.1 408") && answer.contains("request_timeout");
        too_slow += usize::from(is_too_slow);
    }
    assert!(too_slow > 0);

    let source = attacker(0);
    let mut stalled = Vec::new();
    for _body in 0..UNFINISHED {
        stalled.push(unfinished_to("/api/echo/echo", source, bank.address()).await);
    }
    let large = "y".repeat(BODY_BYTES);
    for _request in 0..5 {
        let call = bank.client().post("/api/echo/echo");
        let answer = call.body("text/plain", large.clone()).await;
        assert_eq!((answer.status, answer.body.len()), (200, BODY_BYTES));
    }
    // Small ones of the attacker's own address have room of their own.
    let call = bank.client_at(source).post("/api/echo/echo");
    assert_eq!(call.body("text/plain", "small").await.text(), "small");
    drop(stalled);
}

#[tokio::test]
async fn a_body_below_the_minimum_rate_is_408_and_the_connection_ends() {
    let bank = Bank::shared().await;
    let head = head_of("/api/hostile/echo", BODY_BYTES);
    let mut slow = Connection::begin(attacker(0), bank.address(), head).await;
    // Far from all of it is sent in this time: only the rate can end it before.
    for _second in 0..20 {
        slow.send(vec![b'x'; SLOW_BYTES_PER_SECOND]).await;
        if slow.is_closed_within(Duration::from_secs(1)).await {
            break;
        }
    }
    assert!(slow.is_closed_within(Duration::from_secs(10)).await);
    let answer = slow.received();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let kind = "content-type: application/problem+json";
    assert_parts(&head.to_lowercase(), &[kind, "x-request-id: "]);
    let document: Value = serde_json::from_str(body).expect("JSON");
    assert_json!(document, {"code": "request_timeout"});
    gives_nothing_away(&document);
}

#[tokio::test]
async fn a_login_that_is_slow_and_steady_is_a_login() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let length = 12 * STEADY_BYTES_PER_SECOND;
    // Spaces, and then the object.
    let body = json!({"email": customer.email, "password": PASSWORD}).to_string();
    let body = format!("{body:>length$}");
    let head = head_of("/api/auth/login", length);
    let mut steady = Connection::begin(attacker(0), bank.address(), head).await;
    for piece in body.as_bytes().chunks(STEADY_BYTES_PER_SECOND) {
        steady.send(piece).await;
        sleep(Duration::from_secs(1)).await;
    }
    steady.wait_for("access_token").await;
    assert!(steady.received().starts_with("HTTP/1.1 200"));
}
