//! How long a statement may run: SQLite asks here after every [`STEPS_PER_CHECK`] of its steps.
//!
//! Statements of a transaction run on the thread of their request, since most take microseconds. A
//! long statement gives up the thread's place in Tokio's pool, so that it delays no other request.
//!
//! Long means CPU time: a thread that the kernel has stopped delays no request, and a busy machine
//! stops threads often. To read the CPU time is a system call, so a statement begins without it.
//! After [`INLINE_TIME_MAX`] by the wall clock, this reads the CPU time as a base. The statement is
//! long when it has computed for that time again. So a long statement has computed for at least 2
//! ms, and for at most 4 ms before it gives up its place. For a watched statement (see `pace`), the
//! base is at its start, and both are 2 ms.

use crate::thread_clock::cpu_time;
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How many steps of SQLite's virtual machine pass between two looks at the clock: some
/// microseconds, or a hundred times that when each step makes a value of the largest size.
const STEPS_PER_CHECK: i32 = 50;
/// How long a statement may run on a thread that others need.
pub(super) const INLINE_TIME_MAX: Duration = Duration::from_millis(2);
/// How long another thread takes to claim the free place.
const HAND_OVER_TIME: Duration = Duration::from_micros(200);
/// A time that never comes.
const NEVER: u64 = u64::MAX;

/// The time limit of one connection's statements.
#[derive(Debug)]
pub(super) struct Budget {
    started: Instant,
    deadline_nanos: AtomicU64,
    /// When to look at the thread's CPU time next.
    look_at_nanos: AtomicU64,
    /// The thread's CPU time at which it gives up its place; [`NEVER`] before the base is read.
    cpu_until_nanos: AtomicU64,
    /// For how long a long statement has held its thread; zero for others.
    held_nanos: AtomicU64,
}

/// How long a statement has held the thread of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    /// It was not long.
    Short,
    /// It took this time by the wall clock; its CPU time is unknown.
    Unclear(Duration),
    /// It was long: it took this CPU time.
    Long(Duration),
}

impl Budget {
    /// Makes a budget that limits the statements of `connection`.
    pub(super) fn install(connection: &mut Connection) -> rusqlite::Result<Arc<Self>> {
        let budget = Arc::new(Self {
            started: Instant::now(),
            deadline_nanos: AtomicU64::new(NEVER),
            look_at_nanos: AtomicU64::new(NEVER),
            cpu_until_nanos: AtomicU64::new(NEVER),
            held_nanos: AtomicU64::new(0),
        });
        let watched = Arc::clone(&budget);
        connection.progress_handler(STEPS_PER_CHECK, Some(move || watched.is_over()))?;
        Ok(budget)
    }

    /// Gives the next statements together `time` from now on.
    pub(super) fn allow(&self, time: Duration) {
        let now = self.started.elapsed();
        self.deadline_nanos
            .store(nanos(now.saturating_add(time)), Relaxed);
    }

    /// Runs a statement on the thread of its request from `now` on, and measures how long it holds
    /// the thread.
    pub(super) fn inline<T>(
        &self,
        now: Instant,
        is_watched: bool,
        statement: impl FnOnce() -> T,
    ) -> (T, Hold) {
        let begun = nanos(now.saturating_duration_since(self.started));
        let until = if is_watched {
            nanos(cpu_time().saturating_add(INLINE_TIME_MAX))
        } else {
            NEVER
        };
        self.cpu_until_nanos.store(until, Relaxed);
        self.held_nanos.store(0, Relaxed);
        self.look_at_nanos
            .store(begun.saturating_add(nanos(INLINE_TIME_MAX)), Relaxed);
        let result = statement();
        let now = self.now();
        // SQLite may ask before a statement's one long step, and not after it.
        self.look(now, cpu_time);
        self.look_at_nanos.store(NEVER, Relaxed);
        let elapsed = Duration::from_nanos(now.saturating_sub(begun));
        let hold = match self.held_nanos.load(Relaxed) {
            0 if is_watched || elapsed <= INLINE_TIME_MAX => Hold::Short,
            0 => Hold::Unclear(elapsed),
            held => Hold::Long(Duration::from_nanos(held)),
        };
        (result, hold)
    }

    fn is_over(&self) -> bool {
        let now = self.now();
        if self.look(now, cpu_time) {
            tokio::task::block_in_place(|| std::thread::sleep(HAND_OVER_TIME));
        }
        now > self.deadline_nanos.load(Relaxed)
    }

    /// Returns whether this look finds that the statement is long; later looks return false. `cpu`
    /// reads the thread's CPU time.
    fn look(&self, now: u64, cpu: impl FnOnce() -> Duration) -> bool {
        if now <= self.look_at_nanos.load(Relaxed) {
            return false;
        }
        let cpu = nanos(cpu());
        let inline = nanos(INLINE_TIME_MAX);
        let until = self.cpu_until_nanos.load(Relaxed);
        let (next_look, is_long) = if until == NEVER {
            self.cpu_until_nanos.store(cpu + inline, Relaxed);
            (now + inline, false)
        } else if cpu < until {
            // The statement cannot use up its CPU time sooner.
            (now + (until - cpu), false)
        } else {
            self.held_nanos.store(cpu - until + inline, Relaxed);
            (NEVER, true)
        };
        self.look_at_nanos.store(next_look, Relaxed);
        is_long
    }

    fn now(&self) -> u64 {
        nanos(self.started.elapsed())
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget() -> Arc<Budget> {
        Budget::install(&mut Connection::open_in_memory().unwrap()).unwrap()
    }

    /// Computes for as long, as a step of SQLite's does that nothing interrupts.
    fn compute(time: Duration) {
        let until = cpu_time() + time;
        while cpu_time() < until {
            std::hint::spin_loop();
        }
    }

    /// How a statement holds the thread that runs as this does.
    fn hold(is_watched: bool, run: impl FnOnce(&Budget)) -> Hold {
        let budget = budget();
        budget.inline(Instant::now(), is_watched, || run(&budget)).1
    }

    #[test]
    fn a_statement_that_is_stopped_is_never_called_long() {
        let wait = |budget: &Budget| {
            for _ in 0..4 {
                std::thread::sleep(INLINE_TIME_MAX);
                budget.is_over();
            }
        };
        assert_eq!(hold(true, wait), Hold::Short);
        let unwatched = hold(false, wait);
        assert!(matches!(unwatched, Hold::Unclear(_)), "{unwatched:?}");
    }

    #[test]
    fn the_cpu_time_is_read_only_when_a_statement_can_have_used_up_its_own() {
        let budget = budget();
        let time = nanos(INLINE_TIME_MAX);
        budget.look_at_nanos.store(time, Relaxed);
        // When it looks, the CPU time that it may read then, and whether the statement is long.
        for (now, cpu, is_long) in rows! {
            (time, None, false), (time + 1, Some(5 * time), false), (2 * time + 1, None, false),
            (2 * time + 2, Some(5 * time + time / 2), false),
            (2 * time + 2 + time / 2, None, false), (2 * time + 3 + time / 2, Some(6 * time), true),
            (NEVER, None, false),
        } {
            let mut is_read = false;
            let found = budget.look(now, || {
                is_read = true;
                Duration::from_nanos(cpu.unwrap_or_default())
            });
            assert_eq!((found, is_read), (is_long, cpu.is_some()), "at {now}");
        }
        assert_eq!(budget.held_nanos.load(Relaxed), time);
    }

    #[test]
    fn a_statement_that_computes_is_long_where_it_is_watched_or_computes_on_after_a_look() {
        let watched = hold(true, |_| compute(INLINE_TIME_MAX));
        assert!(matches!(watched, Hold::Long(held) if held >= INLINE_TIME_MAX));
        // It is one step, in which nothing looks.
        let unwatched = hold(false, |_| compute(INLINE_TIME_MAX * 3));
        assert!(matches!(unwatched, Hold::Unclear(elapsed) if elapsed >= INLINE_TIME_MAX * 3));
        let looked_at = hold(false, |budget| {
            compute(INLINE_TIME_MAX);
            budget.is_over();
            compute(INLINE_TIME_MAX);
        });
        assert!(matches!(looked_at, Hold::Long(held) if held >= INLINE_TIME_MAX));
        // It says nothing of the next.
        let budget = budget();
        budget.inline(Instant::now(), true, || compute(INLINE_TIME_MAX));
        let (_, hold) = budget.inline(Instant::now(), true, || ());
        assert_eq!(hold, Hold::Short);
    }
}
