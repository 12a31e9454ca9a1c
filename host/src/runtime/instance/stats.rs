//! Statistics of a generation: requests, failures, and a histogram of latencies. To count costs so
//! little that every request is counted.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Parts of each doubling of the latency: a bucket is at most 25 % wide.
const PARTS: u32 = 4;
/// Doublings from 1 microsecond to over a minute.
const DOUBLINGS: u32 = 26;
const BUCKETS: usize = (PARTS * DOUBLINGS) as usize;

/// Counts since a generation began.
#[derive(Debug)]
pub struct Stats {
    failures: AtomicU64,
    latencies: [AtomicU64; BUCKETS],
}

impl Default for Stats {
    fn default() -> Self {
        Self {
            failures: AtomicU64::new(0),
            latencies: [const { AtomicU64::new(0) }; BUCKETS],
        }
    }
}

/// Counts of a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Requests and link calls that ended.
    pub requests: u64,
    /// Those of them that failed: no answer, or one of 500 and above.
    pub failures: u64,
    latencies: Vec<u64>,
}

impl Stats {
    /// Counts a request that ended.
    pub fn count(&self, latency: Duration, has_failed: bool) {
        self.latencies[bucket_of(latency)].fetch_add(1, Relaxed);
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
        let latencies: Vec<u64> = self
            .latencies
            .iter()
            .map(|bucket| bucket.load(Relaxed))
            .collect();
        Snapshot {
            requests: latencies.iter().sum(),
            failures: self.failures.load(Relaxed),
            latencies,
        }
    }
}

impl Snapshot {
    /// What was counted since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let latencies = self.latencies.iter().zip(&earlier.latencies);
        Self {
            requests: self.requests.saturating_sub(earlier.requests),
            failures: self.failures.saturating_sub(earlier.failures),
            latencies: latencies
                .map(|(now, then)| now.saturating_sub(*then))
                .collect(),
        }
    }

    /// The latency that 95 % of the requests were within: the upper end of its bucket.
    pub fn p95(&self) -> Duration {
        let wanted = self.requests.saturating_mul(95).div_ceil(100);
        let mut seen = 0;
        for (bucket, count) in self.latencies.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return upper_end(bucket);
            }
        }
        upper_end(BUCKETS - 1)
    }
}

fn bucket_of(latency: Duration) -> usize {
    let micros = u64::try_from(latency.as_micros())
        .unwrap_or(u64::MAX)
        .max(1);
    let doubling = micros.ilog2();
    let rest = micros - (1 << doubling);
    let part = (u128::from(rest) * u128::from(PARTS)) >> doubling;
    let index = usize::try_from(u128::from(doubling * PARTS) + part).unwrap_or(usize::MAX);
    index.min(BUCKETS - 1)
}

fn upper_end(bucket: usize) -> Duration {
    let bucket = u32::try_from(bucket).unwrap_or(u32::MAX);
    let (doubling, part) = (bucket / PARTS, bucket % PARTS);
    let width = u64::from(part + 1) << doubling;
    Duration::from_micros((1 << doubling) + width / u64::from(PARTS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p95_is_within_a_quarter_of_the_truth() {
        let stats = Stats::default();
        for millis in 1..=100 {
            stats.count(Duration::from_millis(millis), false);
        }
        let p95 = stats.snapshot().p95();
        assert!(p95 >= Duration::from_millis(95), "{p95:?}");
        assert!(p95 <= Duration::from_millis(119), "{p95:?}");
    }

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

    proptest::proptest! {
        #[test]
        fn a_latency_lies_in_its_bucket(micros in 1_u64..60_000_000) {
            let bucket = bucket_of(Duration::from_micros(micros));
            proptest::prop_assert!(upper_end(bucket) >= Duration::from_micros(micros));
            if bucket > 0 {
                proptest::prop_assert!(upper_end(bucket - 1) <= Duration::from_micros(micros));
            }
        }
    }
}
