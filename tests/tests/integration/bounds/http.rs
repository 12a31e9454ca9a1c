//! A request that makes its instance misbehave: the instance is lost, the gateway answers the
//! request, and nothing else happens.

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

/// Asserts that the host hung up in the middle of a response, or before it.
#[track_caller]
fn assert_broken_off(outcome: Result<Answer, reqwest::Error>) {
    let broken = outcome.expect_err("the response never looks whole");
    assert!(!broken.is_timeout() && !broken.is_connect(), "{broken:?}");
}

/// Each request is refused, with the neighbours well meanwhile, and an honest one is served after.
#[tokio::test]
async fn what_fails_before_its_answer_is_refused() {
    let neighbours = Neighbours::of([
        ("hostile", hostile().public()),
        (
            "busy",
            hostile()
                .public()
                .limit("cpu", "500ms")
                .limit("timeout", "50s"),
        ),
        ("small", hostile().public().limit("memory", "32MiB")),
        ("tight", hostile().public().limit("handles", 50)),
    ])
    .await;
    let (late, failed) = ((504, "deadline_exceeded"), (502, "service_failed"));
    for (path, (status, code)) in [
        // By its processor time, and by the wall clock.
        ("busy/loop", late),
        ("hostile/sleep", late),
        ("small/memory", failed),
        ("hostile/recursion", failed),
        ("hostile/trap", failed),
        ("hostile/exit", failed),
        // One call gets no more from the host than it has at hand.
        ("hostile/random", failed),
        // One handle cannot be polled a million times at once.
        ("hostile/poll", failed),
        ("hostile/handles", failed),
        ("tight/hundred-handles", failed),
        // While they are built, and when they are sent.
        ("hostile/fields", failed),
        ("hostile/many-headers", failed),
        ("hostile/large-header", failed),
    ] {
        println!("{path}");
        let path = format!("/api/{path}");
        let crowds = neighbours
            .stay_well_while(async || crowd(&neighbours, &path).await)
            .await;
        for answer in crowds.iter().flatten() {
            answer.refused(status, code);
        }
        let service = path.rsplit_once('/').expect("a service").0;
        assert_honest(&neighbours.client(), &format!("{service}/fine"), "fine").await;
    }
    let client = neighbours.client();
    assert_honest(&client, "/api/hostile/hundred-handles", "took 100").await;
    let outbound = client.get("/api/hostile/outbound").await.text();
    assert!(outbound.starts_with("refused"), "{outbound}");
    let socket = client.get("/api/hostile/socket").await;
    assert_eq!(socket.text(), "refused: PermissionDenied");
    // The host itself was started with a secret in its environment.
    assert_honest(&client, "/api/hostile/outside", "[] [] 0 files").await;
}

/// The handle of its response stays in the instance, which lives on. No guest of Rust leaks it, so
/// this one is written by hand.
#[tokio::test]
async fn a_guest_that_returns_without_a_response_is_answered_at_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("silent.wasm");
    let component = wat::parse_str(include_str!("silent.wat")).expect("it is a component");
    std::fs::write(&file, component).expect("the component can be written");
    let silent = Service::default().set("component", file.display().to_string());
    let neighbours = neighbours_of(silent.limit("timeout", "60s")).await;
    for _same_instance in 0..3 {
        let answer = neighbours.client().get("/api/hostile/").into_future();
        let answer = timeout(Duration::from_secs(10), answer).await;
        answer
            .expect("no client waits")
            .refused(502, "service_failed");
    }
}

/// No client takes what breaks off for a whole response.
#[tokio::test]
async fn what_fails_in_its_response_breaks_it_off() {
    let roomy = hostile().public().limit("response_body", "64KiB");
    let tight = hostile().public().limit("response_body", "63KiB");
    let hostile = hostile().public();
    let services = [("hostile", hostile), ("roomy", roomy), ("tight", tight)];
    let neighbours = Neighbours::of(services).await;
    let client = neighbours.client();
    for behaviour in ["huge-body", "endless-body", "trickle", "trap-in-body"] {
        println!("{behaviour}");
        let path = format!("/api/hostile/{behaviour}");
        let outcomes = neighbours
            .stay_well_while(async || client.get(&path).try_send().await)
            .await;
        outcomes.into_iter().for_each(assert_broken_off);
        assert_honest(&client, "/api/hostile/fine", "fine").await;
    }
    let body = "x".repeat(64 << 10);
    let echo = async |service: &str| {
        let call = client.post(&format!("/api/{service}/echo"));
        call.body("text/plain", body.clone()).try_send().await
    };
    let whole = echo("roomy").await.expect("it is as large as it may be");
    assert_eq!(whole.text(), body);
    assert_broken_off(echo("tight").await);
}

/// A proxy before the host might take 101 for a tunnel.
#[tokio::test]
async fn a_status_that_ends_no_request_is_a_failure_of_the_service() {
    let neighbours = neighbours_of(hostile()).await;
    let client = neighbours.client();
    for status in [101, 103, 600, 999] {
        let answer = client.get(&format!("/api/hostile/status?{status}")).await;
        answer.refused(502, "service_failed");
    }
    let answer = client.get("/api/hostile/status?599").await;
    assert_eq!(answer.status, 599);
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
    // All four have an instance. Without a bound an honest request would wait until the first has
    // used up its time.
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

/// An instance that goes on after its answer counts until it has ended.
#[tokio::test]
async fn a_service_has_no_more_instances_than_it_may_after_their_answers() {
    let late = Service::guest("late")
        .public()
        .limit("instances", 2)
        .limit("cpu", "500ms")
        .limit("timeout", "1s");
    let neighbours = Neighbours::of([("late", late)]).await;
    for behaviour in ["loop", "sleep", "panic"] {
        println!("{behaviour}");
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
}
