//! A callee that misbehaves: its caller gets an error as a value, in time, and lives on.

use crate::bounds::neighbours::{Neighbours, assert_honest};
use strongroom_tests::Answer;
use strongroom_tests::registry::Service;

/// A service that calls `callee` as the path of a request to it says.
pub fn caller() -> Service {
    let links = toml::Table::from_iter([("tests:echo/echo".to_owned(), "callee".into())]);
    Service::guest("caller")
        .public()
        .set("links", links)
        .limit("timeout", "10s")
}

fn callee() -> Service {
    Service::guest("callee")
        .limit("cpu", "500ms")
        .limit("timeout", "1s")
}

async fn beside(callee: Service) -> Neighbours {
    Neighbours::of([("callee", callee), ("caller", caller())]).await
}

/// Asserts that the caller lives to tell how its call failed.
fn assert_told(answer: &Answer, reason: &str) {
    assert_eq!((answer.status, answer.text().as_str()), (503, reason));
}

async fn reaches_the_caller_as(callee: Service, behaviour: &str, reason: &str) {
    let neighbours = beside(callee).await;
    let path = format!("/api/caller/{behaviour}");
    let answers = neighbours
        .stay_well_while(async || neighbours.client().get(&path).await)
        .await;
    for answer in answers {
        assert_told(&answer, reason);
    }
    assert_honest(&neighbours.client(), "/api/caller/greeting", "greeting").await;
}

const TIME_UP: &str = "the service did not answer in time";
const FAILED: &str = "the service failed";

#[tokio::test]
async fn an_endless_loop_in_a_link_call_is_ended() {
    reaches_the_caller_as(callee().limit("timeout", "50s"), "loop", TIME_UP).await;
}

#[tokio::test]
async fn an_endless_sleep_in_a_link_call_is_ended() {
    reaches_the_caller_as(callee(), "sleep", TIME_UP).await;
}

#[tokio::test]
async fn a_panic_in_a_link_call_is_a_value() {
    reaches_the_caller_as(callee(), "panic", FAILED).await;
}

#[tokio::test]
async fn an_exit_in_a_link_call_is_a_value() {
    reaches_the_caller_as(callee(), "exit", FAILED).await;
}

#[tokio::test]
async fn memory_without_end_in_a_link_call_is_refused() {
    reaches_the_caller_as(callee(), "memory", FAILED).await;
}

#[tokio::test]
async fn recursion_without_end_in_a_link_call_is_a_value() {
    reaches_the_caller_as(callee(), "recursion", FAILED).await;
}

#[tokio::test]
async fn a_huge_answer_of_a_link_call_is_refused() {
    reaches_the_caller_as(callee(), "huge", FAILED).await;
}

#[tokio::test]
async fn calls_without_end_are_ended_by_the_callers_own_time() {
    let tight = caller().limit("timeout", "1s");
    let neighbours = Neighbours::of([("callee", callee()), ("caller", tight)]).await;
    let answers = neighbours
        .stay_well_while(async || neighbours.client().get("/api/caller/call-for-ever").await)
        .await;
    for answer in answers {
        answer.refused(504, "deadline_exceeded");
    }
    assert_honest(&neighbours.client(), "/api/caller/greeting", "greeting").await;
}

#[tokio::test]
async fn a_link_call_is_refused_while_a_write_transaction_is_open() {
    let neighbours = beside(callee()).await;
    let client = neighbours.client();
    assert_told(
        &client.get("/api/caller/call-while-writing").await,
        "a link call is not allowed while a write transaction is open",
    );
    assert_honest(&client, "/api/caller/greeting", "greeting").await;
}
