//! A histogram of times. To count costs so little that everything is counted.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Parts of each doubling of the time: a bucket is at most 25 % wide.
const PARTS: u32 = 4;
/// Doublings from 1 microsecond to over a minute.
const DOUBLINGS: u32 = 26;
const BUCKETS: usize = (PARTS * DOUBLINGS) as usize;

/// Times that were counted.
#[derive(Debug)]
pub struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    sum_us: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: [const { AtomicU64::new(0) }; BUCKETS],
            sum_us: AtomicU64::new(0),
        }
    }
}

/// The times of a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistogramSnapshot {
    buckets: Vec<u64>,
    sum_us: u64,
}

impl Histogram {
    /// Counts a time.
    pub fn count(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.buckets[bucket_of(micros)].fetch_add(1, Relaxed);
        self.sum_us.fetch_add(micros, Relaxed);
    }

    /// What was counted so far.
    pub fn snapshot(&self) -> HistogramSnapshot {
        let count = |bucket: &AtomicU64| bucket.load(Relaxed);
        HistogramSnapshot {
            buckets: self.buckets.iter().map(count).collect(),
            sum_us: self.sum_us.load(Relaxed),
        }
    }
}

impl HistogramSnapshot {
    /// How many times were counted.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// The times, added up.
    pub fn sum(&self) -> Duration {
        Duration::from_micros(self.sum_us)
    }

    /// What was counted since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let buckets = self.buckets.iter().zip(&earlier.buckets);
        Self {
            buckets: buckets
                .map(|(now, then)| now.saturating_sub(*then))
                .collect(),
            sum_us: self.sum_us.saturating_sub(earlier.sum_us),
        }
    }

    /// The time that 95 % were within: the upper end of its bucket.
    pub fn p95(&self) -> Duration {
        let wanted = self.count().saturating_mul(95).div_ceil(100);
        let mut seen = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return upper_end(bucket);
            }
        }
        upper_end(BUCKETS - 1)
    }

    /// For each doubling, its end, and how many times were below it.
    pub fn doublings(&self) -> impl Iterator<Item = (Duration, u64)> {
        let mut below = 0;
        let parts = self.buckets.chunks(PARTS as usize).enumerate();
        parts.map(move |(doubling, parts)| {
            below += parts.iter().sum::<u64>();
            (upper_end((doubling + 1) * PARTS as usize - 1), below)
        })
    }
}

fn bucket_of(micros: u64) -> usize {
    let micros = micros.max(1);
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
        let histogram = Histogram::default();
        for millis in 1..=100 {
            histogram.count(Duration::from_millis(millis));
        }
        let p95 = histogram.snapshot().p95();
        assert!(p95 >= Duration::from_millis(95), "{p95:?}");
        assert!(p95 <= Duration::from_millis(119), "{p95:?}");
    }

    #[test]
    fn a_snapshot_counts_from_where_it_begins() {
        let histogram = Histogram::default();
        histogram.count(Duration::from_secs(1));
        let earlier = histogram.snapshot();
        histogram.count(Duration::from_millis(1));
        let since = histogram.snapshot().since(&earlier);
        assert_eq!((since.count(), since.sum()), (1, Duration::from_millis(1)));
        assert!(since.p95() < Duration::from_millis(2));
    }

    #[test]
    fn a_doubling_has_all_that_is_below_its_end() {
        let histogram = Histogram::default();
        for micros in [0, 1, 2, 3, 127, 128, 5_000] {
            histogram.count(Duration::from_micros(micros));
        }
        let snapshot = histogram.snapshot();
        let below = |end| {
            let mut doublings = snapshot.doublings();
            doublings.find(|(at, _)| *at == Duration::from_micros(end))
        };
        for (end, count) in [(2, 2), (4, 4), (128, 5), (256, 6), (8_192, 7)] {
            assert_eq!(below(end), Some((Duration::from_micros(end), count)));
        }
    }

    proptest::proptest! {
        #[test]
        fn a_time_lies_in_its_bucket(micros in 1_u64..60_000_000) {
            let bucket = bucket_of(micros);
            proptest::prop_assert!(upper_end(bucket) >= Duration::from_micros(micros));
            if bucket > 0 {
                proptest::prop_assert!(upper_end(bucket - 1) <= Duration::from_micros(micros));
            }
        }
    }
}
