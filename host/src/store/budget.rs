//! How long a statement may run: SQLite asks here every few hundred of its virtual machine's steps.
//!
//! Statements of a transaction run on the thread of their request, since most take some microseconds. One that turns out to be long
//! gives the thread's place in Tokio's pool away, so that it holds up nobody else.

use crate::thread_clock::cpu_time;
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How many steps of SQLite's virtual machine pass between two looks at the clock: some microseconds, or some hundred times as many
/// when each step makes a value of the largest size.
const STEPS_PER_CHECK: i32 = 50;
/// How long a statement may run on a thread that others need.
const INLINE_TIME_MAX: Duration = Duration::from_millis(2);
/// How long another thread takes to come for the place that is given away.
const HAND_OVER_TIME: Duration = Duration::from_micros(200);

/// The time that the statements of one connection have, and whether it has run out.
#[derive(Debug)]
pub(super) struct Budget {
    started: Instant,
    deadline_nanos: AtomicU64,
    /// The thread's CPU time at which it is to be given away: a thread that the kernel has stopped holds up nobody.
    inline_until_nanos: AtomicU64,
    /// When that CPU time cannot have been used up before.
    look_at_nanos: AtomicU64,
    /// Whether a statement was too long for its thread.
    overran: AtomicBool,
    spent: AtomicBool,
}

impl Budget {
    /// Makes a budget that `connection` obeys.
    pub(super) fn install(connection: &mut Connection) -> rusqlite::Result<Arc<Self>> {
        let budget = Arc::new(Self {
            started: Instant::now(),
            deadline_nanos: AtomicU64::new(u64::MAX),
            inline_until_nanos: AtomicU64::new(u64::MAX),
            look_at_nanos: AtomicU64::new(u64::MAX),
            overran: AtomicBool::new(false),
            spent: AtomicBool::new(false),
        });
        let watched = Arc::clone(&budget);
        connection.progress_handler(STEPS_PER_CHECK, Some(move || watched.is_over()))?;
        Ok(budget)
    }

    /// Gives the next statements `time` from now on.
    pub(super) fn allow(&self, time: Duration) {
        let now = self.started.elapsed();
        self.spent.store(false, Relaxed);
        self.deadline_nanos
            .store(nanos(now.saturating_add(time)), Relaxed);
    }

    /// Says that a statement begins on a thread that others need.
    pub(super) fn begin_inline(&self) {
        let until = cpu_time().saturating_add(INLINE_TIME_MAX);
        self.inline_until_nanos.store(nanos(until), Relaxed);
        let look_at = self.started.elapsed().saturating_add(INLINE_TIME_MAX);
        self.look_at_nanos.store(nanos(look_at), Relaxed);
    }

    /// Whether a statement that began inline has turned out to be long; asking forgets it.
    pub(super) fn take_overran(&self) -> bool {
        self.overran.swap(false, Relaxed)
    }

    /// Whether a statement was interrupted for want of time since the last [`Budget::allow`].
    pub(super) fn was_spent(&self) -> bool {
        self.spent.load(Relaxed)
    }

    fn is_over(&self) -> bool {
        let now = nanos(self.started.elapsed());
        // Asking for the CPU time is a system call, the other clock is not.
        if now > self.look_at_nanos.load(Relaxed)
            && nanos(cpu_time()) > self.inline_until_nanos.load(Relaxed)
        {
            self.look_at_nanos.store(u64::MAX, Relaxed);
            self.overran.store(true, Relaxed);
            tokio::task::block_in_place(|| std::thread::sleep(HAND_OVER_TIME));
        }
        let over = now > self.deadline_nanos.load(Relaxed);
        if over {
            self.spent.store(true, Relaxed);
        }
        over
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
