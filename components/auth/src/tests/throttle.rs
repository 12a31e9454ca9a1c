//! Goal: guessing gets slow, exactly counted, for every address alike; nobody is locked out for good; no attempt is counted that was
//! none.
//! Method: rows of wrong passwords under a set clock, in turn and side by side.

use super::*;
use crate::throttle::Account;

impl Scene {
    /// Guesses until the account is locked; answers how long.
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
        .map(|_| scene.service.begin_attempt(account).unwrap())
        .collect();
    for attempt in &attempts {
        scene.service.attempt_failed(attempt).unwrap();
    }
    assert_eq!(scene.failures(), 100);
    assert!(scene.service.begin_attempt(account).is_err());
}

#[test]
fn once_there_are_failures_attempts_go_one_by_one() {
    let scene = Scene::new();
    scene.guess_until_locked(EMAIL);
    scene.pass_ms(3_000);
    let account = Account::of(EMAIL);
    assert!(scene.service.begin_attempt(account).is_ok());
    assert!(matches!(
        scene.service.begin_attempt(account),
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
        assert_eq!(
            scene.log_in(EMAIL, OTHER_PASSWORD).err(),
            Some(AuthError::Overloaded)
        );
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
            "SELECT 1 FROM login_failure WHERE instr(account, CAST('stranger' AS BLOB)) > 0"
        ),
        0
    );
}

#[test]
fn whoever_tries_very_many_addresses_pushes_out_the_oldest() {
    let scene = Scene::new();
    scene
        .execute(
            "WITH RECURSIVE number (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM number WHERE value < 100200)
            INSERT INTO login_failure SELECT randomblob(32), 1, 0, 1795348800000 + value FROM number",
        )
        .unwrap();
    scene.pass_ms(100_200);
    scene.service.forget_old_failures().unwrap();
    assert_eq!(scene.failures(), 100_000);
    assert_eq!(
        scene.count("SELECT 1 FROM login_failure WHERE last_failure_at <= 1795348800200"),
        0
    );
}
