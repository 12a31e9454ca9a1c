//! Places for connections.

use super::*;
use std::time::Instant;
use strongroom_tests::http2::Peer;
use tokio::time::sleep;

const GET: &str = "GET /api/hello HTTP/1.1\r\nhost: bank\r\n\r\n";
const PLACES: usize = 16;
/// The host hangs up at once; this tells it from hanging up after a head's time.
const AT_ONCE: Duration = Duration::from_secs(5);
/// An idle HTTP/1 connection has 10 s, an HTTP/2 connection without streams 30 s.
const IDLE_TIME_MAX: Duration = Duration::from_secs(25);
const IDLE_HTTP2_TIME_MAX: Duration = Duration::from_secs(60);

async fn small_host(key: &str, places: usize) -> Host {
    let registry = Registry::empty().service("hello", Service::guest("hello").public());
    Host::start(&registry.host(key, places as i64), None).await
}

/// A connection that has had an answer, and waits.
async fn idle(host: &Host, source: Ipv4Addr) -> Connection {
    let mut connection = Connection::begin(source, host.address(), GET).await;
    connection.wait_for("hello").await;
    connection
}

/// Asserts that a customer at 127.0.0.1 is served, on connections of their own.
async fn is_served(host: &Host) {
    for _request in 0..3 {
        let call = host.client().get("/api/hello");
        let answer = call.header("connection", "close").await;
        assert_eq!(answer.text(), "hello");
    }
}

#[tokio::test]
async fn one_address_has_half_of_the_places_or_as_many_as_the_registry_says() {
    for (key, places, share) in [
        ("connections", PLACES, 8),
        ("connections_per_address", 2, 2),
    ] {
        println!("{key}");
        let host = small_host(key, places).await;
        let mut held = Vec::new();
        for _connection in 0..share {
            held.push(idle(&host, attacker(0)).await);
        }
        for _connection in 0..8 {
            let mut one_more = Connection::begin(attacker(0), host.address(), GET).await;
            assert!(one_more.is_closed_within(AT_ONCE).await);
            assert!(!one_more.received().contains("hello"));
        }
        is_served(&host).await;
        drop(held);
        wait_until("the places to be free again", 20, async || {
            let call = host.client_at(attacker(0)).get("/api/hello");
            let answer = call.try_send().await;
            answer.is_ok_and(|answer| answer.status == 200)
        })
        .await;
    }
}

#[tokio::test]
async fn all_places_taken_by_pinging_connections_keep_out_nobody_but_the_idlest() {
    let host = small_host("connections", PLACES).await;
    let mut idlest = idle(&host, attacker(0)).await;
    sleep(Duration::from_secs(1)).await;
    let mut peers = Vec::new();
    for number in 1..PLACES {
        // A few of each address, so that no address is at its share.
        let peer = Peer::open(attacker(number / 4), host.address(), 65_535).await;
        peers.push(peer.expect("there is a place"));
    }
    is_served(&host).await;
    assert!(idlest.is_closed_within(AT_ONCE).await);
}

#[tokio::test]
async fn an_http2_connection_without_streams_ends_although_it_pings() {
    let bank = Bank::shared().await;
    let opened = Peer::open(attacker(0), bank.address(), 65_535).await;
    let mut peer = opened.expect("there is a place");
    let began = Instant::now();
    assert!(peer.is_ended_within(IDLE_HTTP2_TIME_MAX).await);
    let took = began.elapsed();
    assert!(took > Duration::from_secs(20), "after {took:?}");
}

#[tokio::test]
async fn an_http1_connection_between_requests_ends() {
    let bank = Bank::shared().await;
    let mut connection = idle(&bank.host, attacker(0)).await;
    let began = Instant::now();
    assert!(connection.is_closed_within(IDLE_TIME_MAX).await);
    let took = began.elapsed();
    assert!(took > Duration::from_secs(5), "after {took:?}");
}
