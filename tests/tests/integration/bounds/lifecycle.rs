//! `start` and `tick` that misbehave.

use crate::bounds::neighbours::{Neighbours, assert_honest};
use strongroom_tests::registry::Service;
use strongroom_tests::wait_for;

/// A failed start or tick is noted in less.
const NOTED_SECONDS_MAX: u64 = 30;
/// More than a person reads of one failure.
const WORDS_BYTES_MAX: usize = 16 << 10;
/// The name comes first in the alphabet, so that a host that starts one service after the other is found out.
const SERVICE: &str = "a-clockwork";

fn clockwork() -> Service {
    Service::guest("clockwork")
        .public()
        .limit("cpu", "500ms")
        .limit("timeout", "1s")
}

async fn start_fails(neighbours: &Neighbours) {
    wait_for("the start to fail", NOTED_SECONDS_MAX, async || {
        let service = neighbours.service(SERVICE).await;
        (service["state"] == "failed").then_some(())
    })
    .await;
}

/// Asserts that a start of this kind fails, for this reason, and that its service is then nobody's but the operator's trouble.
async fn fails_alone(behaviour: &str, start: &str, reason: &str) {
    let service = clockwork().config("start", behaviour).limit("start", start);
    let neighbours = Neighbours::of([(SERVICE, service)]).await;
    neighbours
        .stay_well_while(async || start_fails(&neighbours).await)
        .await;
    let error = neighbours.service(SERVICE).await["last_error"].to_string();
    assert!(
        error.contains("`start`") && error.contains(reason),
        "{error}"
    );
    let answer = neighbours.client().get(&format!("/api/{SERVICE}")).await;
    answer.refused(503, "service_unavailable");
    // The operator mends it.
    neighbours.replace(SERVICE, clockwork()).await;
    assert_honest(&neighbours.client(), &format!("/api/{SERVICE}"), "fine").await;
}

#[tokio::test]
async fn an_endless_loop_in_start_is_ended() {
    fails_alone("loop", "50s", "did not answer in time").await;
}

#[tokio::test]
async fn an_endless_sleep_in_start_is_ended() {
    fails_alone("sleep", "2s", "did not answer in time").await;
}

#[tokio::test]
async fn a_panic_in_start_is_a_reason() {
    fails_alone("panic", "10s", "failed").await;
}

#[tokio::test]
async fn an_exit_in_start_is_a_reason() {
    fails_alone("exit", "10s", "failed").await;
}

#[tokio::test]
async fn memory_without_end_in_start_is_refused() {
    fails_alone("memory", "10s", "failed").await;
}

#[tokio::test]
async fn a_start_that_takes_long_keeps_nobody_waiting() {
    let service = clockwork().config("start", "sleep").limit("start", "300s");
    let neighbours = Neighbours::of([(SERVICE, service)]).await;
    neighbours.are_well().await;
    assert_eq!(neighbours.service(SERVICE).await["state"], "starting");
}

/// Asserts that ticks of this kind fail again and again, and that requests are served all the same.
async fn fails_and_comes_again(behaviour: &str) {
    let service = clockwork().config("tick", behaviour);
    let neighbours = Neighbours::of([(SERVICE, service)]).await;
    let failed_ticks = || neighbours.log().matches("tick failed").count();
    neighbours
        .stay_well_while(async || {
            let before = failed_ticks();
            wait_for("another tick to fail", NOTED_SECONDS_MAX, async || {
                (failed_ticks() > before).then_some(())
            })
            .await;
            assert_honest(&neighbours.client(), &format!("/api/{SERVICE}"), "fine").await;
        })
        .await;
}

#[tokio::test]
async fn an_endless_loop_in_tick_is_ended() {
    fails_and_comes_again("loop").await;
}

#[tokio::test]
async fn an_endless_sleep_in_tick_is_ended() {
    fails_and_comes_again("sleep").await;
}

#[tokio::test]
async fn a_panic_in_tick_is_logged() {
    fails_and_comes_again("panic").await;
}

#[tokio::test]
async fn an_exit_in_tick_is_logged() {
    fails_and_comes_again("exit").await;
}

#[tokio::test]
async fn memory_without_end_in_tick_is_refused() {
    fails_and_comes_again("memory").await;
}

/// Asserts that what the guest says of its failure, some MiB, is cut wherever people read it.
async fn is_cut(neighbours: &Neighbours) {
    let log = neighbours.log_until_now().await;
    let longest = log.lines().map(str::len).max();
    assert!(
        longest < Some(WORDS_BYTES_MAX),
        "{longest:?} bytes in the log"
    );
    let error = neighbours.service(SERVICE).await["last_error"].to_string();
    assert!(error.len() < WORDS_BYTES_MAX, "{} bytes", error.len());
}

#[tokio::test]
async fn the_words_of_a_failed_start_are_cut() {
    let service = clockwork().config("start", "long-error");
    let neighbours = Neighbours::of([(SERVICE, service)]).await;
    start_fails(&neighbours).await;
    is_cut(&neighbours).await;
}

#[tokio::test]
async fn the_words_of_a_failed_tick_are_cut() {
    let service = clockwork().config("tick", "long-error");
    let neighbours = Neighbours::of([(SERVICE, service)]).await;
    wait_for("a tick to fail", NOTED_SECONDS_MAX, async || {
        neighbours.log().contains("tick failed").then_some(())
    })
    .await;
    is_cut(&neighbours).await;
    assert_honest(&neighbours.client(), &format!("/api/{SERVICE}"), "fine").await;
}
