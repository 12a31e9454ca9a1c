//! Statistics of a generation: requests, failures, and their latencies.

use crate::metrics::{Histogram, HistogramSnapshot};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Counts since a generation began.
#[derive(Debug, Default)]
pub struct Stats {
    failures: AtomicU64,
    latencies: Histogram,
}

/// Counts of a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Requests and link calls that ended.
    pub requests: u64,
    /// Those of them that failed: no response, or one of 500 and above.
    pub failures: u64,
    latencies: HistogramSnapshot,
}

impl Stats {
    /// Counts a request that ended.
    pub fn count(&self, latency: Duration, has_failed: bool) {
        self.latencies.count(latency);
        if has_failed {
            self.count_failure();
        }
    }

    /// Counts a failure of a request that seemed to end well, such as a body that breaks off.
    pub fn count_failure(&self) {
        self.failures.fetch_add(1, Relaxed);
    }

    /// The counts so far.
    pub fn snapshot(&self) -> Snapshot {
        let latencies = self.latencies.snapshot();
        Snapshot {
            requests: latencies.count(),
            failures: self.failures.load(Relaxed),
            latencies,
        }
    }
}

impl Snapshot {
    /// What was counted since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(earlier.requests),
            failures: self.failures.saturating_sub(earlier.failures),
            latencies: self.latencies.since(&earlier.latencies),
        }
    }

    /// The latency that 95 % of the requests were within: the upper end of its bucket.
    pub fn p95(&self) -> Duration {
        self.latencies.p95()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_counts_from_where_it_begins() {
        let stats = Stats::default();
        stats.count(Duration::from_secs(1), true);
        let earlier = stats.snapshot();
        stats.count(Duration::from_millis(1), false);
        let since = stats.snapshot().since(&earlier);
        assert_eq!((since.requests, since.failures), (1, 0));
        assert!(since.p95() < Duration::from_millis(2));
    }
}
