//! The rule by which the wall clock is trusted; pure, so that a test is a list of readings.
//!
//! The wall clock minus the time since boot is the moment of the boot, which stays the same. NTP
//! slews both clocks. Small steps (a leap second, a correction of some milliseconds) are no jumps,
//! and must not add up to one over the months: the believed moment of the boot follows them, by one
//! part in [`FOLLOWED_PARTS`] of the time that has passed.

use super::distrust::Distrust;
use super::reading::Reading;
use std::time::Duration;

/// So the judge follows a leap second in two minutes, and does not follow steps of 9 s each minute.
const FOLLOWED_PARTS: i64 = 100;

/// The effect of a reading on the trust in the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TrustChange {
    /// The clock is no longer trusted.
    Lost,
    /// The clock is trusted again.
    Regained,
}

/// Whether the clock is trusted, and the facts for that.
#[derive(Debug)]
pub(super) struct ClockJudge {
    /// The largest difference between the clocks that is no jump.
    jump_ms: i64,
    /// The believed moment of the boot, by the wall clock.
    boot_ms: i64,
    /// The time since boot when `boot_ms` last followed the clock.
    followed_at_ms: i64,
    state: TrustState,
    recoveries: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TrustState {
    Trusted,
    /// It has jumped while the host ran.
    Jumped,
    /// At the start of the host it was earlier than when the host last ran.
    Behind {
        last_ms: i64,
    },
}

impl ClockJudge {
    /// Begins with a first reading. Believes the clock if the host has saved no time.
    pub(super) fn new(jump: Duration, reading: Reading, last_ms: Option<i64>) -> Self {
        Self {
            jump_ms: i64::try_from(jump.as_millis()).unwrap_or(i64::MAX),
            boot_ms: boot_ms(reading),
            followed_at_ms: reading.since_boot_ms,
            state: match last_ms {
                Some(last_ms) if reading.wall_ms < last_ms => TrustState::Behind { last_ms },
                _ => TrustState::Trusted,
            },
            recoveries: 0,
        }
    }

    /// Judges a reading that is later than all previous ones.
    pub(super) fn look(&mut self, reading: Reading) -> Option<TrustChange> {
        let agrees = self.difference_ms(reading).saturating_abs() <= self.jump_ms;
        match self.state {
            TrustState::Trusted if agrees => {
                self.follow(reading);
                None
            }
            TrustState::Trusted => {
                self.state = TrustState::Jumped;
                Some(TrustChange::Lost)
            }
            TrustState::Jumped if agrees => {
                self.followed_at_ms = reading.since_boot_ms;
                self.trust_again();
                Some(TrustChange::Regained)
            }
            // As at a start, it believes a later clock.
            TrustState::Behind { last_ms } if reading.wall_ms >= last_ms => {
                self.accept(reading);
                Some(TrustChange::Regained)
            }
            TrustState::Jumped | TrustState::Behind { .. } => None,
        }
    }

    /// Trusts the clock as it is.
    pub(super) fn accept(&mut self, reading: Reading) {
        self.boot_ms = boot_ms(reading);
        self.followed_at_ms = reading.since_boot_ms;
        self.trust_again();
    }

    /// Whether the clock is trusted.
    pub(super) fn is_trusted(&self) -> bool {
        self.state == TrustState::Trusted
    }

    /// How often the clock has become trusted again.
    pub(super) fn recoveries(&self) -> u64 {
        self.recoveries
    }

    /// Why the clock is not trusted, with its latest reading.
    pub(super) fn distrust(&self, reading: Reading) -> Option<Distrust> {
        let shown_ms = reading.wall_ms;
        match self.state {
            TrustState::Trusted => None,
            TrustState::Jumped => Some(Distrust::Jumped {
                shown_ms,
                expected_ms: self.boot_ms.saturating_add(reading.since_boot_ms),
            }),
            TrustState::Behind { last_ms } => Some(Distrust::Behind { shown_ms, last_ms }),
        }
    }

    fn trust_again(&mut self) {
        self.state = TrustState::Trusted;
        self.recoveries += 1;
    }

    /// By how much the wall clock is ahead of the believed time.
    fn difference_ms(&self, reading: Reading) -> i64 {
        boot_ms(reading).saturating_sub(self.boot_ms)
    }

    fn follow(&mut self, reading: Reading) {
        let step_ms = (reading.since_boot_ms - self.followed_at_ms) / FOLLOWED_PARTS;
        if step_ms > 0 {
            self.boot_ms += self.difference_ms(reading).clamp(-step_ms, step_ms);
            self.followed_at_ms = reading.since_boot_ms;
        }
    }
}

fn boot_ms(reading: Reading) -> i64 {
    reading.wall_ms.saturating_sub(reading.since_boot_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON_MS: i64 = 1_800_000_000_000;
    const YEAR_MS: i64 = 365 * 86_400_000;

    struct Scene {
        judge: ClockJudge,
        now: Reading,
    }

    impl Scene {
        fn started(last_ms: Option<i64>) -> Self {
            let now = Reading {
                wall_ms: NOON_MS,
                since_boot_ms: 5_000,
            };
            let judge = ClockJudge::new(Duration::from_secs(10), now, last_ms);
            Self { judge, now }
        }

        /// Both clocks go on.
        fn passes(&mut self, time_ms: i64) -> Option<TrustChange> {
            self.now.since_boot_ms += time_ms;
            self.steps(time_ms)
        }

        /// The wall clock alone is set.
        fn steps(&mut self, by_ms: i64) -> Option<TrustChange> {
            self.now.wall_ms += by_ms;
            self.judge.look(self.now)
        }
    }

    #[test]
    fn a_clock_that_goes_on_is_trusted_also_after_a_night_of_sleep() {
        // It may be later at the start than when the host last ran.
        let earlier = [NOON_MS, NOON_MS - YEAR_MS, i64::MIN].map(Some);
        for last_ms in earlier.into_iter().chain([None]) {
            let mut scene = Scene::started(last_ms);
            for time_ms in [0, 1, 999, 10_001, 8 * 3_600_000, YEAR_MS] {
                assert_eq!(scene.passes(time_ms), None);
                assert!(scene.judge.is_trusted());
            }
        }
    }

    #[test]
    fn a_jump_of_more_than_allowed_is_noticed_either_way_until_the_clock_agrees_again() {
        for allowed_ms in [10_000, -10_000] {
            assert_eq!(Scene::started(None).steps(allowed_ms), None);
        }
        for jump_ms in [YEAR_MS, 10_001, -10_001, -YEAR_MS] {
            let mut scene = Scene::started(None);
            assert_eq!(scene.steps(jump_ms), Some(TrustChange::Lost), "{jump_ms}");
            assert_eq!(scene.passes(3_600_000), None);
            let expected = Distrust::Jumped {
                shown_ms: NOON_MS + jump_ms + 3_600_000,
                expected_ms: NOON_MS + 3_600_000,
            };
            assert_eq!(scene.judge.distrust(scene.now), Some(expected));
            assert_eq!(scene.steps(-jump_ms), Some(TrustChange::Regained));
            assert_eq!(scene.judge.distrust(scene.now), None);
            assert_eq!(scene.judge.recoveries(), 1);
        }
    }

    #[test]
    fn small_steps_do_not_add_up_over_time() {
        let mut scene = Scene::started(None);
        for _ in 0..100 {
            // A leap second.
            assert_eq!(scene.steps(-1_000), None);
            for _ in 0..600 {
                assert_eq!(scene.passes(1_000), None);
            }
        }
    }

    /// Looks that come fast follow no more than those that come slowly.
    #[test]
    fn many_steps_within_a_short_time_are_a_jump() {
        for (looks, pause_ms) in [(1, 60_000), (60_000, 1)] {
            let mut scene = Scene::started(None);
            assert_eq!(scene.steps(9_000), None);
            for _ in 0..looks {
                assert_eq!(scene.passes(pause_ms), None);
            }
            assert_eq!(scene.steps(2_000), Some(TrustChange::Lost));
        }
    }

    #[test]
    fn an_accepted_clock_is_the_measure_from_then_on() {
        let mut scene = Scene::started(None);
        scene.steps(YEAR_MS);
        scene.judge.accept(scene.now);
        assert_eq!(scene.passes(1_000), None);
        assert!(scene.judge.is_trusted());
        assert_eq!(scene.steps(-YEAR_MS), Some(TrustChange::Lost));
    }

    #[test]
    fn an_earlier_clock_at_the_start_waits_until_it_has_caught_up_or_was_accepted() {
        let last_ms = NOON_MS + 3_000;
        let mut scene = Scene::started(Some(last_ms));
        assert_eq!(scene.passes(2_999), None);
        let shown_ms = NOON_MS + 2_999;
        let expected = Distrust::Behind { shown_ms, last_ms };
        assert_eq!(scene.judge.distrust(scene.now), Some(expected));
        assert_eq!(scene.passes(1), Some(TrustChange::Regained));

        // An operator accepts it, or NTP sets it.
        let [mut accepted, mut set] = [(); 2].map(|()| Scene::started(Some(NOON_MS + YEAR_MS)));
        accepted.judge.accept(accepted.now);
        assert_eq!(set.steps(YEAR_MS + 1), Some(TrustChange::Regained));
        for mut scene in [accepted, set] {
            assert_eq!(scene.passes(1_000), None);
            assert!(scene.judge.is_trusted());
        }
    }
}
