//! A request ends on the generation that it began on.

use super::*;
use strongroom_tests::wire::Connection;

async fn assert_drains(host: &Host, name: &str) {
    let has_ended = async || latest(host, name).await["steps_us"]["drain"].is_u64();
    wait_until("the old generation to end", 30, has_ended).await;
}

async fn assert_does_not_drain_yet(host: &Host, name: &str) {
    let change = latest(host, name).await;
    assert!(change["steps_us"]["drain"].is_null(), "{change}");
}

/// Each alone, as each must keep the old generation: a request whose body is still being sent, and
/// a response body that takes long. A connection that is kept alive does not.
#[tokio::test]
async fn a_request_ends_on_its_version_and_the_next_on_its_connection_begins_on_the_new_one() {
    let (registry, host) = start_beside_a_bystander().await;
    let open_and_send = async |request: &str| {
        let mut connection = Connection::open(host.address()).await;
        connection.send(request).await;
        connection
    };
    let get = "GET /api/changing HTTP/1.1\r\nhost: bank\r\n\r\n";
    let mut kept = open_and_send(get).await;
    kept.wait_for("version-a").await;
    let close = "host: bank\r\nconnection: close\r\n";
    let length = "content-length: 10\r\n\r\n12345";
    let post = format!("POST /api/changing/length HTTP/1.1\r\n{close}{length}");
    let mut sender = open_and_send(&post).await;
    wait_for_requests(&host, "changing", 2).await;
    let next = registry.clone().service("changing", version("version-b"));
    host.save_registry(&next).await;
    assert_answers(&host, "/api/changing", "version-b").await;
    kept.send(get).await;
    kept.wait_for("version-b").await;
    assert_does_not_drain_yet(&host, "changing").await;
    sender.send("67890").await;
    let answer = sender.read_to_the_end().await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("version-a 10"), "{answer}");
    assert_drains(&host, "changing").await;

    let held = format!("GET /api/changing/held-body/gate HTTP/1.1\r\n{close}\r\n");
    let mut response = open_and_send(&held).await;
    response.wait_for("version-b begins, ").await;
    host.save_registry(&registry).await;
    assert_answers(&host, "/api/changing", "version-a").await;
    assert_does_not_drain_yet(&host, "changing").await;
    open(&host, "changing", "gate").await;
    let answer = response.read_to_the_end().await;
    assert!(answer.contains("version-b ends"), "{answer}");
    assert!(answer.ends_with("0\r\n\r\n"), "it is whole: {answer}");
    assert_drains(&host, "changing").await;
}

/// A mended callee is called by the caller that stays; both may change their interface.
#[tokio::test]
async fn a_link_call() {
    let host = Host::start(&pair("asker-1", "quoter-1"), None).await;
    let caller = identity(&host, "asker").await;
    let held = in_flight(&host, "/api/asker", "gate").await;
    host.save_registry(&pair("asker-1", "quoter-1b")).await;
    assert_answers(&host, "/api/asker", "asker-1 quoter-1b").await;
    assert_eq!(identity(&host, "asker").await, caller);
    assert_does_not_drain_yet(&host, "quoter").await;
    open(&host, "quoter", "gate").await;
    assert_answered(held, "asker-1 quoter-1").await;
    assert_drains(&host, "quoter").await;

    let held = in_flight(&host, "/api/asker", "second").await;
    host.save_registry(&pair("asker-2", "quoter-2")).await;
    assert_answers(&host, "/api/asker", "asker-2 quoter-2").await;
    open(&host, "quoter", "second").await;
    // Old callers call old callees.
    assert_answered(held, "asker-1 quoter-1b").await;
    assert_drains(&host, "asker").await;
    assert_drains(&host, "quoter").await;
}

#[tokio::test]
async fn several_generations_at_once() {
    let (registry, host) = start_beside_a_bystander().await;
    let mut held = Vec::new();
    for round in 0..6 {
        let guest = ["version-a", "version-b"][round % 2];
        let next = registry.clone().service("changing", version(guest));
        host.save_registry(&next).await;
        let gate = format!("gate-{round}");
        let request = in_flight(&host, "/api/changing", &gate).await;
        held.push((guest, gate, request));
    }
    assert_eq!(host.service("changing").await["generation"], 6);
    for (guest, gate, request) in held {
        assert!(!request.is_finished());
        open(&host, "changing", &gate).await;
        assert_answered(request, guest).await;
    }
    assert_drains(&host, "changing").await;
}

#[tokio::test]
async fn requests_that_wait_for_an_instance_and_one_that_never_ends() {
    // Long enough for the swap, and far shorter than that of the next generation.
    let hasty = version("version-a").limit("timeout", "10s");
    let registry = beside_a_bystander(hasty.limit("instances", 1));
    let next = registry.clone().service("changing", version("version-b"));
    let host = Host::start(&registry, None).await;
    let mut requests = vec![in_flight(&host, "/api/changing", "gate").await];
    for _waiting in 0..3 {
        let call = host.client().get("/api/changing");
        requests.push(tokio::spawn(call.into_future()));
    }
    wait_for_requests(&host, "changing", 4).await;
    host.save_registry(&next).await;
    assert_answers(&host, "/api/changing", "version-b").await;
    assert_does_not_drain_yet(&host, "changing").await;
    open(&host, "changing", "gate").await;
    for request in requests {
        assert_answered(request, "version-a").await;
    }
    assert_drains(&host, "changing").await;

    // One that never ends is ended by the limits of its own generation.
    host.save_registry(&registry).await;
    let held = in_flight(&host, "/api/changing", "closed").await;
    host.save_registry(&next).await;
    assert_does_not_drain_yet(&host, "changing").await;
    let answer = held.await.expect("it is answered");
    answer.refused(504, "deadline_exceeded");
    assert_drains(&host, "changing").await;
    assert_answers(&host, "/api/changing", "version-b").await;
}
