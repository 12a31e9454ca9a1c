//! A request that makes its instance misbehave: the instance is lost, the request is answered by the gateway, and nothing else happens.

use crate::bounds::neighbours::{Neighbours, assert_honest};
use std::time::Duration;
use strongroom_tests::Answer;
use strongroom_tests::registry::Service;
use strongroom_tests::wire::Connection;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How many of an attack run at once.
const AT_ONCE: usize = 4;

async fn neighbours_of(hostile: Service) -> Neighbours {
    Neighbours::of([("hostile", hostile.public())]).await
}

fn hostile() -> Service {
    Service::guest("hostile").limit("timeout", "2s")
}

/// Some requests for the same behaviour at once.
async fn crowd(neighbours: &Neighbours, path: &str) -> Vec<Answer> {
    let requests = (0..AT_ONCE).map(|_| neighbours.client().get(path).into_future());
    requests.collect::<JoinSet<_>>().join_all().await
}

/// Asserts that each request for `behaviour` is refused so, with the neighbours well meanwhile, and an honest request served afterwards.
async fn is_refused(hostile: Service, behaviour: &str, status: u16, code: &str) {
    let neighbours = neighbours_of(hostile).await;
    let path = format!("/api/hostile/{behaviour}");
    let crowds = neighbours
        .stay_well_while(async || crowd(&neighbours, &path).await)
        .await;
    for answer in crowds.iter().flatten() {
        answer.refused(status, code);
    }
    assert_honest(&neighbours.client(), "/api/hostile/fine", "fine").await;
}

/// Asserts that the host hung up in the middle of a response, or before it.
#[track_caller]
fn assert_broken_off(outcome: Result<Answer, reqwest::Error>) {
    let broken = outcome.expect_err("the response never looks whole");
    assert!(!broken.is_timeout() && !broken.is_connect(), "{broken:?}");
}

/// Asserts that the response for `behaviour` breaks off, so that no client takes it for whole.
async fn is_broken_off(hostile: Service, behaviour: &str) {
    let neighbours = neighbours_of(hostile).await;
    let path = format!("/api/hostile/{behaviour}");
    let outcomes = neighbours
        .stay_well_while(async || neighbours.client().get(&path).try_send().await)
        .await;
    for outcome in outcomes {
        assert_broken_off(outcome);
    }
    assert_honest(&neighbours.client(), "/api/hostile/fine", "fine").await;
}

#[tokio::test]
async fn an_endless_loop_is_ended_by_its_processor_time() {
    let hostile = hostile().limit("cpu", "500ms").limit("timeout", "50s");
    is_refused(hostile, "loop", 504, "deadline_exceeded").await;
}

#[tokio::test]
async fn an_endless_sleep_is_ended_by_the_wall_clock() {
    is_refused(hostile(), "sleep", 504, "deadline_exceeded").await;
}

#[tokio::test]
async fn memory_without_end_is_refused() {
    let hostile = hostile().limit("memory", "32MiB");
    is_refused(hostile, "memory", 502, "service_failed").await;
}

#[tokio::test]
async fn recursion_without_end_is_a_trap() {
    is_refused(hostile(), "recursion", 502, "service_failed").await;
}

#[tokio::test]
async fn a_panic_is_a_trap() {
    is_refused(hostile(), "trap", 502, "service_failed").await;
}

#[tokio::test]
async fn an_exit_is_no_answer() {
    is_refused(hostile(), "exit", 502, "service_failed").await;
}

#[tokio::test]
async fn one_call_gets_no_more_from_the_host_than_it_has_at_hand() {
    is_refused(hostile(), "random", 502, "service_failed").await;
}

#[tokio::test]
async fn one_handle_cannot_be_polled_a_million_times_at_once() {
    is_refused(hostile(), "poll", 502, "service_failed").await;
}

#[tokio::test]
async fn handles_without_end_are_refused() {
    is_refused(hostile(), "handles", 502, "service_failed").await;
}

#[tokio::test]
async fn the_registry_says_how_many_handles() {
    let roomy = neighbours_of(hostile()).await;
    assert_honest(&roomy.client(), "/api/hostile/hundred-handles", "took 100").await;
    let tight = hostile().limit("handles", 50);
    is_refused(tight, "hundred-handles", 502, "service_failed").await;
}

#[tokio::test]
async fn header_fields_without_end_are_refused_while_they_are_built() {
    is_refused(hostile(), "fields", 502, "service_failed").await;
}

#[tokio::test]
async fn a_response_with_too_many_headers_is_refused() {
    is_refused(hostile(), "many-headers", 502, "service_failed").await;
}

#[tokio::test]
async fn a_response_with_too_large_a_header_is_refused() {
    is_refused(hostile(), "large-header", 502, "service_failed").await;
}

#[tokio::test]
async fn a_huge_response_is_broken_off() {
    is_broken_off(hostile(), "huge-body").await;
}

#[tokio::test]
async fn the_registry_says_how_large_a_response() {
    let body = "x".repeat(64 << 10);
    let echo = async |limit: &str| {
        let neighbours = neighbours_of(hostile().limit("response_body", limit)).await;
        let call = neighbours.client().post("/api/hostile/echo");
        call.body("text/plain", body.clone()).try_send().await
    };
    let whole = echo("64KiB").await.expect("it is as large as it may be");
    assert_eq!(whole.text(), body);
    assert_broken_off(echo("63KiB").await);
}

#[tokio::test]
async fn a_response_without_end_is_broken_off() {
    is_broken_off(hostile(), "endless-body").await;
}

#[tokio::test]
async fn a_response_that_trickles_for_ever_is_broken_off() {
    is_broken_off(hostile(), "trickle").await;
}

#[tokio::test]
async fn a_trap_in_the_middle_of_a_response_breaks_it_off() {
    is_broken_off(hostile(), "trap-in-body").await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_keeps_an_instance_no_longer_than_the_wall_clock_says() {
    let neighbours = neighbours_of(hostile().limit("instances", 1)).await;
    let mut connection = Connection::open(neighbours.address()).await;
    connection
        .send("GET /api/hostile/endless-body HTTP/1.1\r\nhost: bank\r\n\r\n")
        .await;
    neighbours.are_well().await;
    // It waits for the only instance; were it never given back, the answer would be 503.
    assert_honest(&neighbours.client(), "/api/hostile/fine", "fine").await;
}

#[tokio::test]
async fn slow_readers_leave_most_instances_to_others() {
    let hostile = hostile()
        .limit("instances", 4)
        .limit("slow_answers", 1)
        .limit("timeout", "50s");
    let neighbours = neighbours_of(hostile).await;
    let mut readers = Vec::new();
    for _ in 0..4 {
        let mut reader = Connection::open(neighbours.address()).await;
        let request =
            "GET /api/hostile/trickle HTTP/1.1\r\nhost: bank\r\nconnection: close\r\n\r\n";
        reader.send(request).await;
        reader.wait_for("200 OK").await;
        readers.push(reader);
    }
    // All four have an instance. Without a bound an honest request would wait until the first has used up its time.
    let client = neighbours.client();
    let honest = assert_honest(&client, "/api/hostile/fine", "fine");
    timeout(Duration::from_secs(20), honest)
        .await
        .expect("it is served long before the readers' time is up");
    let mut broken_off = JoinSet::new();
    for mut reader in readers {
        broken_off
            .spawn(async move { timeout(Duration::from_secs(10), reader.read_to_the_end()).await });
    }
    let ended = broken_off.join_all().await;
    assert_eq!(ended.iter().filter(|ended| ended.is_ok()).count(), 3);
}

/// Asserts that a service whose instances go on after their answer never has more of them than it may, and serves on.
async fn is_counted_after_its_answer(behaviour: &str) {
    let late = Service::guest("late")
        .public()
        .limit("instances", 2)
        .limit("cpu", "500ms")
        .limit("timeout", "1s");
    let neighbours = Neighbours::of([("late", late)]).await;
    let path = format!("/api/late/{behaviour}");
    let crowds = neighbours
        .stay_well_while(async || {
            let answers = crowd(&neighbours, &path).await;
            let live = neighbours.service("late").await["instances"]["live"].as_u64();
            (answers, live.expect("a number"))
        })
        .await;
    for (answers, live) in crowds {
        assert!(live <= 2, "{live} instances");
        for answer in answers {
            match answer.status {
                200 => assert_eq!(answer.text(), "fine"),
                _ => drop(answer.refused(503, "service_unavailable")),
            }
        }
    }
    assert_honest(&neighbours.client(), "/api/late/fine", "fine").await;
}

#[tokio::test]
async fn an_instance_that_loops_after_its_answer_counts_until_it_is_ended() {
    is_counted_after_its_answer("loop").await;
}

#[tokio::test]
async fn an_instance_that_sleeps_after_its_answer_counts_until_it_is_ended() {
    is_counted_after_its_answer("sleep").await;
}

#[tokio::test]
async fn an_instance_that_panics_after_its_answer_is_replaced() {
    is_counted_after_its_answer("panic").await;
}

#[tokio::test]
async fn nothing_of_the_outside_is_reachable() {
    let neighbours = neighbours_of(hostile()).await;
    let client = neighbours.client();
    let outbound = client.get("/api/hostile/outbound").await;
    assert!(
        outbound.text().starts_with("refused"),
        "{}",
        outbound.text()
    );
    let socket = client.get("/api/hostile/socket").await;
    assert_eq!(socket.text(), "refused: PermissionDenied");
    // The host itself was started with a secret in its environment.
    assert_honest(&client, "/api/hostile/outside", "[] [] 0 files").await;
}
