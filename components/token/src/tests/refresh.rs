//! Goal: a refresh token has one successor; a lost response ends no session, a stolen token does.

use super::kit::*;
use crate::refresh_token::RefreshToken;
use crate::session::Session;
use crate::{Introspection, RefreshError, TokenError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_sdk::store::{Ending, Reader};

#[test]
fn a_chain_of_refreshes_stays_in_its_session_which_forgets_rotations_after_the_grace() {
    let (bank, first) = Bank::with_session();
    let mut token = first.refresh_token.clone();
    for _ in 0..30 {
        bank.clock.pass_ms(6_000);
        let next = bank.refresh(&token).unwrap();
        assert_ne!(next.refresh_token, token);
        assert_eq!(next.session, first.session);
        assert_eq!(claims(&next.access_token)["sid"], first.session.to_string());
        token = next.refresh_token;
    }
    assert_eq!(bank.store.count("rotation"), 2);
    assert_eq!(bank.revoked(), []);
}

#[test]
fn a_rotation_by_a_clock_that_was_ahead_gives_no_longer_grace() {
    let (bank, tokens) = Bank::with_session();
    bank.clock.pass_ms(600_000);
    let second = bank.rotated(&tokens.refresh_token);
    bank.clock.pass_ms(-600_000);
    let third = bank.rotated(&second);
    assert_eq!(bank.store.count("rotation"), 1);
    bank.assert_invalid(&tokens.refresh_token);
    bank.assert_invalid(&third);
    assert_eq!(bank.revoked(), [Revoked::Session(tokens.session)]);
}

#[test]
fn a_session_by_a_clock_that_was_ahead_gives_no_longer_life() {
    let (bank, tokens) = Bank::with_session();
    bank.clock.pass_ms(-5_000);
    let second = bank.rotated(&tokens.refresh_token);
    bank.clock.pass_ms(-3_600_000);
    bank.assert_invalid(&second);
}

#[test]
fn any_earlier_token_within_the_grace_gets_the_newest() {
    let (bank, first) = Bank::with_session();
    let mut chain = vec![first.refresh_token];
    for _ in 0..20 {
        bank.clock.pass_ms(500);
        chain.push(bank.rotated(chain.last().unwrap()));
    }
    // The first was rotated 9.5 s ago.
    let newest = chain.pop().unwrap();
    for earlier in &chain {
        assert_eq!(bank.rotated(earlier), newest);
        assert_ne!(bank.introspect(earlier), Ok(Introspection::INACTIVE));
    }
    assert!(bank.refresh(&newest).is_ok());
    assert_eq!(bank.revoked(), []);
}

#[test]
fn the_grace_of_a_token_is_ten_seconds_from_its_own_rotation_and_then_the_session_ends() {
    for (late_ms, is_valid) in [(6_000, true), (6_001, false)] {
        let (bank, tokens) = Bank::with_session();
        let second = bank.rotated(&tokens.refresh_token);
        bank.clock.pass_ms(4_000);
        let third = bank.rotated(&second);
        bank.clock.pass_ms(late_ms);
        if is_valid {
            bank.store.take_endings();
            assert_eq!(bank.rotated(&tokens.refresh_token), third);
            // The rotation may be of an earlier turn of the group.
            assert_eq!(bank.store.take_endings(), [Ending::OnDisk]);
        } else {
            bank.assert_invalid(&tokens.refresh_token);
            bank.assert_invalid(&third);
            assert_eq!(bank.revoked(), [Revoked::Session(tokens.session)]);
            let reused = "session WHERE end_reason = 'reuse'";
            assert_eq!((bank.store.count(reused), bank.undelivered()), (1, 0));
        }
    }
}

#[test]
fn reuse_is_invalid_only_when_the_gateway_knows_that_the_session_has_ended() {
    for by in ["a retry", "its successor", "a tick"] {
        let (bank, tokens) = Bank::with_session();
        let first = &tokens.refresh_token;
        let second = bank.rotated(first);
        bank.clock.pass_ms(60_000);
        bank.revocations.broken.set(true);
        for token in [first, first, &second] {
            let Err(RefreshError::Failed(error)) = bank.refresh(token) else {
                panic!("delivered by {by}");
            };
            assert!(matches!(error, TokenError::Revocation(_)), "{by}");
        }
        assert!(bank.deliver_pending().is_err());
        assert_eq!(bank.undelivered(), 1);
        bank.revocations.broken.set(false);
        match by {
            "a retry" => bank.assert_invalid(first),
            "its successor" => bank.assert_invalid(&second),
            _ => assert_eq!(bank.deliver_pending(), Ok(1)),
        }
        let revoked = [Revoked::Session(tokens.session)];
        assert_eq!(bank.revoked(), revoked, "delivered by {by}");
        assert_eq!((bank.undelivered(), bank.deliver_pending()), (0, Ok(0)));
        bank.assert_invalid(first);
        assert_eq!(bank.revoked().len(), 1);
    }
}

#[test]
fn an_invented_token_of_a_known_session_and_any_other_text_change_nothing() {
    let (bank, tokens) = Bank::with_session();
    let forged = RefreshToken::first(tokens.session, &[1; 32], [2; 32]);
    let successor = forged.successor(&[1; 32]).unwrap().to_text();
    let tampered = format!("{}A", tokens.access_token);
    for token in rows! {
        "", "srt_", "garbage", &forged.to_text(), &successor, &tampered, &"x".repeat(5_000),
    } {
        bank.assert_invalid(token);
        bank.revoke(token).unwrap();
    }
    bank.assert_invalid(&tokens.access_token);
    assert!(bank.refresh(&tokens.refresh_token).is_ok());
    assert_eq!(bank.revoked(), []);
}

#[test]
fn the_store_has_no_token_in_clear() {
    let (bank, tokens) = Bank::with_session();
    let token = RefreshToken::parse(&tokens.refresh_token).unwrap();
    let session = Session::find(tokens.session, &bank.store).unwrap();
    assert_eq!(session.unwrap().refresh_hash, token.hash());
    let bytes = URL_SAFE_NO_PAD.decode(&tokens.refresh_token[4..]).unwrap();
    let secret = &bytes[20..52];
    let rows = bank.store.query("SELECT * FROM session", &[]);
    let row = rows.unwrap().first().unwrap();
    assert!(row.0.iter().all(|value| *value != secret.into()));
}
