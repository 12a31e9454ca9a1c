//! Goal: a session ends by itself when it is idle or old, and leaves the store later.

use super::kit::*;
use crate::{RefreshError, Settings};
use strongroom_sdk::clock::Clock as _;
use strongroom_sdk::config::Config;

#[test]
fn a_session_ends_after_an_idle_hour_or_twelve_busy_ones() {
    let half_hour = 30 * MINUTE_MS;
    for (refreshes, pause_ms, last_ms) in [(1, HOUR_MS - 1, HOUR_MS), (23, half_hour, half_hour)] {
        let (bank, tokens) = Bank::with_session();
        let mut token = tokens.refresh_token;
        for _ in 0..refreshes {
            bank.clock.pass_ms(pause_ms);
            token = bank.rotated(&token);
        }
        bank.clock.pass_ms(last_ms);
        bank.assert_invalid(&token);
        assert_eq!(bank.revoked(), [], "its access tokens have expired");
    }
}

#[test]
fn a_restoration_ends_the_sessions_that_began_before() {
    let (mut bank, before) = Bank::with_session();
    bank.0.settings.restored_at_ms = Some(bank.clock.now_ms());
    bank.assert_invalid(&before.refresh_token);
    bank.clock.pass_ms(1);
    assert!(bank.refresh(&bank.issue().refresh_token).is_ok());
}

#[test]
fn a_restoration_undoes_the_floors_of_before_as_the_users_may_be_older() {
    let mut bank = Bank::new();
    bank.end_user_sessions(ALICE, 9, None).unwrap();
    assert!(bank.try_issue(1).is_err());
    bank.0.settings.restored_at_ms = Some(bank.clock.now_ms());
    assert!(bank.try_issue(1).is_ok());
    bank.clock.pass_ms(1);
    bank.end_user_sessions(ALICE, 2, None).unwrap();
    assert!(bank.try_issue(1).is_err());
}

#[test]
fn old_sessions_are_purged_in_bounded_steps() {
    let bank = Bank::new();
    for _ in 0..3 {
        bank.rotated(&bank.issue().refresh_token);
    }
    bank.purge().unwrap();
    assert_eq!(bank.store.count("session"), 3);
    bank.clock.pass_ms(12 * HOUR_MS + 7 * 24 * HOUR_MS + 1);
    let young = bank.issue();
    bank.purge().unwrap();
    assert_eq!(bank.store.count("session"), 1);
    assert_eq!(bank.store.count("rotation"), 0);
    assert!(bank.refresh(&young.refresh_token).is_ok());
}

#[test]
fn a_broken_row_is_an_error_and_not_a_session() {
    let (bank, tokens) = Bank::with_session();
    bank.store
        .execute("UPDATE session SET refresh_counter = 5000000000");
    let refreshed = bank.refresh(&tokens.refresh_token);
    assert!(matches!(refreshed, Err(RefreshError::Failed(_))));
}

#[test]
fn settings_are_read_from_the_configuration() {
    let read =
        |pairs: &[(&str, &str)]| Settings::from_config(&Config::from_pairs(pairs.iter().copied()));
    let expected = Settings {
        session_absolute_ms: 8 * HOUR_MS,
        session_idle_ms: 15 * MINUTE_MS,
        restored_at_ms: None,
    };
    let set = [("session_absolute", "8h"), ("session_idle", "15m")];
    assert_eq!(read(&set), Ok(expected));
    assert!(read(&[("session_idel", "15m")]).is_err());
    assert!(read(&[("session_idle", "soon")]).is_err());
}
