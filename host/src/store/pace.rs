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
    fn a_statement_has_its_consequence_for_ten_times_its_time_and_a_minute_at_most() {
        let time = |milliseconds| MILLISECOND * milliseconds;
        let long = Hold::Long(time(3));
        let unclear = Hold::Unclear(time(3));
        // When each statement ends, when the next one begins, and how it is run.
        for (statements, next, expected) in rows! {
            (&[(0, long), (5, long)][..], 34, Mode::OwnThread),
            (&[(0, long), (5, long)], 35, Mode::Inline), (&[(0, unclear)], 29, Mode::Watched),
            (&[(0, unclear)], 30, Mode::Inline), (&[(0, Hold::Short)], 0, Mode::Inline),
            (&[(0, long), (0, Hold::Short)], 0, Mode::OwnThread),
            (&[(0, Hold::Long(Duration::MAX))], 60_000, Mode::Inline),
        } {
            let mut pace = Pace::default();
            let begun = Instant::now();
            for &(ended, hold) in statements {
                pace.note(begun + time(ended), hold);
            }
            let mode = pace.mode(begun + time(next));
            assert_eq!(mode, expected, "{statements:?} {next}");
        }
    }

    proptest! {
        /// Long statements hold the threads for two elevenths of the time, but for the last ones.
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
