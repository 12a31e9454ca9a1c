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
async fn bodies_that_never_end_take_no_instance_and_leave_room_for_those_of_all_services() {
    let hostile = Service::guest("hostile").public();
    let narrow = hostile.clone().limit("instances", 1);
    let narrow = narrow.limit("request_body", "64KiB");
    let neighbours = Neighbours::of([("hostile", hostile), ("narrow", narrow)]).await;
    let client = neighbours.client();
    // One is given up, and one that grows is refused at its limit.
    let mut stalled = begin(&neighbours, "narrow/echo").await;
    assert_honest(&client, "/api/narrow/fine", "fine").await;
    stalled.wait_for("HTTP/1.1 408 ").await;
    assert_honest(&client, "/api/narrow/fine", "fine").await;
    let mut growing = begin(&neighbours, "narrow/echo").await;
    let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
    for _chunk in 0..8 {
        growing.send(&chunk).await;
    }
    growing.wait_for("HTTP/1.1 413 ").await;
    assert_honest(&client, "/api/narrow/fine", "fine").await;

    for path in ["hostile/echo", "auth/login"] {
        println!("{path}");
        let mut stalled = Vec::new();
        for _client in 0..CLIENTS {
            stalled.push(begin(&neighbours, path).await);
        }
        neighbours.are_well().await;
        assert_honest(&client, "/api/hostile/fine", "fine").await;
        drop(stalled);
    }
}
