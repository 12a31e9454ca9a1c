//! Requests whose body never ends.

use crate::bounds::neighbours::{Neighbours, assert_honest};
use strongroom_tests::registry::Service;
use strongroom_tests::wire::Connection;

/// With the default limit on a body, more than all bodies together may take.
const CLIENTS: usize = 300;

const BEGUN: &str =
    "POST /api/hostile/echo HTTP/1.1\r\nhost: bank\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n";

async fn begin(neighbours: &Neighbours) -> Connection {
    let mut connection = Connection::open(neighbours.address()).await;
    connection.send(BEGUN).await;
    connection
}

#[tokio::test]
async fn bodies_that_never_end_leave_room_for_those_of_the_neighbours() {
    let hostile = Service::guest("hostile").public();
    let neighbours = Neighbours::of([("hostile", hostile)]).await;
    let mut stalled = Vec::new();
    for _client in 0..CLIENTS {
        stalled.push(begin(&neighbours).await);
    }
    neighbours.are_well().await;
    assert_honest(&neighbours.client(), "/api/hostile/fine", "fine").await;
    drop(stalled);
}

#[tokio::test]
async fn bodies_that_never_end_leave_room_for_others_to_the_same_service() {
    let neighbours = Neighbours::of([]).await;
    let begun = BEGUN.replace("/api/hostile/echo", "/api/auth/login");
    let mut stalled = Vec::new();
    for _client in 0..CLIENTS {
        let mut connection = Connection::open(neighbours.address()).await;
        connection.send(&begun).await;
        stalled.push(connection);
    }
    neighbours.are_well().await;
    drop(stalled);
}

#[tokio::test]
async fn a_body_that_never_ends_takes_no_instance_and_is_given_up() {
    let hostile = Service::guest("hostile").public().limit("instances", 1);
    let neighbours = Neighbours::of([("hostile", hostile)]).await;
    let mut stalled = begin(&neighbours).await;
    assert_honest(&neighbours.client(), "/api/hostile/fine", "fine").await;
    stalled.wait_for("HTTP/1.1 408 ").await;
    assert_honest(&neighbours.client(), "/api/hostile/fine", "fine").await;
}

#[tokio::test]
async fn a_body_that_grows_without_end_is_refused_at_its_limit() {
    let hostile = Service::guest("hostile")
        .public()
        .limit("request_body", "64KiB");
    let neighbours = Neighbours::of([("hostile", hostile)]).await;
    let mut stalled = begin(&neighbours).await;
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    for _chunk in 0..8 {
        stalled.send(&chunk).await;
    }
    stalled.wait_for("HTTP/1.1 413 ").await;
    assert_honest(&neighbours.client(), "/api/hostile/fine", "fine").await;
}
