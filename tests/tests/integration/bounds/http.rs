//! A request that makes its instance misbehave: the instance is lost, the gateway answers the
//! request, and nothing else happens.

use super::*;

const AT_ONCE: usize = 4;

fn hostile() -> Service {
    let hostile = Service::guest("hostile").public();
    hostile.limit("timeout", "2s")
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
    let busy = hostile().limit("cpu", "500ms").limit("timeout", "50s");
    let (_folder, silent) = by_hand(include_str!("silent.wat"));
    let neighbours = Neighbours::of([
        ("silent", silent.public().limit("timeout", "60s")),
        ("hostile", hostile()),
        ("busy", busy),
        ("small", hostile().limit("memory", "32MiB")),
        ("tight", hostile().limit("handles", 50)),
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
        // A proxy before the host might take 101 for a tunnel.
        ("hostile/status?101", failed),
        ("hostile/status?103", failed),
        ("hostile/status?600", failed),
        ("hostile/status?999", failed),
    ] {
        println!("{path}");
        let path = format!("/api/{path}");
        let crowd = || (0..AT_ONCE).map(|_| neighbours.client().get(&path));
        let crowds = neighbours.stay_well_while(async || at_once(crowd()).await);
        for answer in crowds.await.iter().flatten() {
            answer.refused(status, code);
        }
        let service = path.rsplit_once('/').expect("a service").0;
        assert_honest(&neighbours.client(), &format!("{service}/fine"), "fine").await;
    }
    let client = neighbours.client();
    // The handle of a response that is not sent stays in the instance, which lives on. No guest of
    // Rust leaks it, so this one is written by hand. It is answered at once.
    for _same_instance in 0..3 {
        let answer = client.get("/api/silent/").within(10).await;
        answer.refused(502, "service_failed");
    }
    assert_honest(&client, "/api/hostile/hundred-handles", "took 100").await;
    let outbound = client.get("/api/hostile/outbound").await.text();
    assert!(outbound.starts_with("refused"), "{outbound}");
    let socket = client.get("/api/hostile/socket").await;
    assert_eq!(socket.text(), "refused: PermissionDenied");
    assert_eq!(client.get("/api/hostile/status?599").await.status, 599);
    // The host itself was started with a secret in its environment.
    assert_honest(&client, "/api/hostile/outside", "[] [] 0 files").await;
}

#[tokio::test]
async fn what_fails_in_its_response_breaks_it_off() {
    let sized = |size: &str| hostile().limit("response_body", size);
    let neighbours = Neighbours::of([
        ("hostile", hostile()),
        ("roomy", sized("64KiB")),
        ("tight", sized("63KiB")),
    ])
    .await;
    let client = neighbours.client();
    for behaviour in ["huge-body", "endless-body", "trickle", "trap-in-body"] {
        println!("{behaviour}");
        let path = format!("/api/hostile/{behaviour}");
        let outcomes = neighbours.stay_well_while(async || client.get(&path).try_send().await);
        outcomes.await.into_iter().for_each(assert_broken_off);
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

#[tokio::test]
async fn clients_that_read_nothing_or_slowly_leave_instances_to_others() {
    let wide = hostile().limit("instances", 4).limit("slow_answers", 1);
    let neighbours = Neighbours::of([
        ("narrow", hostile().limit("instances", 1)),
        ("wide", wide.limit("timeout", "50s")),
    ])
    .await;
    let begin = async |path: &str| {
        let head = format!("GET /api/{path} HTTP/1.1\r\nhost: bank\r\nconnection: close\r\n\r\n");
        Connection::begin(Ipv4Addr::LOCALHOST, neighbours.address(), head).await
    };
    let _reader = begin("narrow/endless-body").await;
    neighbours.are_well().await;
    // It waits for the only instance, which is given back when the wall clock says so; were it
    // never given back, the answer would be 503.
    assert_honest(&neighbours.client(), "/api/narrow/fine", "fine").await;
    let mut readers = Vec::new();
    for _ in 0..4 {
        let mut reader = begin("wide/trickle").await;
        reader.wait_for("200 OK").await;
        readers.push(reader);
    }
    // All four have an instance. Without a bound an honest request would wait for their time's end.
    let call = neighbours.client().get("/api/wide/fine");
    assert_eq!(call.within(20).await.text(), "fine");
    let mut closed = 0;
    for mut reader in readers {
        let time_max = Duration::from_secs(10);
        closed += usize::from(reader.is_closed_within(time_max).await);
    }
    assert_eq!(closed, 3);
}

/// An instance that goes on after its answer counts until it has ended.
#[tokio::test]
async fn a_service_has_no_more_instances_than_it_may_after_their_answers() {
    let late = Service::guest("late").public().limit("instances", 2);
    let late = late.limit("cpu", "500ms").limit("timeout", "1s");
    let neighbours = Neighbours::of([("late", late)]).await;
    for behaviour in ["loop", "sleep", "panic"] {
        println!("{behaviour}");
        let path = format!("/api/late/{behaviour}");
        let crowds = neighbours
            .stay_well_while(async || {
                let crowd = (0..AT_ONCE).map(|_| neighbours.client().get(&path));
                let answers = at_once(crowd).await;
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
