use super::*;
use proptest::prelude::*;

const PACES: [Pace; 2] = [Pace::Close, Pace::Loose];

#[test]
fn so_many_guesses_a_day_as_the_module_says() {
    for (pace, first_day, later_day) in [(Pace::Close, 195, 96), (Pace::Loose, 746, 480)] {
        let mut softlock = Softlock::new(pace);
        let (mut now_ms, mut guesses) = (0, 0);
        for (day, expected) in [(1, first_day), (2, later_day), (3, later_day)] {
            while now_ms < day * MEMORY_MS {
                softlock = softlock.at(now_ms).after_failure(now_ms);
                guesses += 1;
                now_ms += softlock.wait_ms(now_ms).unwrap_or(0);
            }
            assert_eq!(guesses, expected, "{pace:?}, day {day}");
            guesses = 0;
        }
    }
}

#[test]
fn a_day_without_a_failure_forgets_and_failures_of_a_clock_that_was_ahead_do_not_count() {
    for pace in PACES {
        let (ahead_ms, now_ms) = (400 * MEMORY_MS, MEMORY_MS);
        let failed = |lock: Softlock, _| lock.after_failure(ahead_ms);
        let locked = (0..1_000).fold(Softlock::new(pace), failed);
        assert!(locked.wait_ms(ahead_ms).is_some());
        assert_eq!(locked.wait_ms(now_ms), None);
        assert_eq!(locked.at(now_ms), Softlock::new(pace));
        assert_eq!(locked.at(ahead_ms + MEMORY_MS), locked);
        assert_eq!(locked.at(ahead_ms + MEMORY_MS + 1), Softlock::new(pace));
    }
}

proptest! {
    #[test]
    fn more_failures_never_wait_less(failures in 0_i64..1_000_000) {
        for pace in PACES {
            prop_assert!(pace.delay_ms(failures) <= pace.delay_ms(failures + 1));
        }
    }

    #[test]
    fn no_lock_is_permanent(
        failures in 0..i64::MAX,
        now_ms: i64,
        locked_until_ms: i64,
        last_failure_at_ms: i64,
    ) {
        for pace in PACES {
            let softlock = Softlock { pace, failures, locked_until_ms, last_failure_at_ms };
            prop_assert!((0..=15 * MINUTE_MS).contains(&softlock.wait_ms(now_ms).unwrap_or(0)));
            let _ = softlock.at(now_ms).after_failure(now_ms).before_failure(now_ms);
        }
    }

    #[test]
    fn a_withdrawn_attempt_counts_nothing(failures in 1_i64..200, now_ms in 0..i64::MAX / 2) {
        for pace in PACES {
            let (locked_until_ms, last_failure_at_ms) = (now_ms, now_ms);
            let before = Softlock { pace, failures, locked_until_ms, last_failure_at_ms };
            prop_assert_eq!(before.after_failure(now_ms).before_failure(now_ms), Some(before));
        }
    }
}
