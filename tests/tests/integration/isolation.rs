//! A component's trap, endless loop, or hunger for memory hurts only its own requests.

use strongroom_tests::bank::new_key;
use strongroom_tests::host::Host;
use strongroom_tests::registry::{Registry, Service};
use strongroom_tests::wire::Connection;
use strongroom_tests::{Answer, Bank, Client, wait_for};
use tokio::task::JoinSet;

/// A bank beside a hostile service with tight limits.
async fn bank_beside_hostile() -> Bank {
    let hostile = Service::guest("hostile")
        .public()
        .limit("memory", "64MiB")
        .limit("timeout", "1s");
    Bank::start_with(&Registry::bank().service("hostile", hostile)).await
}

/// Asserts that the hostile service serves the next request, and that the bank goes on.
async fn assert_all_is_well(bank: &Bank) {
    let next = bank.client().get("/api/hostile/fine").await;
    assert_eq!(
        (next.status, next.text().as_str()),
        (200, "fine"),
        "the next request works"
    );
    bank.customer().await.get("/api/accounts").await.expect(200);
}

fn hostile(client: &Client, behaviour: &str) -> strongroom_tests::client::Call {
    client.get(&format!("/api/hostile/{behaviour}"))
}

#[track_caller]
fn assert_out_of_memory(answer: &Answer) {
    match answer.status {
        502 => answer.refused(502, "service_failed"),
        _ => answer.refused(503, "service_unavailable"),
    };
}

#[tokio::test]
async fn a_trap_is_502_service_failed() {
    let bank = bank_beside_hostile().await;
    let answer = hostile(&bank.client(), "trap").await;
    let problem = answer.refused(502, "service_failed");
    let text = problem.to_string();
    assert!(
        !text.contains("panic") && !text.contains("wasm") && !text.contains(".rs"),
        "no internals: {text}"
    );
    assert_all_is_well(&bank).await;
}

#[tokio::test]
async fn an_endless_loop_is_504_deadline_exceeded() {
    let bank = bank_beside_hostile().await;
    hostile(&bank.client(), "loop")
        .await
        .refused(504, "deadline_exceeded");
    assert_all_is_well(&bank).await;
}

#[tokio::test]
async fn an_endless_sleep_is_504_deadline_exceeded() {
    let bank = bank_beside_hostile().await;
    hostile(&bank.client(), "sleep")
        .await
        .refused(504, "deadline_exceeded");
    assert_all_is_well(&bank).await;
}

#[tokio::test]
async fn memory_without_end_is_502_or_503() {
    let bank = bank_beside_hostile().await;
    assert_out_of_memory(&hostile(&bank.client(), "memory").await);
    assert_all_is_well(&bank).await;
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let bank = bank_beside_hostile().await;
    for behaviour in ["endless-body", "huge-body"] {
        match hostile(&bank.client(), behaviour).try_send().await {
            Ok(answer) => assert!(
                [502, 504].contains(&answer.status),
                "{behaviour}: {}",
                answer.status
            ),
            Err(broken) => assert!(
                broken.is_body() || broken.is_decode() || broken.is_request(),
                "{behaviour}: {broken:?}"
            ),
        }
        assert_all_is_well(&bank).await;
    }
}

#[tokio::test]
async fn a_trap_after_the_head_breaks_the_body_off() {
    let bank = bank_beside_hostile().await;
    match hostile(&bank.client(), "trap-in-body").try_send().await {
        Ok(answer) => assert_eq!(answer.status, 502, "a broken body never looks whole"),
        Err(broken) => assert!(
            broken.is_body() || broken.is_decode() || broken.is_request(),
            "{broken:?}"
        ),
    }
    assert_all_is_well(&bank).await;
}

#[tokio::test]
async fn a_client_that_goes_away_is_no_fault_of_the_service() {
    let bank = bank_beside_hostile().await;
    for _client in 0..20 {
        let mut connection = Connection::open(bank.address()).await;
        connection
            .send("GET /api/hostile/endless-body HTTP/1.1\r\nhost: bank\r\n\r\n")
            .await;
        connection.wait_for("200 OK").await;
    }
    assert_all_is_well(&bank).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bank_goes_on_while_a_service_beside_it_does_all_of_this_at_once() {
    let bank = bank_beside_hostile().await;
    let (alice, admin) = (bank.customer().await, bank.admin().await);
    let (from, to) = (
        alice.open_account("EUR").await,
        alice.open_account("EUR").await,
    );
    admin.deposit(&from, "100.00", "EUR").await;

    let mut faults = JoinSet::new();
    for _round in 0..4 {
        for behaviour in ["trap", "loop", "memory", "sleep"] {
            faults.spawn(hostile(&bank.client(), behaviour).into_future());
        }
    }
    for _payment in 0..50 {
        alice
            .transfer(&new_key(), &from, &to, "1.00")
            .await
            .expect(201);
    }
    for answer in faults.join_all().await {
        assert!(
            [502, 503, 504].contains(&answer.status),
            "{}: {}",
            answer.status,
            answer.text()
        );
        answer.problem(answer.status);
    }

    assert_eq!(
        (
            alice.balance(&from).await.as_str(),
            alice.balance(&to).await.as_str()
        ),
        ("50.00", "50.00")
    );
    assert_all_is_well(&bank).await;
}

#[tokio::test]
async fn nothing_of_a_failed_request_survives() {
    let bank = bank_beside_hostile().await;
    for behaviour in ["trap", "memory", "loop"] {
        for _round in 0..3 {
            let failed = hostile(&bank.client(), behaviour).await;
            assert!(
                [502, 503, 504].contains(&failed.status),
                "{}",
                failed.text()
            );
            assert_eq!(
                hostile(&bank.client(), "memory-32-mib").await.text(),
                "took 32",
                "its memory is its own again"
            );
        }
    }
}

#[tokio::test]
async fn the_smallest_component_is_served_without_a_token() {
    let bank = Bank::shared().await;
    let answer = bank.client().get("/api/hello").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello"));
    assert!(
        answer
            .header("content-type")
            .is_some_and(|value| value.starts_with("text/plain"))
    );
    assert!(answer.header("x-request-id").is_some());
}

#[tokio::test]
async fn clients_that_go_away_do_not_free_what_their_requests_still_use() {
    let sleepy = Service::guest("hostile")
        .public()
        .limit("instances", 2)
        .limit("timeout", "4s");
    let registry = Registry::empty()
        .service("sleepy", sleepy)
        .service("hello", Service::guest("hello").public());
    let host = Host::start(&registry, None).await;
    for _ in 0..20 {
        let mut connection = Connection::open(host.address()).await;
        connection
            .send("GET /api/sleepy/sleep HTTP/1.1\r\nhost: bank\r\n\r\n")
            .await;
    }
    // All of them have gone away; the instances of the first two still sleep, and nobody else got one.
    assert_eq!(host.client().get("/api/hello").await.status, 200);
    let services = host.admin().get("/services").await.json(200);
    let sleepy = services["services"]
        .as_array()
        .and_then(|services| services.iter().find(|service| service["name"] == "sleepy"))
        .expect("the service is listed");
    let live = sleepy["instances"]["live"].as_u64().expect("a number");
    assert!(live <= 2, "{sleepy}");
    // When their time is up the service goes on.
    wait_for("the service to go on", 20, async || {
        let next = host.client().get("/api/sleepy/fine").await;
        (next.status == 200).then_some(())
    })
    .await;
}
