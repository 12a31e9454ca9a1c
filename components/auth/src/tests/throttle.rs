//! Goal: guessing gets slow, exactly counted, for every address alike; nobody is locked out for good; no attempt is counted that was
//! none.
//! Method: rows of wrong passwords under a set clock, in turn and side by side.

use super::*;
use crate::throttle::{Account, Counter};
use std::net::Ipv4Addr;
use strongroom_sdk::problem::Problem;

impl Scene {
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

    /// One guess from each of so many networks.
    fn guess_from_networks(&self, email: &str, networks: std::ops::Range<u32>) {
        for number in networks {
            let address = address(number);
            let refused = self.log_in_from(&address, None, email, OTHER_PASSWORD);
            assert_eq!(
                refused.err(),
                Some(AuthError::InvalidCredentials),
                "{address}"
            );
        }
    }
}

/// An address of the network of this number.
fn address(number: u32) -> String {
    Ipv4Addr::from((10 << 24) | (number << 8) | 1).to_string()
}

fn by_stranger(account: Account) -> Vec<Counter> {
    Counter::of_stranger(account, Network::of(Some(HERE)))
}

#[test]
fn every_spelling_of_an_address_is_one_account() {
    let scene = Scene::new();
    scene.guess_until_locked("joe@b\u{fc}cher.example");
    for email in ["JOE@xn--bcher-kva.example", "joe@BU\u{308}CHER.example"] {
        let refused = scene.log_in(email, OTHER_PASSWORD).err();
        let is_locked = matches!(refused, Some(AuthError::TooManyAttempts { .. }));
        assert!(is_locked, "{email}: {refused:?}");
    }
}

#[test]
fn another_network_is_heard_while_one_is_locked() {
    let scene = Scene::new();
    scene.register(EMAIL);
    scene.guess_until_locked(EMAIL);
    let neighbour = "192.0.2.200";
    assert!(matches!(
        scene.log_in_from(neighbour, None, EMAIL, PASSWORD),
        Err(AuthError::TooManyAttempts { .. })
    ));
    for elsewhere in ["192.0.3.7", "2001:db8:1::7"] {
        scene.log_in_from(elsewhere, None, EMAIL, PASSWORD).unwrap();
    }
}

#[test]
fn all_networks_together_have_99_guesses_and_then_one_in_half_a_minute() {
    let scene = Scene::new();
    scene.register(EMAIL);
    scene.guess_from_networks(EMAIL, 0..100);
    let there = address(100);
    assert_eq!(
        scene.log_in_from(&there, None, EMAIL, PASSWORD).err(),
        Some(AuthError::TooManyAttempts { wait_ms: 30_000 })
    );
    assert_eq!(scene.failures_by("network"), 100, "no row of a refusal");
    scene.pass_ms(30_000);
    scene.log_in_from(&there, None, EMAIL, PASSWORD).unwrap();
    assert_eq!(scene.failures(), 0);
}

#[test]
fn all_networks_together_are_locked_alike_for_an_unknown_address() {
    let scene = Scene::new();
    scene.register(EMAIL);
    let refusals = [EMAIL, "nobody@example.org"].map(|email| {
        scene.guess_from_networks(email, 0..100);
        let refused = scene.log_in_from(&address(100), None, email, OTHER_PASSWORD);
        Problem::from(refused.err().unwrap())
    });
    let [known, unknown] = refusals.map(|problem| format!("{problem:?}"));
    assert_eq!(known, unknown);
}

#[test]
fn ten_guesses_a_second_for_an_hour_leave_another_network_most_of_its_time() {
    let scene = Scene::new();
    scene.register(EMAIL);
    let (mut heard, mut refused) = (0, 0);
    for tenth in 0..36_000 {
        scene.pass_ms(100);
        let _ = scene.log_in(EMAIL, OTHER_PASSWORD);
        if tenth % 100 == 99 {
            // The session token of a login is not needed: a look tells whether it would be heard.
            let account = Account::of(EMAIL);
            let there = Counter::of_stranger(account, Network::of(Some("203.0.113.1")));
            match scene.service.begin_attempt(there) {
                Ok((attempt, ())) => {
                    scene.service.attempt_withdrawn(&attempt).unwrap();
                    heard += 1;
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(heard > 300 && refused < 60, "{heard} and {refused}");
}

#[test]
fn the_right_password_waits_too_and_then_clears_the_count() {
    let scene = Scene::new();
    scene.register(EMAIL);
    let wait_ms = scene.guess_until_locked(EMAIL);
    assert_eq!((wait_ms, scene.failures()), (3_000, 4));
    assert_eq!(
        scene.log_in(EMAIL, PASSWORD).err(),
        Some(AuthError::TooManyAttempts { wait_ms: 3_000 })
    );
    scene.pass_ms(2_999);
    assert_eq!(
        scene.log_in(EMAIL, PASSWORD).err(),
        Some(AuthError::TooManyAttempts { wait_ms: 1 })
    );
    scene.pass_ms(1);
    assert!(scene.log_in(EMAIL, PASSWORD).is_ok());
    assert_eq!(scene.failures(), 0);
}

#[test]
fn an_unknown_address_is_locked_in_the_same_way() {
    let scene = Scene::new();
    scene.register(EMAIL);
    assert_eq!(
        scene.guess_until_locked("nobody@example.org"),
        scene.guess_until_locked(EMAIL)
    );
    assert!(
        scene
            .log_in("other@example.org", PASSWORD)
            .is_err_and(|error| error == AuthError::InvalidCredentials)
    );
}

#[test]
fn a_locked_attempt_takes_no_hash_and_counts_nothing() {
    let scene = Scene::new();
    scene.guess_until_locked(EMAIL);
    let (hashes, failures) = (scene.cores.taken.get(), scene.failures());
    for _ in 0..50 {
        assert!(matches!(
            scene.log_in(EMAIL, PASSWORD),
            Err(AuthError::TooManyAttempts { .. })
        ));
    }
    assert_eq!(
        (scene.cores.taken.get(), scene.failures()),
        (hashes, failures)
    );
}

#[test]
fn failures_side_by_side_are_counted_exactly() {
    let scene = Scene::new();
    let account = Account::of(EMAIL);
    let attempts: Vec<_> = (0..100)
        .map(|_| scene.service.begin_attempt(by_stranger(account)).unwrap().0)
        .collect();
    for attempt in &attempts {
        scene.service.attempt_failed(attempt).unwrap();
    }
    assert_eq!((scene.failures_by("network"), scene.failures()), (100, 100));
    assert!(scene.service.begin_attempt(by_stranger(account)).is_err());
}

#[test]
fn once_there_are_failures_attempts_go_one_by_one() {
    let scene = Scene::new();
    scene.guess_until_locked(EMAIL);
    scene.pass_ms(3_000);
    let account = Account::of(EMAIL);
    assert!(scene.service.begin_attempt(by_stranger(account)).is_ok());
    assert!(matches!(
        scene.service.begin_attempt(by_stranger(account)),
        Err(AuthError::TooManyAttempts { .. })
    ));
}

#[test]
fn an_attempt_without_a_core_is_none() {
    let scene = Scene::new();
    scene.register(EMAIL);
    for failures in [0, 2, 4] {
        scene.pass_ms(60_000);
        while scene.failures() < failures {
            let _ = scene.log_in(EMAIL, OTHER_PASSWORD);
            scene.pass_ms(60_000);
        }
        scene.cores.busy.set(true);
        scene.service.store.take_endings();
        assert_eq!(
            scene.log_in(EMAIL, OTHER_PASSWORD).err(),
            Some(AuthError::Overloaded)
        );
        assert_eq!(scene.service.store.take_endings(), [], "nothing is written");
        assert_eq!(scene.failures(), failures);
        scene.cores.busy.set(false);
        assert!(
            scene
                .log_in(EMAIL, OTHER_PASSWORD)
                .is_err_and(|error| error == AuthError::InvalidCredentials)
        );
    }
}

#[test]
fn a_day_of_peace_forgets_and_the_tick_cleans_up() {
    let scene = Scene::new();
    scene.guess_until_locked(EMAIL);
    scene.service.forget_old_failures().unwrap();
    assert_eq!(scene.failures(), 4);
    scene.pass_ms(24 * 3_600_000 + 1);
    scene.service.forget_old_failures().unwrap();
    assert_eq!(scene.failures(), 0);
}

#[test]
fn addresses_are_not_kept() {
    let scene = Scene::new();
    scene.guess_until_locked("stranger@example.org");
    assert_eq!(
        scene.count(
            "SELECT 1 FROM login_failure
            WHERE instr(account || source, CAST('stranger' AS BLOB)) > 0"
        ),
        0
    );
}

#[test]
fn whoever_tries_very_many_networks_pushes_out_the_oldest_of_them_and_no_total() {
    let scene = Scene::new();
    scene.guess_until_locked(EMAIL);
    scene.pass_ms(1);
    scene
        .execute(
            "WITH RECURSIVE number (value) AS
                (SELECT 1 UNION ALL SELECT value + 1 FROM number WHERE value < 100200)
            INSERT INTO login_failure
            SELECT zeroblob(32), 'network', CAST(value AS BLOB), 1, 0, 1795348800000 + value FROM number",
        )
        .unwrap();
    scene.pass_ms(100_200);
    scene.service.forget_old_failures().unwrap();
    assert_eq!(scene.failures_by("network"), 100_000);
    let oldest =
        "SELECT 1 FROM login_failure WHERE kind = 'network' AND last_failure_at <= 1795348800200";
    assert_eq!(scene.count(oldest), 0);
    assert_eq!(scene.failures(), 4);
}
