//! A callee that misbehaves: its caller gets an error as a value, in time, and lives on.

use super::*;

/// It answers `grown` or `refused`; `large` asks for 50,000 elements, and any other word for 100.
const GREEDY_TABLE: &str = include_str!("greedy_table.wat");

/// A service that calls `callee` as the path of a request to it says.
pub fn caller() -> Service {
    let links = toml::Table::from_iter([("tests:echo/echo".to_owned(), "callee".into())]);
    let caller = Service::guest("caller").public().set("links", links);
    caller.limit("timeout", "10s")
}

fn callee() -> Service {
    let callee = Service::guest("callee").limit("cpu", "500ms");
    callee.limit("timeout", "1s")
}

/// Asserts that the caller lives to tell how its call failed.
fn assert_told(answer: &Answer, reason: &str) {
    assert_eq!((answer.status, answer.text().as_str()), (503, reason));
}

#[tokio::test]
async fn what_fails_in_a_link_call_reaches_the_caller_as_a_value() {
    const TIME_UP: &str = "the service did not respond in time";
    const FAILED: &str = "the service failed";
    let tight = caller().limit("timeout", "1s");
    let neighbours =
        Neighbours::of([("callee", callee()), ("caller", caller()), ("tight", tight)]).await;
    let client = neighbours.client();
    // Only its processor time can end the loop: its timeout is longer than its caller's.
    for (behaviour, timeout, reason) in [
        ("loop", "50s", TIME_UP),
        ("sleep", "2s", TIME_UP),
        ("panic", "2s", FAILED),
        ("exit", "2s", FAILED),
        ("memory", "2s", FAILED),
        ("recursion", "2s", FAILED),
        ("huge", "2s", FAILED),
    ] {
        println!("{behaviour}");
        let callee = callee().limit("timeout", timeout);
        neighbours.replace([("callee", callee)]).await;
        let path = format!("/api/caller/{behaviour}");
        let answers = neighbours.stay_well_while(async || client.get(&path).await);
        for answer in answers.await {
            assert_told(&answer, reason);
        }
        assert_honest(&client, "/api/caller/greeting", "greeting").await;
    }
    let answer = client.get("/api/caller/call-while-writing").await;
    let reason = "a link call is not allowed while a write transaction is open";
    assert_told(&answer, reason);
    assert_honest(&client, "/api/caller/greeting", "greeting").await;
    // Calls without end are ended by the caller's own time.
    let for_ever = async || client.get("/api/tight/call-for-ever").await;
    for answer in neighbours.stay_well_while(for_ever).await {
        answer.refused(504, "deadline_exceeded");
    }
    assert_honest(&client, "/api/tight/greeting", "greeting").await;
}

/// No guest of Rust can make a table grow, so this callee is written by hand.
#[tokio::test]
async fn a_table_without_end_is_refused_and_the_registry_says_how_large_one_is() {
    let (_folder, callee) = by_hand(GREEDY_TABLE);
    let reused = callee.clone().limit("reuse", 10);
    let neighbours = Neighbours::of([("callee", reused), ("caller", caller())]).await;
    let client = neighbours.client();
    let attack = async || {
        let mut answers = Vec::new();
        for _call in 0..10 {
            answers.push(client.get("/api/caller/large").await.text());
        }
        answers
    };
    for tens in neighbours.stay_well_while(attack).await {
        assert_eq!(tens.first().map(String::as_str), Some("grown"), "{tens:?}");
        assert_eq!(tens.last().map(String::as_str), Some("refused"), "{tens:?}");
    }
    assert_honest(&client, "/api/caller/small", "grown").await;

    let small = callee.limit("table_elements", 1_000);
    neighbours.replace([("callee", small)]).await;
    for (word, answer) in [("small", "grown"), ("large", "refused"), ("small", "grown")] {
        let path = format!("/api/caller/{word}");
        assert_eq!(client.get(&path).await.text(), answer);
    }
}
