//! Goal: a session ends permanently, for the right tokens, and the gateway learns of it also after
//! a failure in between.
//! Method: each way to end a session, with a gateway that works and one that does not.

use super::kit::*;
use crate::refresh_token::RefreshToken;
use crate::{NewSession, TokenError};
use strongroom_sdk::problem::Problem;
use uuid::Uuid;

const OUTBOX: &str = "SELECT 1 FROM revocation_outbox";

#[test]
fn logout_ends_one_session() {
    let (bank, one) = Bank::with_session();
    let other = bank.issue();
    // It may be repeated.
    for _ in 0..2 {
        bank.end(&one);
        assert_eq!(bank.gateway.revoked(), [Revoked::Session(one.session)]);
    }
    bank.assert_invalid(&one.refresh_token);
    assert!(bank.refresh(&other.refresh_token).is_ok());
}

#[test]
fn a_user_cannot_end_another_user_s_session() {
    let (bank, tokens) = Bank::with_session();
    for (session, subject) in [
        (tokens.session, Uuid::from_u128(0xBAD)),
        (Uuid::from_u128(7), ALICE),
    ] {
        bank.service.end_session(session, subject).unwrap();
    }
    assert_eq!(bank.gateway.revoked(), []);
    assert!(bank.refresh(&tokens.refresh_token).is_ok());
}

#[test]
fn an_end_that_the_gateway_does_not_know_is_repeated_until_it_does() {
    let (bank, tokens) = Bank::with_session();
    bank.gateway.broken.set(true);
    let ended = bank.service.end_session(tokens.session, ALICE);
    assert!(matches!(ended, Err(TokenError::Revocation(_))));
    assert!(bank.service.deliver_pending().is_err());
    assert_eq!(bank.count(OUTBOX), 1);

    bank.gateway.broken.set(false);
    assert_eq!(bank.service.deliver_pending(), Ok(1));
    assert_eq!(bank.service.deliver_pending(), Ok(0));
    assert_eq!(bank.gateway.revoked(), [Revoked::Session(tokens.session)]);
}

#[test]
fn revoking_what_has_ended_costs_nothing() {
    let (bank, tokens) = Bank::with_session();
    bank.service.revoke(&tokens.refresh_token).unwrap();
    bank.service.store.take_endings();
    for token in [&tokens.refresh_token, &tokens.access_token] {
        bank.service.revoke(token).unwrap();
    }
    assert_eq!(bank.service.store.take_endings(), []);
    assert_eq!(bank.gateway.revoked(), [Revoked::Session(tokens.session)]);
}

#[test]
fn revoking_what_the_gateway_does_not_know_delivers_it() {
    let (bank, tokens) = Bank::with_session();
    bank.gateway.broken.set(true);
    for _ in 0..3 {
        let problem = Problem::from(bank.service.revoke(&tokens.refresh_token).unwrap_err());
        assert_eq!(problem.status().as_u16(), 503);
        assert!(problem.detail().contains("is stored"), "{problem:?}");
    }
    assert_eq!(bank.count(OUTBOX), 1);
    bank.gateway.broken.set(false);
    bank.service.revoke(&tokens.refresh_token).unwrap();
    assert_eq!(bank.gateway.revoked(), [Revoked::Session(tokens.session)]);
}

#[test]
fn a_new_security_version_ends_all_sessions_but_the_excepted_one() {
    let bank = Bank::new();
    let [one, two, kept] = [(); 3].map(|()| bank.issue());
    let bob = NewSession {
        subject: Uuid::from_u128(0xB0B),
        ..alice(1)
    };
    let stranger = bank.service.issue(&bob, None).unwrap();

    let end = |except| bank.service.end_user_sessions(ALICE, 2, except);
    assert_eq!(end(Some(kept.session)), Ok(2));
    let revoked = Revoked::Subject(ALICE, 2, Some(kept.session));
    assert_eq!(bank.gateway.revoked(), [revoked]);
    for ended in [one, two] {
        bank.assert_invalid(&ended.refresh_token);
    }
    for alive in [kept, stranger] {
        assert!(bank.refresh(&alive.refresh_token).is_ok());
    }
    assert_eq!(end(None), Ok(0), "repeated by the outbox of auth");
}

#[test]
fn a_login_that_raced_with_a_password_change_is_superseded() {
    let bank = Bank::new();
    // The floor never sinks.
    for version in [3, 2] {
        let ended = bank.service.end_user_sessions(ALICE, version, None);
        ended.unwrap();
        for version in [1, 2] {
            let issued = bank.try_issue(version).err();
            assert_eq!(issued, Some(TokenError::Superseded));
        }
        assert!(bank.try_issue(3).is_ok());
    }
}

#[test]
fn revoking_any_token_of_a_session_ends_it() {
    let bank = Bank::new();
    for by in ["access", "refresh", "old refresh"] {
        let tokens = bank.issue();
        let next = bank.rotated(&tokens.refresh_token);
        let token = match by {
            "access" => &tokens.access_token,
            "refresh" => &next,
            _ => &tokens.refresh_token,
        };
        bank.service.revoke(token).unwrap();
        let revoked = Revoked::Session(tokens.session);
        assert_eq!(bank.gateway.revoked().last(), Some(&revoked), "{by}");
        bank.assert_invalid(&next);
    }
}

#[test]
fn revoking_anything_else_is_no_error_and_does_nothing() {
    let (bank, tokens) = Bank::with_session();
    let forged = RefreshToken::first(tokens.session, &[1; 32], [2; 32]).to_text();
    let tampered = format!("{}A", tokens.access_token);
    for token in ["", "garbage", "srt_", &forged, &tampered] {
        bank.service.revoke(token).unwrap();
    }
    assert_eq!(bank.gateway.revoked(), []);
    assert!(bank.refresh(&tokens.refresh_token).is_ok());
}
