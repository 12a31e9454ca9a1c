//! Goal: what a service does to itself hurts only its own requests. `bounds` has each way alone;
//! here, it does all of them at once, and its clients go away.

use strongroom_tests::host::Host;
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::wire::Connection;
use strongroom_tests::{Bank, wait_until};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bank_goes_on_while_a_service_beside_it_does_all_of_this_at_once() {
    let hostile = Service::guest("hostile").public().limit("timeout", "1s");
    let hostile = hostile.limit("memory", "64MiB");
    let bank = Bank::start_with(&Registry::bank().service("hostile", hostile)).await;
    let pair = bank.pair().await;
    let client = bank.client();
    let mut faults = JoinSet::new();
    for _round in 0..4 {
        for behaviour in ["trap", "loop", "memory", "sleep"] {
            let fault = client.get(&format!("/api/hostile/{behaviour}"));
            faults.spawn(fault.into_future());
        }
    }
    for _payment in 0..50 {
        pair.send("1.00").await;
    }
    for answer in faults.join_all().await {
        answer.problem_of(&[502, 503, 504]);
    }
    assert_eq!(pair.alice.balance(&pair.from).await, "50.00");
    assert_eq!(pair.bob.balance(&pair.to).await, "50.00");

    for _client in 0..20 {
        let mut connection = Connection::open(bank.address()).await;
        let request = "GET /api/hostile/endless-body HTTP/1.1\r\nhost: bank\r\n\r\n";
        connection.send(request).await;
        connection.wait_for("200 OK").await;
    }
    // The memory of those that failed is free again.
    let next = client.get("/api/hostile/memory-32-mib").await;
    assert_eq!(next.text(), "took 32");
    bank.customer().await.read("/api/accounts").await;
}

#[tokio::test]
async fn clients_that_go_away_do_not_free_what_their_requests_still_use() {
    let sleepy = Service::guest("hostile").public().limit("timeout", "4s");
    let registry = Registry::empty().service("sleepy", sleepy.limit("instances", 2));
    let registry = registry.service("hello", Service::guest("hello").public());
    let host = Host::start(&registry, None).await;
    for _ in 0..20 {
        let mut connection = Connection::open(host.address()).await;
        let request = "GET /api/sleepy/sleep HTTP/1.1\r\nhost: bank\r\n\r\n";
        connection.send(request).await;
    }
    // All of them have gone away; the instances of the first two still sleep, and no other is made.
    assert_eq!(host.client().get("/api/hello").await.status, 200);
    let sleepy = host.service("sleepy").await;
    let live = sleepy["instances"]["live"].as_u64().expect("a number");
    assert!(live <= 2, "{sleepy}");
    // When their time is up the service goes on.
    let goes_on = async || host.client().get("/api/sleepy/fine").await.status == 200;
    wait_until("the service to go on", 20, goes_on).await;
}
