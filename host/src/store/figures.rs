//! The figures of those who write and read a store.

use crate::metrics::{Histogram, Page};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// What the writer of a store has done.
#[derive(Debug, Default)]
pub(super) struct WriteFigures {
    /// The commits that waited for the disk.
    commits: Histogram,
    commits_failed: AtomicU64,
    transactions: AtomicU64,
    /// The waits for the writer, of those that did not have it at once.
    pub(super) waits: Histogram,
    pub(super) checkpoints: Histogram,
}

impl WriteFigures {
    /// Counts a commit of so many transactions that waited for the disk.
    pub(super) fn count_commit(&self, transactions: usize, time: Duration) {
        let transactions = u64::try_from(transactions).unwrap_or(u64::MAX);
        self.transactions.fetch_add(transactions, Relaxed);
        self.commits.count(time);
    }

    /// Counts a commit that the disk did not take.
    pub(super) fn count_failed_commit(&self) {
        self.commits_failed.fetch_add(1, Relaxed);
    }
}

/// What the readers of a store have done.
#[derive(Debug, Default)]
pub(super) struct ReadFigures {
    reads: AtomicU64,
    long_reads: AtomicU64,
}

impl ReadFigures {
    /// Counts a read.
    pub(super) fn count(&self) {
        self.reads.fetch_add(1, Relaxed);
    }

    /// Counts that a read is a long one.
    pub(super) fn count_long(&self) {
        self.long_reads.fetch_add(1, Relaxed);
    }

    pub(super) fn write_to(&self, page: &mut Page, service: &str) {
        let labels = &[("service", service)];
        page.counter(
            "strongroom_store_reads_total",
            "Reads outside of write transactions.",
            labels,
            self.reads.load(Relaxed),
        );
        page.counter(
            "strongroom_store_long_reads_total",
            "Reads that took more than 2 ms, and went on in a thread of their own.",
            labels,
            self.long_reads.load(Relaxed),
        );
    }
}

impl WriteFigures {
    pub(super) fn write_to(&self, page: &mut Page, service: &str) {
        let labels = &[("service", service)];
        page.times(
            "strongroom_store_commit_duration_seconds",
            "Commits of groups of transactions, each with its fsync.",
            labels,
            &self.commits.snapshot(),
        );
        page.counter(
            "strongroom_store_transactions_total",
            "Transactions that waited for these commits; by commits, the size of a group.",
            labels,
            self.transactions.load(Relaxed),
        );
        page.counter(
            "strongroom_store_commit_failures_total",
            "Commits of groups of transactions that failed, as on a full disk.",
            labels,
            self.commits_failed.load(Relaxed),
        );
        page.times(
            "strongroom_store_write_wait_seconds",
            "Waits for the writer, of transactions that did not have it at once.",
            labels,
            &self.waits.snapshot(),
        );
        page.times(
            "strongroom_store_checkpoint_duration_seconds",
            "Checkpoints, which move the write-ahead log into the database.",
            labels,
            &self.checkpoints.snapshot(),
        );
    }
}
