//! Goal: a session ends for good, for the right tokens, and the gateway learns of it at last.

use super::kit::*;
use crate::{NewSession, TokenError};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::testing::words_of;
use uuid::Uuid;

#[test]
fn logout_and_each_token_end_one_session_once() {
    let bank = Bank::new();
    let other = bank.issue();
    for by in ["logout", "access", "refresh", "old refresh"] {
        let tokens = bank.issue();
        let next = bank.rotated(&tokens.refresh_token);
        let end = || match by {
            "logout" => bank.end_session(tokens.session, ALICE),
            "access" => bank.revoke(&tokens.access_token),
            "refresh" => bank.revoke(&next),
            _ => bank.revoke(&tokens.refresh_token),
        };
        bank.revocations.broken.set(true);
        for _ in 0..2 {
            let problem = Problem::from(end().unwrap_err());
            assert_eq!(words_of(&problem), "503 service_unavailable", "{by}");
            assert!(problem.detail().contains("is stored"), "{problem:?}");
        }
        assert_eq!(bank.undelivered(), 1, "{by}");
        bank.revocations.broken.set(false);
        end().unwrap();
        bank.store.take_endings();
        // It may be repeated, and then costs nothing.
        end().unwrap();
        assert_eq!(bank.store.take_endings(), [], "{by}");
        bank.assert_invalid(&next);
        let revoked = Revoked::Session(tokens.session);
        assert_eq!(bank.revoked().last(), Some(&revoked), "{by}");
    }
    assert_eq!(bank.revoked().len(), 4);
    assert!(bank.refresh(&other.refresh_token).is_ok());
}

#[test]
fn a_user_cannot_end_another_user_s_session() {
    let (bank, tokens) = Bank::with_session();
    for (session, subject) in [
        (tokens.session, Uuid::from_u128(0xBAD)),
        (Uuid::from_u128(7), ALICE),
    ] {
        bank.end_session(session, subject).unwrap();
    }
    assert_eq!(bank.revoked(), []);
    assert!(bank.refresh(&tokens.refresh_token).is_ok());
}

#[test]
fn a_new_security_version_ends_all_sessions_but_the_excepted_one() {
    let bank = Bank::new();
    let [one, two, kept] = [(); 3].map(|()| bank.issue());
    let bob = NewSession {
        subject: Uuid::from_u128(0xB0B),
        ..alice(1)
    };
    let stranger = bank.0.issue(&bob, None).unwrap();

    let end = |except| bank.end_user_sessions(ALICE, 2, except);
    assert_eq!(end(Some(kept.session)), Ok(2));
    let revoked = Revoked::Subject(ALICE, 2, Some(kept.session));
    assert_eq!(bank.revoked(), [revoked]);
    for ended in [one, two] {
        bank.assert_invalid(&ended.refresh_token);
    }
    for (alive, version) in [(kept, 2), (stranger, 1)] {
        let next = bank.refresh(&alive.refresh_token).unwrap();
        assert_eq!(claims(&next.access_token)["sv"], version);
    }
    assert_eq!(end(None), Ok(0), "repeated by the outbox of auth");
}

#[test]
fn a_login_that_raced_with_a_password_change_is_superseded() {
    let bank = Bank::new();
    // The floor never sinks.
    for version in [3, 2] {
        bank.end_user_sessions(ALICE, version, None).unwrap();
        for version in [1, 2] {
            assert_eq!(bank.try_issue(version).err(), Some(TokenError::Superseded));
        }
        assert!(bank.try_issue(3).is_ok());
    }
}
