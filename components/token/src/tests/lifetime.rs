//! Goal: a session ends by itself when it is idle or old, and leaves the store when it is long over.
//! Method: the clock is set to just before and just after each limit.

use super::*;
use crate::RefreshError;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

#[test]
fn an_idle_session_ends_after_an_hour() {
    let scene = Scene::new();
    let tokens = scene.issue(&alice());
    scene.pass_ms(HOUR_MS - 1);
    let next = scene.service.refresh(&tokens.refresh_token).unwrap();
    scene.pass_ms(HOUR_MS);
    assert_eq!(
        scene.service.refresh(&next.refresh_token).err(),
        Some(RefreshError::InvalidGrant)
    );
}

#[test]
fn a_busy_session_ends_after_twelve_hours() {
    let scene = Scene::new();
    let mut token = scene.issue(&alice()).refresh_token;
    for _ in 0..23 {
        scene.pass_ms(30 * MINUTE_MS);
        token = scene.service.refresh(&token).unwrap().refresh_token;
    }
    scene.pass_ms(30 * MINUTE_MS);
    assert_eq!(
        scene.service.refresh(&token).err(),
        Some(RefreshError::InvalidGrant)
    );
    assert_eq!(
        scene.host.told(),
        [],
        "its access tokens have expired by themselves"
    );
}

#[test]
fn sessions_long_over_are_purged_in_bounded_steps() {
    let scene = Scene::new();
    for _ in 0..3 {
        let tokens = scene.issue(&alice());
        scene.service.refresh(&tokens.refresh_token).unwrap();
    }
    assert_eq!(scene.service.purge(), Ok(0));
    scene.pass_ms(12 * HOUR_MS + 7 * 24 * HOUR_MS + 1);
    let young = scene.issue(&alice());
    assert_eq!(scene.service.purge(), Ok(3));
    assert_eq!(scene.service.purge(), Ok(0));
    assert_eq!(scene.count("SELECT 1 FROM rotation"), 0);
    assert!(scene.service.refresh(&young.refresh_token).is_ok());
}

#[test]
fn a_broken_row_is_an_error_and_not_a_session() {
    let scene = Scene::new();
    let tokens = scene.issue(&alice());
    scene.execute("UPDATE session SET refresh_counter = 5000000000");
    assert!(matches!(
        scene.service.refresh(&tokens.refresh_token),
        Err(RefreshError::Failed(_))
    ));
}

#[test]
fn settings_are_read_from_the_configuration() {
    use strongroom_sdk::config::Config;
    let config = Config::from_pairs([("session_absolute", "8h"), ("session_idle", "15m")]);
    let settings = Settings::from_config(&config).unwrap();
    assert_eq!(
        (settings.session_absolute_ms, settings.session_idle_ms),
        (8 * HOUR_MS, 15 * MINUTE_MS)
    );
    assert!(Settings::from_config(&Config::from_pairs([("session_idel", "15m")])).is_err());
    assert!(Settings::from_config(&Config::from_pairs([("session_idle", "soon")])).is_err());
}
