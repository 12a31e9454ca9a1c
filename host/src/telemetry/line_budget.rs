//! How many lines of the access log strangers may make.
//!
//! A request costs them some bytes, and a line a few hundred on the disk. Users answer for what
//! they send; a stranger is an address.

use crate::client::Client;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How many lines the requests of one address may have in a second.
const LINES_PER_SECOND_MAX: u64 = 1_000;
const SECOND: Duration = Duration::from_secs(1);
/// With more addresses than this, those of earlier seconds are forgotten.
const CLIENTS_KNOWN_MAX: usize = 1_024;

/// The lines of strangers in the present second.
#[derive(Default)]
pub(super) struct LineBudget {
    by_client: Mutex<HashMap<Client, Lines>>,
}

struct Lines {
    since: Instant,
    count: u64,
}

/// Whether a request gets its line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It does, and so many before it did not.
    Write { left_out: u64 },
    /// Too many have one in this second.
    LeaveOut,
}

impl LineBudget {
    /// Counts a request of a stranger.
    pub(super) fn count(&self, client: Client, now: Instant) -> Verdict {
        let mut by_client = self.by_client.lock();
        if by_client.len() >= CLIENTS_KNOWN_MAX {
            by_client.retain(|_, lines| now.saturating_duration_since(lines.since) < SECOND);
        }
        let lines = by_client.entry(client).or_insert(Lines {
            since: now,
            count: 0,
        });
        let mut left_out = 0;
        if now.saturating_duration_since(lines.since) >= SECOND {
            left_out = lines.count.saturating_sub(LINES_PER_SECOND_MAX);
            (lines.since, lines.count) = (now, 0);
        }
        lines.count += 1;
        match lines.count > LINES_PER_SECOND_MAX {
            true => Verdict::LeaveOut,
            false => Verdict::Write { left_out },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_lines_in_a_second_and_the_rest_are_counted() {
        let budget = LineBudget::default();
        let [one, other] = [1, 2].map(|last| Client::of_address([127, 0, 0, last].into()));
        let begun = Instant::now();
        let all = Verdict::Write { left_out: 0 };
        for _ in 0..LINES_PER_SECOND_MAX {
            assert_eq!(budget.count(one, begun), all);
        }
        for _ in 0..7 {
            assert_eq!(budget.count(one, begun), Verdict::LeaveOut);
        }
        assert_eq!(budget.count(other, begun), all);
        let left_out = Verdict::Write { left_out: 7 };
        assert_eq!(budget.count(one, begun + SECOND), left_out);
        assert_eq!(budget.count(one, begun + SECOND), all);
    }
}
