//! How long a statement may run: SQLite asks here every thousand of its virtual machine's steps.

use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How many steps of SQLite's virtual machine pass between two looks at the clock: some 20 microseconds.
const STEPS_PER_CHECK: i32 = 1_000;

/// The time that the statements of one connection have, and whether it has run out.
#[derive(Debug)]
pub(super) struct Budget {
    started: Instant,
    deadline_nanos: AtomicU64,
    spent: AtomicBool,
}

impl Budget {
    /// Makes a budget that `connection` obeys.
    pub(super) fn install(connection: &mut Connection) -> rusqlite::Result<Arc<Self>> {
        let budget = Arc::new(Self {
            started: Instant::now(),
            deadline_nanos: AtomicU64::new(u64::MAX),
            spent: AtomicBool::new(false),
        });
        let watched = Arc::clone(&budget);
        connection.progress_handler(STEPS_PER_CHECK, Some(move || watched.is_over()))?;
        Ok(budget)
    }

    /// Gives the next statements `time` from now on.
    pub(super) fn allow(&self, time: Duration) {
        let deadline = self.started.elapsed().saturating_add(time);
        let nanos = u64::try_from(deadline.as_nanos()).unwrap_or(u64::MAX);
        self.spent.store(false, Relaxed);
        self.deadline_nanos.store(nanos, Relaxed);
    }

    /// Whether a statement was interrupted for want of time since the last [`Budget::allow`].
    pub(super) fn was_spent(&self) -> bool {
        self.spent.load(Relaxed)
    }

    fn is_over(&self) -> bool {
        let now = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let over = now > self.deadline_nanos.load(Relaxed);
        if over {
            self.spent.store(true, Relaxed);
        }
        over
    }
}
