//! `start` and `tick` that misbehave.

use super::*;

/// A failed start or tick is noted in less.
const NOTED_SECONDS_MAX: u64 = 30;
/// More than a person reads of one failure.
const WORDS_BYTES_MAX: usize = 16 << 10;
/// A service whose start fails as its name says, the time it has, and the reason that the host
/// gives. The names come first in the alphabet: a host that starts one by one is found out.
const STARTS: [(&str, &str, &str); 6] = [
    ("a-loop", "50s", "for more than 500ms (`limits.cpu`)"),
    ("a-sleep", "2s", "took longer than 2s"),
    ("a-panic", "10s", "unreachable"),
    ("a-exit", "10s", "exit status 0"),
    ("a-memory", "10s", "more memory than `limits.memory`"),
    ("a-long-error", "10s", "failed"),
];

fn clockwork() -> Service {
    let clockwork = Service::guest("clockwork").public();
    clockwork.limit("cpu", "500ms").limit("timeout", "1s")
}

/// Services that misbehave in the same call of their lifecycle, each in the way of its name.
fn misbehaving(call: &str) -> [(&'static str, Service); 6] {
    STARTS.map(|(name, start, _)| {
        let service = clockwork().config(call, &name["a-".len()..]);
        (name, service.limit("start", start))
    })
}

#[tokio::test]
async fn a_start_that_fails_has_a_reason_and_can_be_mended() {
    let neighbours = Neighbours::of(misbehaving("start")).await;
    let fail = async || {
        for (name, ..) in STARTS {
            let has_failed = async || neighbours.service(name).await["state"] == "failed";
            wait_until("the start to fail", NOTED_SECONDS_MAX, has_failed).await;
        }
    };
    neighbours.stay_well_while(fail).await;
    for (name, _, reason) in STARTS {
        let path = format!("/api/{name}");
        let error = neighbours.service(name).await["last_error"].to_string();
        assert_parts(&error, &["`start`", reason]);
        assert!(error.len() < WORDS_BYTES_MAX, "{} bytes", error.len());
        let answer = neighbours.client().get(&path).await;
        answer.refused(503, "service_unavailable");
    }
    assert_log_is_cut(&neighbours).await;
    let mended = STARTS.map(|(name, ..)| (name, clockwork()));
    neighbours.replace(mended).await;
    for (name, ..) in STARTS {
        assert_honest(&neighbours.client(), &format!("/api/{name}"), "fine").await;
    }
}

#[tokio::test]
async fn a_tick_that_fails_is_logged_and_comes_again_beside_a_start_that_takes_long() {
    let slow = clockwork().config("start", "sleep").limit("start", "300s");
    let services = misbehaving("tick").into_iter().chain([("a-slow", slow)]);
    let neighbours = Neighbours::of(services).await;
    neighbours.are_well().await;
    assert_eq!(neighbours.service("a-slow").await["state"], "starting");
    for (name, ..) in STARTS {
        let failed_ticks = || {
            let log = neighbours.log();
            let quoted = format!("\"{name}\"");
            let is_one = |line: &&str| line.contains("tick failed") && line.contains(&quoted);
            log.lines().filter(is_one).count()
        };
        let fail = async || {
            let before = failed_ticks();
            let fails = async || failed_ticks() > before;
            wait_until("another tick to fail", NOTED_SECONDS_MAX, fails).await;
            assert_honest(&neighbours.client(), &format!("/api/{name}"), "fine").await;
        };
        neighbours.stay_well_while(fail).await;
    }
    assert_log_is_cut(&neighbours).await;
}

/// What a guest says of its failure, some MiB, is cut wherever people read it.
async fn assert_log_is_cut(neighbours: &Neighbours) {
    let log = neighbours.log_until_now().await;
    let longest = log.lines().map(str::len).max();
    assert!(longest < Some(WORDS_BYTES_MAX), "{longest:?} bytes");
}
