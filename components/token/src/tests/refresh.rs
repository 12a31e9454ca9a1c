//! Goal: a refresh token is good for one successor; a lost answer costs nobody the session, and a stolen token costs the thief his.
//! Method: chains of refreshes with a clock that the test sets.

use super::*;
use crate::session::Session;
use crate::{Introspection, RefreshError, TokenError};

impl Scene {
    fn refresh(&self, token: &str) -> Result<Tokens, RefreshError> {
        self.service.refresh(token)
    }

    fn rotated(&self, token: &str) -> String {
        self.refresh(token).unwrap().refresh_token
    }

    fn assert_invalid(&self, token: &str) {
        assert_eq!(self.refresh(token).err(), Some(RefreshError::InvalidGrant));
    }
}

#[test]
fn a_chain_of_refreshes_stays_in_its_session() {
    let scene = Scene::new();
    let first = scene.issue(&alice());
    let mut token = first.refresh_token.clone();
    for _ in 0..20 {
        scene.pass_ms(240_000);
        let next = scene.refresh(&token).unwrap();
        assert_ne!(next.refresh_token, token);
        assert_eq!(next.session, first.session);
        assert_eq!(claims(&next.access_token)["sid"], first.session.to_string());
        token = next.refresh_token;
    }
    assert_eq!(scene.host.told(), []);
}

#[test]
fn the_old_token_within_ten_seconds_gets_the_same_successor() {
    let scene = Scene::new();
    let first = scene.issue(&alice()).refresh_token;
    let second = scene.rotated(&first);
    scene.pass_ms(10_000);
    assert_eq!(scene.rotated(&first), second);
    assert!(scene.refresh(&second).is_ok());
}

#[test]
fn fifty_refreshes_of_one_token_end_in_one_successor() {
    let scene = Scene::new();
    let first = scene.issue(&alice()).refresh_token;
    let successors: std::collections::BTreeSet<String> =
        (0..50).map(|_| scene.rotated(&first)).collect();
    assert_eq!(successors.len(), 1);
    let second = successors.into_iter().next().unwrap();
    assert!(scene.refresh(&second).is_ok());
    assert_eq!(scene.host.told(), []);
}

#[test]
fn the_old_token_after_the_grace_ends_the_session() {
    let scene = Scene::new();
    let tokens = scene.issue(&alice());
    let second = scene.rotated(&tokens.refresh_token);
    scene.pass_ms(10_001);
    scene.assert_invalid(&tokens.refresh_token);
    scene.assert_invalid(&second);
    assert_eq!(scene.host.told(), [Told::Session(tokens.session)]);
    assert_eq!(
        scene.count("SELECT 1 FROM session WHERE end_reason = 'reuse'"),
        1
    );
    assert_eq!(scene.count("SELECT 1 FROM revocation_outbox"), 0);
}

#[test]
fn a_rotation_by_a_clock_that_was_ahead_gives_no_longer_grace() {
    let scene = Scene::new();
    let tokens = scene.issue(&alice());
    scene.pass_ms(600_000);
    let second = scene.rotated(&tokens.refresh_token);
    scene.pass_ms(-600_000);
    let third = scene.rotated(&second);
    assert_eq!(scene.count("SELECT 1 FROM rotation"), 1);
    scene.assert_invalid(&tokens.refresh_token);
    scene.assert_invalid(&third);
    assert_eq!(scene.host.told(), [Told::Session(tokens.session)]);
}

#[test]
fn any_earlier_token_within_the_grace_gets_the_newest() {
    let scene = Scene::new();
    let mut chain = vec![scene.issue(&alice()).refresh_token];
    for _ in 0..20 {
        scene.pass_ms(500);
        chain.push(scene.rotated(chain.last().unwrap()));
    }
    // The first was rotated 9.5 s ago.
    let newest = chain.pop().unwrap();
    for earlier in &chain {
        assert_eq!(scene.rotated(earlier), newest);
        assert_ne!(
            scene.service.introspect(earlier),
            Ok(Introspection::INACTIVE)
        );
    }
    assert!(scene.refresh(&newest).is_ok());
    assert_eq!(scene.host.told(), []);
}

#[test]
fn the_grace_of_a_token_begins_at_its_own_rotation() {
    for (late_ms, is_valid) in [(6_000, true), (6_001, false)] {
        let scene = Scene::new();
        let tokens = scene.issue(&alice());
        let second = scene.rotated(&tokens.refresh_token);
        scene.pass_ms(4_000);
        let third = scene.rotated(&second);
        scene.pass_ms(late_ms);
        if is_valid {
            assert_eq!(scene.rotated(&tokens.refresh_token), third);
        } else {
            scene.assert_invalid(&tokens.refresh_token);
            scene.assert_invalid(&third);
            assert_eq!(scene.host.told(), [Told::Session(tokens.session)]);
        }
    }
}

#[test]
fn rotations_are_forgotten_after_the_grace() {
    let scene = Scene::new();
    let mut token = scene.issue(&alice()).refresh_token;
    for _ in 0..30 {
        scene.pass_ms(6_000);
        token = scene.rotated(&token);
    }
    assert_eq!(scene.count("SELECT 1 FROM rotation"), 2);
}

#[test]
fn reuse_is_invalid_only_when_the_host_knows_that_the_session_has_ended() {
    for by in ["a retry", "its successor", "a tick"] {
        let scene = Scene::new();
        let tokens = scene.issue(&alice());
        let second = scene.rotated(&tokens.refresh_token);
        scene.pass_ms(60_000);
        scene.host.broken.set(true);
        for token in [&tokens.refresh_token, &tokens.refresh_token, &second] {
            let error = scene.refresh(token).err();
            assert!(
                matches!(error, Some(RefreshError::Failed(TokenError::Revocation(_)))),
                "{error:?}"
            );
        }
        assert_eq!(scene.count("SELECT 1 FROM revocation_outbox"), 1);
        scene.host.broken.set(false);
        match by {
            "a retry" => scene.assert_invalid(&tokens.refresh_token),
            "its successor" => scene.assert_invalid(&second),
            _ => assert_eq!(scene.service.deliver_pending(), Ok(1)),
        }
        assert_eq!(
            scene.host.told(),
            [Told::Session(tokens.session)],
            "told by {by}"
        );
        scene.assert_invalid(&tokens.refresh_token);
        assert_eq!(scene.host.told().len(), 1);
    }
}

#[test]
fn an_invented_token_of_a_known_session_changes_nothing() {
    let scene = Scene::new();
    let tokens = scene.issue(&alice());
    let forged = crate::refresh_token::RefreshToken::first(tokens.session, &[1; 32], [2; 32]);
    scene.assert_invalid(&forged.to_text());
    scene.assert_invalid(&forged.successor(&[1; 32]).unwrap().to_text());
    assert!(scene.refresh(&tokens.refresh_token).is_ok());
    assert_eq!(scene.host.told(), []);
}

#[test]
fn whatever_is_no_refresh_token_is_invalid() {
    let scene = Scene::new();
    let tokens = scene.issue(&alice());
    for token in [
        "",
        "srt_",
        "garbage",
        &tokens.access_token,
        &"x".repeat(5_000),
    ] {
        scene.assert_invalid(token);
    }
}

#[test]
fn the_store_has_no_token_in_clear() {
    let scene = Scene::new();
    let tokens = scene.issue(&alice());
    let token = crate::refresh_token::RefreshToken::parse(&tokens.refresh_token).unwrap();
    let session = Session::find(tokens.session, |sql, params| {
        scene.service.store.query(sql, params)
    })
    .unwrap()
    .unwrap();
    assert_eq!(session.refresh_hash, token.hash());
    let bytes = URL_SAFE_NO_PAD.decode(&tokens.refresh_token[4..]).unwrap();
    let secret = &bytes[20..52];
    let row = scene
        .service
        .store
        .query("SELECT * FROM session", &[])
        .unwrap()
        .first()
        .unwrap();
    for value in row.0 {
        assert_ne!(value, secret.into());
    }
}

#[test]
fn a_refresh_carries_the_security_version_in_force() {
    let scene = Scene::new();
    let tokens = scene.issue(&alice());
    scene
        .service
        .end_user_sessions(alice().id, 2, Some(tokens.session))
        .unwrap();
    let next = scene.refresh(&tokens.refresh_token).unwrap();
    assert_eq!(claims(&next.access_token)["sv"], 2);
}

#[test]
fn a_repeated_refresh_is_answered_only_after_the_rotation_is_on_disk() {
    let scene = Scene::new();
    let first = scene.issue(&alice()).refresh_token;
    scene.rotated(&first);
    scene.service.store.take_endings();
    scene.rotated(&first);
    assert_eq!(scene.service.store.take_endings(), [Ending::OnDisk]);
}
