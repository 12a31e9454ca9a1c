//! Floods of what all services share: the log, and permits to compute.

use super::*;
use crate::bounds::links::caller;

const LINES_PER_SECOND: usize = 200;
/// In which what a guest printed is in the log, or left out of it.
const LOGGED_SECONDS_MAX: u64 = 10;

#[tokio::test]
async fn a_flood_of_lines_is_thinned_to_so_many_a_second_as_the_registry_says() {
    let hostile = || Service::guest("hostile").public();
    for (hostile, lines_per_second) in [
        (hostile(), LINES_PER_SECOND),
        (hostile().limit("log_lines", 10), 10),
    ] {
        println!("{lines_per_second} lines a second");
        let neighbours = Neighbours::of([("hostile", hostile)]).await;
        let client = neighbours.client();
        let started = Instant::now();
        let flood = async || assert_honest(&client, "/api/hostile/log-flood", "flooded").await;
        neighbours.stay_well_while(flood).await;
        let is_told = async || {
            assert_honest(&client, "/api/hostile/one-line", "fine").await;
            let told = |line: &str| line.contains("left out") && line.contains("hostile");
            neighbours.log().lines().any(told)
        };
        wait_until("word of missing lines", LOGGED_SECONDS_MAX, is_told).await;
        assert_few(&neighbours.log(), "flood ", started, lines_per_second);
    }
}

#[track_caller]
fn assert_few(log: &str, line: &str, started: Instant, lines_per_second: usize) {
    let logged = log.matches(line).count();
    // A second that has begun counts, and one that has not ended.
    let seconds = started.elapsed().as_secs() as usize + 2;
    let few = 1..=seconds * lines_per_second;
    assert!(few.contains(&logged), "{logged} lines in {seconds} s");
}

/// A call that is refused at once costs the guest nothing, and each is worth a line of the host's
/// own.
#[tokio::test]
async fn link_calls_that_fail_do_not_flood_the_log() {
    let services = [("callee", Service::guest("callee")), ("caller", caller())];
    let neighbours = Neighbours::of(services).await;
    let client = neighbours.client();
    let started = Instant::now();
    let path = "/api/caller/call-while-writing-again-and-again";
    let call = async || assert_eq!(client.get(path).await.status, 503);
    neighbours.stay_well_while(call).await;
    assert_honest(&client, "/api/caller/greeting", "greeting").await;
    let log = neighbours.log_until_now().await;
    assert_few(&log, "a link call failed", started, LINES_PER_SECOND);
}

/// The neighbours need permits too: passwords are hashed under them.
#[tokio::test]
async fn a_hoard_of_compute_permits_leaves_some_for_the_neighbours() {
    let hoarder = Service::guest("hoarder").public().limit("timeout", "8s");
    let neighbours = Neighbours::of([("hoarder", hoarder)]).await;
    let client = neighbours.client();
    let hoard = async || {
        let hoards = (0..8).map(|_| client.get("/api/hoarder/hoard"));
        for hoard in at_once(hoards).await {
            hoard.refused(504, "deadline_exceeded");
        }
    };
    neighbours.stay_well_while(hoard).await;
    let are_back = async || client.get("/api/hoarder/one").await.text() == "a permit";
    wait_until("the permits to come back", LOGGED_SECONDS_MAX, are_back).await;
}
