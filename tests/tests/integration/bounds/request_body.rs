//! Requests whose body never ends.

use super::*;

/// With the default limit on a body, more than all bodies together may take.
const CLIENTS: usize = 300;

async fn begin(neighbours: &Neighbours, path: &str) -> Connection {
    let begun = format!(
        "POST /api/{path} HTTP/1.1\r\nhost: bank\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n"
    );
    Connection::begin(Ipv4Addr::LOCALHOST, neighbours.address(), begun).await
}

#[tokio::test]
async fn bodies_that_never_end_leave_room_for_those_of_all_services() {
    for path in ["hostile/echo", "auth/login"] {
        println!("{path}");
        let hostile = Service::guest("hostile").public();
        let neighbours = Neighbours::of([("hostile", hostile)]).await;
        let mut stalled = Vec::new();
        for _client in 0..CLIENTS {
            stalled.push(begin(&neighbours, path).await);
        }
        neighbours.are_well().await;
        assert_honest(&neighbours.client(), "/api/hostile/fine", "fine").await;
        drop(stalled);
    }
}

#[tokio::test]
async fn a_body_that_never_ends_takes_no_instance_and_is_given_up_or_refused_at_its_limit() {
    let hostile = Service::guest("hostile").public().limit("instances", 1);
    let hostile = hostile.limit("request_body", "64KiB");
    let neighbours = Neighbours::of([("hostile", hostile)]).await;
    let mut stalled = begin(&neighbours, "hostile/echo").await;
    assert_honest(&neighbours.client(), "/api/hostile/fine", "fine").await;
    stalled.wait_for("HTTP/1.1 408 ").await;
    assert_honest(&neighbours.client(), "/api/hostile/fine", "fine").await;
    let mut growing = begin(&neighbours, "hostile/echo").await;
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    for _chunk in 0..8 {
        growing.send(&chunk).await;
    }
    growing.wait_for("HTTP/1.1 413 ").await;
    assert_honest(&neighbours.client(), "/api/hostile/fine", "fine").await;
}
