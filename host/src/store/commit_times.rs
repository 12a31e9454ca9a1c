//! Whether a lone writer may wait for the disk where its request runs.
//!
//! A commit on another thread takes two switches of threads: a sixth of the CPU time of a lone
//! transfer. A commit on the request's own thread blocks one of the few threads that run all
//! requests, and nothing can interrupt it. So only a disk whose latest commits were quick gets the
//! latter.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

/// How long a commit may block a thread that others need: some fsyncs of an SSD, and a quarter of
/// what a statement may hold that thread for.
const SHORT_TIME_MAX: Duration = Duration::from_micros(500);
/// How many short commits in a row show that the disk is quick. A long commit blocks one thread
/// once; after it, this many commits go to other threads.
const SHORT_IN_A_ROW: u32 = 8;

/// Whether the latest commits of a store were short.
#[derive(Debug, Default)]
pub(super) struct CommitTimes {
    short_in_a_row: AtomicU32,
}

impl CommitTimes {
    /// Records a commit that waited for the disk, on any thread.
    pub(super) fn note(&self, time: Duration) {
        if time > SHORT_TIME_MAX {
            self.short_in_a_row.store(0, Relaxed);
        } else if !self.are_short() {
            self.short_in_a_row.fetch_add(1, Relaxed);
        }
    }

    /// Whether the next commit is likely to be short.
    pub(super) fn are_short(&self) -> bool {
        self.short_in_a_row.load(Relaxed) >= SHORT_IN_A_ROW
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(short: u32) -> CommitTimes {
        let times = CommitTimes::default();
        for _ in 0..short {
            times.note(SHORT_TIME_MAX);
        }
        times
    }

    #[test]
    fn a_disk_is_quick_when_it_was_so_some_times_in_a_row_since_a_long_commit() {
        assert!(!times(0).are_short());
        assert!(!times(SHORT_IN_A_ROW - 1).are_short());
        assert!(times(SHORT_IN_A_ROW).are_short());
        let times = times(SHORT_IN_A_ROW * 10);
        times.note(SHORT_TIME_MAX + Duration::from_nanos(1));
        for _ in 0..SHORT_IN_A_ROW {
            assert!(!times.are_short());
            times.note(Duration::ZERO);
        }
        assert!(times.are_short());
    }
}
