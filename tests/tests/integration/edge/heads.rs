//! Heads that do not arrive.

use std::time::{Duration, Instant};

use strongroom_tests::Bank;
use strongroom_tests::attackers::attacker;
use strongroom_tests::wire::Connection;

/// What an honest client may take is 10 s; a clock of another process may differ a little.
const PATIENCE_MIN: Duration = Duration::from_secs(8);
/// A slow machine may be late, but not by as much as the head's time.
const PATIENCE_MAX: Duration = Duration::from_secs(25);

/// Sends `begun`, then `more` each second; asserts that the host hangs up in time, and without
/// serving anything.
async fn is_hung_up_on(begun: &str, more: &str) {
    let bank = Bank::shared().await;
    let mut slow = Connection::open_from(attacker(0), bank.address()).await;
    let began = Instant::now();
    slow.send(begun).await;
    while !slow.is_closed_within(Duration::from_secs(1)).await {
        assert!(
            began.elapsed() < PATIENCE_MAX,
            "{begun:?} is waited for without end"
        );
        slow.send(more).await;
    }
    let took = began.elapsed();
    let received = slow.received();
    assert!(took >= PATIENCE_MIN, "{begun:?}: after {took:?}");
    assert!(!received.contains("HTTP/1.1 200"), "{received}");
}

#[tokio::test]
async fn a_head_that_trickles_in_is_hung_up_on() {
    is_hung_up_on("GET /api/hello HTTP/1.1\r\nhost: bank\r\n", "x-a: b\r\n").await;
}

#[tokio::test]
async fn a_client_that_says_nothing_is_hung_up_on() {
    is_hung_up_on("", "").await;
}

#[tokio::test]
async fn a_preface_that_breaks_off_is_hung_up_on() {
    is_hung_up_on("PRI * HTTP/2.0\r\n\r\n", "").await;
}
