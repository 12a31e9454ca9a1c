//! Where the statements of a store's transactions run.
//!
//! A step of SQLite's may take milliseconds, and nothing can interrupt it. After a long statement,
//! the next statements of that store must not run where other requests wait: each gets a thread of
//! its own. That costs a quick statement several times its own time. So it lasts for ten times as
//! long as the long statement held its thread: a store pays in proportion to what it has cost
//! others.
//!
//! For most statements only the wall clock is known ([`budget`](super::budget)). After a statement
//! that may have been long, the next ones are watched: their CPU time is measured from the start.

use super::budget::Hold;
use std::time::{Duration, Instant};

/// How many times as long as a long statement its consequence lasts. So the long statements of a
/// store hold the threads of requests for two elevenths of the time: the watched ones for one
/// eleventh, and the others for one.
const TIMES_AS_LONG: u32 = 10;
/// How long the consequence lasts at most.
const CONSEQUENCE_TIME_MAX: Duration = Duration::from_secs(60);

/// The thread of a statement, and whether its CPU time is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// On the thread of its request.
    Inline,
    /// On the thread of its request, with its CPU time measured.
    Watched,
    /// On a thread of its own, which no request waits for.
    OwnThread,
}

/// What follows from the latest long statements of a store.
#[derive(Debug, Default)]
pub(super) struct Pace {
    watched_until: Option<Instant>,
    own_thread_until: Option<Instant>,
}

impl Pace {
    /// The mode of a statement that begins now.
    pub(super) fn mode(&self, now: Instant) -> Mode {
        let lasts = |until: Option<Instant>| until.is_some_and(|until| now < until);
        if lasts(self.own_thread_until) {
            Mode::OwnThread
        } else if lasts(self.watched_until) {
            Mode::Watched
        } else {
            Mode::Inline
        }
    }

    /// Records a statement that has ended now on the thread of its request.
    pub(super) fn note(&mut self, now: Instant, hold: Hold) {
        match hold {
            Hold::Short => {}
            Hold::Unclear(elapsed) => self.watched_until = Some(end(now, elapsed)),
            Hold::Long(held) => self.own_thread_until = Some(end(now, held)),
        }
    }
}

fn end(now: Instant, held: Duration) -> Instant {
    now + held.saturating_mul(TIMES_AS_LONG).min(CONSEQUENCE_TIME_MAX)
}

#[cfg(test)]
mod tests {
    use super::super::budget::INLINE_TIME_MAX;
    use super::*;
    use proptest::prelude::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn two_long_statements_cost_their_store_a_moment_and_no_minute() {
        let mut pace = Pace::default();
        let begun = Instant::now();
        pace.note(begun, Hold::Long(MILLISECOND * 3));
        let second = begun + MILLISECOND * 5;
        pace.note(second, Hold::Long(MILLISECOND * 3));
        assert_eq!(pace.mode(second + MILLISECOND * 29), Mode::OwnThread);
        assert_eq!(pace.mode(second + MILLISECOND * 30), Mode::Inline);
    }

    #[test]
    fn after_a_statement_that_may_have_been_long_the_next_are_watched_for_a_while() {
        let mut pace = Pace::default();
        let begun = Instant::now();
        pace.note(begun, Hold::Unclear(MILLISECOND * 3));
        assert_eq!(pace.mode(begun + MILLISECOND * 29), Mode::Watched);
        assert_eq!(pace.mode(begun + MILLISECOND * 30), Mode::Inline);
    }

    #[test]
    fn a_quick_statement_changes_nothing() {
        let mut pace = Pace::default();
        let now = Instant::now();
        pace.note(now, Hold::Short);
        assert_eq!(pace.mode(now), Mode::Inline);
        pace.note(now, Hold::Long(MILLISECOND * 3));
        pace.note(now, Hold::Short);
        assert_eq!(pace.mode(now), Mode::OwnThread);
    }

    #[test]
    fn even_the_longest_statement_has_its_consequence_for_a_minute_at_most() {
        let mut pace = Pace::default();
        let now = Instant::now();
        pace.note(now, Hold::Long(Duration::MAX));
        assert_eq!(pace.mode(now + CONSEQUENCE_TIME_MAX), Mode::Inline);
    }

    proptest! {
        /// The long statements of a guest hold the threads of requests for two elevenths of the
        /// time at most, except for the last of each kind.
        #[test]
        fn long_statements_hold_a_small_part_of_the_time(
            statements in prop::collection::vec((0..2_000_u32, 0..500_u32), 1..200),
        ) {
            let mut pace = Pace::default();
            let begun = Instant::now();
            let mut now = begun;
            let mut held = Duration::ZERO;
            for (pause, length) in statements {
                now += MILLISECOND * pause;
                let length = MILLISECOND * length;
                let mode = pace.mode(now);
                now += length;
                if length <= INLINE_TIME_MAX || mode == Mode::OwnThread {
                    continue;
                }
                held += length;
                pace.note(now, match mode {
                    Mode::Watched => Hold::Long(length),
                    Mode::Inline | Mode::OwnThread => Hold::Unclear(length),
                });
            }
            let last = MILLISECOND * 500 * 2;
            prop_assert!(held <= (now - begun) * 2 / 11 + last, "{held:?} of {:?}", now - begun);
        }
    }
}
