//! Heads that do not arrive.

use super::*;
use std::time::Instant;

/// What an honest client may take is 10 s; a clock of another process may differ a little.
const PATIENCE_MIN: Duration = Duration::from_secs(8);
/// A slow machine may be late, but not by as much as the head's time.
const PATIENCE_MAX: Duration = Duration::from_secs(25);

/// Sends `begun`, then `more` each second; asserts that the host hangs up in time, serving nothing.
async fn is_hung_up_on(bank: &Bank, begun: &str, more: &str) {
    let began = Instant::now();
    let mut slow = Connection::begin(attacker(0), bank.address(), begun).await;
    while !slow.is_closed_within(Duration::from_secs(1)).await {
        assert!(began.elapsed() < PATIENCE_MAX, "{begun:?} has no end");
        slow.send(more).await;
    }
    let took = began.elapsed();
    let received = slow.received();
    assert!(took >= PATIENCE_MIN, "{begun:?}: after {took:?}");
    assert!(!received.contains("HTTP/1.1 200"), "{received}");
}

#[tokio::test]
async fn a_head_that_trickles_in_silence_and_half_a_preface_are_hung_up_on() {
    let bank = Bank::shared().await;
    let head = "GET /api/hello HTTP/1.1\r\nhost: bank\r\n";
    tokio::join!(
        is_hung_up_on(bank, head, "x-a: b\r\n"),
        is_hung_up_on(bank, "", ""),
        is_hung_up_on(bank, "PRI * HTTP/2.0\r\n\r\n", ""),
    );
}
