use super::*;
use proptest::prelude::*;

#[test]
fn the_first_three_failures_cost_nothing() {
    let mut softlock = Softlock::default();
    for _ in 0..3 {
        softlock = softlock.after_failure(1_000);
        assert_eq!(softlock.wait_ms(1_000), None);
    }
    assert_eq!(softlock.after_failure(1_000).wait_ms(1_000), Some(3_000));
}

#[test]
fn so_many_guesses_a_day_as_the_module_says() {
    let mut softlock = Softlock::default();
    let (mut now_ms, mut guesses) = (0, 0);
    while now_ms < MEMORY_MS {
        softlock = softlock.at(now_ms).after_failure(now_ms);
        guesses += 1;
        now_ms += softlock.wait_ms(now_ms).unwrap_or(0);
    }
    assert_eq!(guesses, 195);
    while now_ms < 2 * MEMORY_MS {
        softlock = softlock.at(now_ms).after_failure(now_ms);
        guesses += 1;
        now_ms += softlock.wait_ms(now_ms).unwrap_or(0);
    }
    assert_eq!(guesses, 195 + 96);
}

#[test]
fn a_day_without_a_failure_forgets() {
    let softlock = Softlock {
        failures: 99,
        locked_until_ms: 0,
        last_failure_at_ms: 0,
    };
    assert_eq!(softlock.at(MEMORY_MS).failures, 99);
    assert_eq!(softlock.at(MEMORY_MS + 1).failures, 0);
}

proptest! {
    #[test]
    fn more_failures_never_wait_less(failures in 0_i64..1_000_000) {
        prop_assert!(delay_ms(failures) <= delay_ms(failures + 1));
    }

    #[test]
    fn no_lock_is_for_ever(failures in 0..i64::MAX, now_ms: i64, locked_until_ms: i64, last_failure_at_ms: i64) {
        let softlock = Softlock { failures, locked_until_ms, last_failure_at_ms };
        let wait_ms = softlock.wait_ms(now_ms).unwrap_or(0);
        prop_assert!((0..=15 * 60 * SECOND_MS).contains(&wait_ms));
        let _ = softlock.at(now_ms).after_failure(now_ms).before_failure(now_ms);
    }

    #[test]
    fn an_attempt_that_is_withdrawn_counts_nothing(failures in 1_i64..200, now_ms in 0..i64::MAX / 2) {
        let before = Softlock { failures, locked_until_ms: now_ms, last_failure_at_ms: now_ms };
        prop_assert_eq!(before.after_failure(now_ms).before_failure(now_ms), Some(before));
    }
}
