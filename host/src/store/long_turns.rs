//! Transactions that take long, of one client.
//!
//! All who write wait in one queue, first come, first served. A client that sends fifty batches at
//! once would delay each transfer of others by all fifty. So a client whose turns take much of the
//! writer's time gets one turn after the other: it never has two in the queue.

use crate::client::Client;
use crate::client_shares::ClientShares;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Shorter turns are not counted: a transfer takes a tenth of a millisecond.
const LONG_MIN: Duration = Duration::from_millis(2);
/// How much of so much time a client's long turns may take together.
const WINDOW: Duration = Duration::from_millis(100);
const WINDOW_USE_MAX: Duration = Duration::from_millis(25);
/// For how long its turns then come one after the other.
const ALONE_TIME: Duration = Duration::from_secs(1);

/// The clients of a store whose turns were long lately.
pub(super) struct LongTurns {
    by_client: Mutex<HashMap<Client, Usage>>,
    /// One turn for each client.
    shares: ClientShares,
}

/// What a client's long turns have taken.
struct Usage {
    since: Instant,
    used: Duration,
    alone_until: Option<Instant>,
}

/// A turn of a client; its end is noted.
pub(super) struct LongTurn {
    turns: Arc<LongTurns>,
    client: Client,
    began: Instant,
    #[expect(dead_code, reason = "held until the turn is over")]
    alone: Option<OwnedSemaphorePermit>,
}

impl LongTurns {
    pub(super) fn new() -> Self {
        Self {
            by_client: Mutex::default(),
            shares: ClientShares::new(1),
        }
    }

    /// What the client must hold to wait in the queue, if its turns come one after the other now.
    pub(super) fn share_of(&self, client: Client, now: Instant) -> Option<Arc<Semaphore>> {
        let until = self.by_client.lock().get(&client)?.alone_until?;
        (now < until).then(|| self.shares.of(client))
    }

    fn note(&self, client: Client, took: Duration, now: Instant) {
        // Ticks and starts come one at a time by themselves.
        if took < LONG_MIN || client == Client::NOBODY {
            return;
        }
        let mut by_client = self.by_client.lock();
        let usage = by_client.entry(client).or_insert(Usage {
            since: now,
            used: Duration::ZERO,
            alone_until: None,
        });
        if now.saturating_duration_since(usage.since) > WINDOW {
            (usage.since, usage.used) = (now, Duration::ZERO);
        }
        usage.used += took;
        if usage.used > WINDOW_USE_MAX {
            usage.alone_until = Some(now + ALONE_TIME);
        }
        by_client.retain(|_, usage| now.saturating_duration_since(usage.since) <= ALONE_TIME);
    }
}

impl LongTurn {
    /// A turn that begins now.
    pub(super) fn begin(
        turns: &Arc<LongTurns>,
        client: Client,
        alone: Option<OwnedSemaphorePermit>,
    ) -> Self {
        Self {
            turns: Arc::clone(turns),
            client,
            began: Instant::now(),
            alone,
        }
    }

    /// When it began.
    pub(super) fn began(&self) -> Instant {
        self.began
    }
}

impl Drop for LongTurn {
    fn drop(&mut self) {
        let now = Instant::now();
        let took = now.saturating_duration_since(self.began);
        self.turns.note(self.client, took, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_whose_turns_take_much_of_the_time_gets_them_one_by_one_for_a_while() {
        let turns = LongTurns::new();
        let [ann, bob] = ["ann", "bob"].map(Client::of_subject);
        let begun = Instant::now();
        let is_alone = |client, after| turns.share_of(client, begun + after).is_some();
        for number in 1..=4 {
            assert!(!is_alone(ann, Duration::ZERO));
            turns.note(ann, Duration::from_millis(8), begun + number * LONG_MIN);
        }
        assert!(is_alone(ann, WINDOW));
        assert!(!is_alone(bob, WINDOW));
        assert!(!is_alone(ann, WINDOW + 2 * ALONE_TIME));
        for _ in 0..1_000 {
            turns.note(bob, LONG_MIN, begun);
        }
        assert!(is_alone(bob, Duration::ZERO));
    }

    #[test]
    fn short_turns_and_seldom_long_ones_are_nothing() {
        let turns = LongTurns::new();
        let ann = Client::of_subject("ann");
        let begun = Instant::now();
        for number in 0..1_000 {
            turns.note(ann, LONG_MIN / 2, begun);
            turns.note(ann, WINDOW_USE_MAX, begun + 2 * number * WINDOW);
        }
        assert!(turns.share_of(ann, begun + 2_000 * WINDOW).is_none());
    }
}
