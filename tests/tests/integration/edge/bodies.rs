//! Bodies that do not arrive. See also `bounds/request_body.rs`.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::edge::customer::Customer;
use strongroom_tests::attackers::attacker;
use strongroom_tests::bank::PASSWORD;
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::wire::Connection;
use strongroom_tests::{Bank, json};
use tokio::time::sleep;

/// As many as were enough to shut a service: together they announce more than the memory that it
/// has for bodies.
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
    let mut connection = Connection::open_from(source, address).await;
    connection
        .send(format!(
            "POST {path} HTTP/1.1\r\nhost: bank\r\ncontent-type: application/json\r\n\
             content-length: {BODY_BYTES}\r\n\r\n"
        ))
        .await;
    connection
        .send(vec![b' '; BODY_BYTES - MISSING_BYTES])
        .await;
    connection
}

async fn attack(bank: &Bank, source: impl Fn(usize) -> Ipv4Addr) -> Vec<Connection> {
    let mut unfinished_bodies = Vec::new();
    for number in 0..UNFINISHED {
        unfinished_bodies.push(unfinished(source(number), bank.address()).await);
    }
    unfinished_bodies
}

#[tokio::test]
async fn small_bodies_are_taken_beside_unfinished_ones_from_everywhere() {
    let bank = Bank::start().await;
    let customer = Customer::of(&bank).await;
    let stalled = attack(&bank, attacker).await;
    for _login in 0..5 {
        customer.is_served(&bank).await;
    }
    // There is room for half of them, whichever come first; the others hear so at once.
    let mut too_slow = 0;
    for mut connection in stalled {
        let answer = connection.read_to_the_end().await;
        if answer.starts_with("HTTP/1.1 408") && answer.contains("request_timeout") {
            too_slow += 1;
        }
    }
    assert!(too_slow > 0);
}

#[tokio::test]
async fn unfinished_bodies_of_one_address_leave_large_ones_of_others_through() {
    let echo = Service::guest("hostile").public();
    let bank = Bank::start_with(&Registry::bank().service("echo", echo)).await;
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
    let mut slow = Connection::open_from(attacker(0), bank.address()).await;
    slow.send(format!(
        "POST /api/hostile/echo HTTP/1.1\r\nhost: bank\r\ncontent-length: {BODY_BYTES}\r\n\r\n"
    ))
    .await;
    // Far from all of it is sent in this time: only the rate can end it before.
    for _second in 0..20 {
        slow.send(vec![b'x'; SLOW_BYTES_PER_SECOND]).await;
        if slow.is_closed_within(Duration::from_secs(1)).await {
            break;
        }
    }
    let answer = slow.received();
    assert!(
        answer.starts_with("HTTP/1.1 408") && answer.contains("request_timeout"),
        "{answer}"
    );
    assert!(slow.is_closed_within(Duration::from_secs(10)).await);
}

#[tokio::test]
async fn a_body_that_is_slow_and_steady_is_taken() {
    let bank = Bank::shared().await;
    const SECONDS: usize = 12;
    let mut steady = Connection::open_from(attacker(0), bank.address()).await;
    let length = SECONDS * STEADY_BYTES_PER_SECOND;
    steady
        .send(format!(
            "POST /api/hostile/echo HTTP/1.1\r\nhost: bank\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        ))
        .await;
    for _second in 0..SECONDS {
        steady.send(vec![b'x'; STEADY_BYTES_PER_SECOND]).await;
        sleep(Duration::from_secs(1)).await;
    }
    let answer = steady.read_to_the_end().await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn a_login_in_pieces_is_a_login() {
    let bank = Bank::shared().await;
    let customer = bank.customer().await;
    let body = json!({"email": customer.email, "password": PASSWORD}).to_string();
    let mut pieces = Connection::open(bank.address()).await;
    let length = body.len();
    pieces
        .send(format!(
            "POST /api/auth/login HTTP/1.1\r\nhost: bank\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        ))
        .await;
    let (first, second) = body.split_at(length / 2);
    pieces.send(first).await;
    sleep(Duration::from_secs(2)).await;
    pieces.send(second).await;
    let answer = pieces.read_to_the_end().await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
