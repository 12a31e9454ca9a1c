//! Places for connections.

use super::*;
use std::time::Instant;
use strongroom_tests::http2::Peer;
use tokio::time::sleep;

const GET: &str = "GET /api/hello HTTP/1.1\r\nhost: bank\r\n\r\n";
const PLACES: i64 = 16;
const SHARE: usize = 8;
/// The host hangs up at once; this tells it from hanging up after a head's time.
const AT_ONCE: Duration = Duration::from_secs(5);
/// An idle HTTP/1 connection has 10 s, an HTTP/2 connection without streams 30 s.
const IDLE_TIME_MAX: Duration = Duration::from_secs(25);
const IDLE_HTTP2_TIME_MAX: Duration = Duration::from_secs(60);

async fn host_with(key: &str, places: i64) -> Host {
    let registry = Registry::empty().service("hello", Service::guest("hello").public());
    Host::start(&registry.host(key, places), None).await
}

async fn small_host() -> Host {
    host_with("connections", PLACES).await
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
async fn one_address_has_no_more_than_half_of_the_places() {
    let host = small_host().await;
    let mut held = Vec::new();
    for _connection in 0..SHARE {
        held.push(idle(&host, attacker(0)).await);
    }
    for _connection in 0..SHARE {
        let mut one_more = Connection::begin(attacker(0), host.address(), GET).await;
        assert!(one_more.is_closed_within(AT_ONCE).await);
        assert!(!one_more.received().contains("hello"));
    }
    is_served(&host).await;
    assert_eq!(held.len(), SHARE);
}

#[tokio::test]
async fn the_registry_says_how_many_places_an_address_has() {
    let host = host_with("connections_per_address", 2).await;
    let (first, second) = (
        idle(&host, attacker(0)).await,
        idle(&host, attacker(0)).await,
    );
    let mut third = Connection::open_from(attacker(0), host.address()).await;
    assert!(third.is_closed_within(AT_ONCE).await);
    drop((first, second));
    wait_until("the places to be free again", 20, async || {
        let call = host.client_at(attacker(0)).get("/api/hello");
        let answer = call.try_send().await;
        answer.is_ok_and(|answer| answer.status == 200)
    })
    .await;
}

#[tokio::test]
async fn the_idlest_connection_makes_room_when_all_places_are_taken() {
    let host = small_host().await;
    let mut idlest = idle(&host, attacker(0)).await;
    sleep(Duration::from_secs(1)).await;
    let mut held = Vec::new();
    for number in 1..usize::try_from(PLACES).expect("a few") {
        // A few of each address, so that no address is at its share.
        held.push(idle(&host, attacker(number / 4)).await);
    }
    let mut customer = idle(&host, Ipv4Addr::LOCALHOST).await;
    let is_closed = idlest.is_closed_within(AT_ONCE).await;
    assert!(is_closed, "the idlest goes first");
    let last = GET.replace("bank", "bank\r\nconnection: close");
    customer.send(last).await;
    let answers = customer.read_to_the_end().await;
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 2, "{answers}");
    is_served(&host).await;
}

#[tokio::test]
async fn all_places_taken_by_pinging_connections_keep_nobody_out() {
    let host = small_host().await;
    let mut peers = Vec::new();
    for number in 0..usize::try_from(PLACES).expect("a few") {
        let peer = Peer::open(attacker(number / 4), host.address(), 65_535).await;
        peers.push(peer.expect("there is a place"));
    }
    is_served(&host).await;
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
