//! Goal: guessing gets slow, with exact counts, for every address; no user is locked out for good.

use super::kit::*;
use crate::AuthError;
use crate::throttle::{Account, Attempt, Counter, Network};
use std::net::Ipv4Addr;

const NOBODY: &str = "nobody@example.org";
const WRONG: Option<AuthError> = Some(AuthError::InvalidCredentials);

impl Bank {
    /// Guesses from one network until it is locked, and returns for how long.
    fn guess_until_locked(&self, email: &str) -> i64 {
        for _ in 0..100 {
            match self.log_in(email, OTHER_PASSWORD).err() {
                Some(AuthError::InvalidCredentials) => {}
                Some(AuthError::TooManyAttempts { wait_ms }) => return wait_ms,
                other => panic!("{other:?}"),
            }
        }
        panic!("never locked");
    }

    /// Adds counters of so many networks, each with so many failures up to a time.
    fn fail_from_networks(&self, count: u32, failures: u32, time: &str) {
        self.store.execute(&format!(
            "WITH RECURSIVE number (value) AS
                (SELECT 1 UNION ALL SELECT value + 1 FROM number WHERE value < {count})
            INSERT INTO login_failure SELECT zeroblob(32), 'network', CAST(value AS BLOB),
                {failures}, 0, {time} FROM number"
        ));
    }

    fn begin_attempt_from(&self, address: &str) -> Result<Attempt, AuthError> {
        let counters = Counter::of_stranger(Account::of(EMAIL), Network::of(Some(address)));
        let (attempt, ()) = self.begin_attempt(counters)?;
        Ok(attempt)
    }
}

/// An address of the network of this number.
fn address(number: u32) -> String {
    Ipv4Addr::from((10 << 24) | (number << 8) | 1).to_string()
}

/// Otherwise no attempt would count, and the response would tell a right password from a wrong one.
#[test]
fn where_a_failure_cannot_be_counted_no_password_is_checked() {
    let (bank, _) = Bank::with_ada();
    bank.store.crash_at("INSERT ON login_failure");
    for password in [PASSWORD, OTHER_PASSWORD] {
        let refused = bank.log_in(EMAIL, password).err();
        assert!(matches!(refused, Some(AuthError::Store(_))), "{refused:?}");
    }
    bank.store.end_crash();
    bank.log_in(EMAIL, PASSWORD).unwrap();
    assert_eq!(bank.failures(), 0);
}

#[test]
fn all_networks_together_have_99_guesses_and_then_one_in_half_a_minute() {
    let (bank, _) = Bank::with_ada();
    let log_in = |email| bank.log_in_from(&address(100), None, email, PASSWORD);
    // It is the same for an unknown address.
    for (email, failures) in [(NOBODY, 100), (EMAIL, 200)] {
        for number in 0..100 {
            let refused = bank.log_in_from(&address(number), None, email, OTHER_PASSWORD);
            assert_eq!(refused.err(), WRONG, "{number}");
        }
        assert_eq!(wait_ms(log_in(email)), Some(30_000), "{email}");
        assert_eq!(bank.failures_by("network"), failures, "no row of a refusal");
    }
    bank.clock.pass_ms(30_000);
    log_in(EMAIL).unwrap();
    assert_eq!(bank.failures(), 100, "those of the unknown address");
}

#[test]
fn ten_guesses_a_second_for_an_hour_leave_another_network_most_of_its_time() {
    let (bank, _) = Bank::with_ada();
    let (mut heard, mut refused) = (0, 0);
    for tenth in 0..36_000 {
        bank.clock.pass_ms(100);
        let _ = bank.log_in(EMAIL, OTHER_PASSWORD);
        if tenth % 100 == 99 {
            // An attempt shows whether a login would be heard, and needs no session.
            match bank.begin_attempt_from("203.0.113.1") {
                Ok(attempt) => {
                    bank.attempt_withdrawn(&attempt).unwrap();
                    heard += 1;
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(heard > 300 && refused < 60, "{heard} and {refused}");
}

#[test]
fn the_right_password_waits_too_without_a_hash_and_then_clears_the_count() {
    let bank = Bank::new();
    bank.register("joe@b\u{fc}cher.example");
    // An unknown address is locked in the same way.
    for (email, failures) in [(NOBODY, 4), ("joe@b\u{fc}cher.example", 8)] {
        assert_eq!(bank.guess_until_locked(email), 3_000, "{email}");
        assert_eq!(bank.failures(), failures);
    }
    // Every spelling of the address is one account.
    let log_in = || bank.log_in("JOE@xn--bcher-kva.example", PASSWORD);
    let hashes = bank.compute.taken.get();
    for _ in 0..50 {
        assert_eq!(wait_ms(log_in()), Some(3_000));
    }
    assert_eq!((bank.compute.taken.get(), bank.failures()), (hashes, 8));
    // Addresses are not kept.
    let named = "login_failure
        WHERE instr(account || source, CAST('nobody' AS BLOB)) > 0";
    assert_eq!(bank.store.count(named), 0);
    bank.clock.pass_ms(2_999);
    assert_eq!(wait_ms(log_in()), Some(1));
    bank.clock.pass_ms(1);
    assert!(log_in().is_ok());
    assert_eq!(bank.failures(), 4, "those of the unknown address");
    assert_eq!(bank.log_in("other@example.org", PASSWORD).err(), WRONG);
}

#[test]
fn first_attempts_run_at_once_and_count_exactly_and_later_ones_go_one_by_one() {
    let bank = Bank::new();
    let attempts = [(); 100].map(|()| bank.begin_attempt_from(HERE).unwrap());
    for attempt in &attempts {
        bank.attempt_failed(attempt).unwrap();
    }
    assert_eq!((bank.failures_by("network"), bank.failures()), (100, 100));
    assert!(wait_ms(bank.begin_attempt_from(HERE)).is_some());
    bank.clock.pass_ms(15 * 60_000);
    assert!(bank.begin_attempt_from(HERE).is_ok());
    assert!(wait_ms(bank.begin_attempt_from(HERE)).is_some());
}

#[test]
fn an_attempt_without_a_core_does_not_count() {
    let (bank, _) = Bank::with_ada();
    for failures in [0, 2, 4] {
        bank.clock.pass_ms(60_000);
        while bank.failures() < failures {
            let _ = bank.log_in(EMAIL, OTHER_PASSWORD);
            bank.clock.pass_ms(60_000);
        }
        bank.compute.busy.set(true);
        bank.store.take_endings();
        let refused = bank.log_in(EMAIL, OTHER_PASSWORD).err();
        assert_eq!(refused, Some(AuthError::Overloaded));
        assert_eq!(bank.store.take_endings(), [], "nothing is written");
        assert_eq!(bank.failures(), failures);
        bank.compute.busy.set(false);
        assert_eq!(bank.log_in(EMAIL, OTHER_PASSWORD).err(), WRONG);
    }
}

#[test]
fn a_day_without_a_failure_clears_the_count_and_the_tick_cleans_up() {
    let bank = Bank::new();
    bank.guess_until_locked(EMAIL);
    bank.forget_old_failures().unwrap();
    assert_eq!(bank.failures(), 4);
    bank.clock.pass_ms(24 * 3_600_000 + 1);
    bank.forget_old_failures().unwrap();
    assert_eq!(bank.failures(), 0);
}

#[test]
fn very_many_networks_push_out_the_oldest_of_one_failure_and_no_total() {
    let bank = Bank::new();
    bank.guess_until_locked(EMAIL);
    bank.clock.pass_ms(1);
    bank.fail_from_networks(100_200, 1, "1795348800000 + value");
    bank.clock.pass_ms(100_200 + 3_600_000);
    bank.forget_old_failures().unwrap();
    // The four of the one that is locked stay.
    assert_eq!(bank.failures_by("network"), 99_999 + 4);
    let oldest = "login_failure
        WHERE kind = 'network' AND failures = 1 AND last_failure_at <= 1795348800201";
    assert_eq!(bank.store.count(oldest), 0);
    assert_eq!(bank.failures(), 4);
}

#[test]
fn a_new_counter_stays_among_very_many_with_more_failures() {
    let bank = Bank::new();
    bank.fail_from_networks(100_000, 20, "1795348800000");
    bank.clock.pass_ms(3_600_001);
    bank.guess_until_locked(EMAIL);
    bank.forget_old_failures().unwrap();
    assert_eq!(bank.failures_by("network"), 20 * 100_000 + 4);
}
