//! Goal: what ends, ends for good, for the right tokens, and the host learns of it whatever breaks in between.
//! Method: each way to end a session, with a host that works and one that does not.

use super::*;
use crate::{RefreshError, TokenError};
use strongroom_sdk::problem::Problem;

#[test]
fn logout_ends_one_session() {
    let scene = Scene::new();
    let (one, other) = (scene.issue(&alice()), scene.issue(&alice()));
    scene.service.end_session(one.session, alice().id).unwrap();
    assert_eq!(scene.host.told(), [Told::Session(one.session)]);
    assert_eq!(
        scene.service.refresh(&one.refresh_token).err(),
        Some(RefreshError::InvalidGrant)
    );
    assert!(scene.service.refresh(&other.refresh_token).is_ok());
}

#[test]
fn nobody_ends_a_stranger_s_session() {
    let scene = Scene::new();
    let tokens = scene.issue(&alice());
    scene
        .service
        .end_session(tokens.session, Uuid::from_u128(0xBAD))
        .unwrap();
    scene
        .service
        .end_session(Uuid::from_u128(7), alice().id)
        .unwrap();
    assert_eq!(scene.host.told(), []);
    assert!(scene.service.refresh(&tokens.refresh_token).is_ok());
}

#[test]
fn an_end_that_the_host_did_not_hear_is_repeated_until_it_does() {
    let scene = Scene::new();
    let tokens = scene.issue(&alice());
    scene.host.broken.set(true);
    let error = scene
        .service
        .end_session(tokens.session, alice().id)
        .unwrap_err();
    assert!(matches!(error, TokenError::Revocation(_)));
    assert!(scene.service.deliver_pending().is_err());
    assert_eq!(scene.count("SELECT 1 FROM revocation_outbox"), 1);

    scene.host.broken.set(false);
    assert_eq!(scene.service.deliver_pending(), Ok(1));
    assert_eq!(scene.service.deliver_pending(), Ok(0));
    assert_eq!(scene.host.told(), [Told::Session(tokens.session)]);
}

#[test]
fn logout_may_be_repeated() {
    let scene = Scene::new();
    let tokens = scene.issue(&alice());
    scene
        .service
        .end_session(tokens.session, alice().id)
        .unwrap();
    scene
        .service
        .end_session(tokens.session, alice().id)
        .unwrap();
    assert_eq!(scene.host.told().len(), 1);
}

#[test]
fn revoking_what_has_ended_costs_nothing() {
    let scene = Scene::new();
    let tokens = scene.issue(&alice());
    scene.service.revoke(&tokens.refresh_token).unwrap();
    scene.service.store.take_endings();
    for token in [&tokens.refresh_token, &tokens.access_token] {
        scene.service.revoke(token).unwrap();
    }
    assert_eq!(scene.service.store.take_endings(), []);
    assert_eq!(scene.host.told(), [Told::Session(tokens.session)]);
}

#[test]
fn revoking_what_the_host_has_not_heard_of_tells_it() {
    let scene = Scene::new();
    let tokens = scene.issue(&alice());
    scene.host.broken.set(true);
    for _ in 0..3 {
        let problem = Problem::from(scene.service.revoke(&tokens.refresh_token).unwrap_err());
        assert_eq!(
            (problem.status().as_u16(), problem.code()),
            (503, "service_unavailable")
        );
        assert!(problem.detail().contains("is stored"), "{problem:?}");
    }
    assert_eq!(scene.count("SELECT 1 FROM revocation_outbox"), 1);
    scene.host.broken.set(false);
    scene.service.revoke(&tokens.refresh_token).unwrap();
    assert_eq!(scene.host.told(), [Told::Session(tokens.session)]);
}

#[test]
fn a_new_security_version_ends_all_sessions_but_the_excepted_one() {
    let scene = Scene::new();
    let (one, two, kept) = (
        scene.issue(&alice()),
        scene.issue(&alice()),
        scene.issue(&alice()),
    );
    let bob = Subject {
        id: Uuid::from_u128(0xB0B),
        ..alice()
    };
    let stranger = scene.issue(&bob);

    let ended = scene
        .service
        .end_user_sessions(alice().id, 2, Some(kept.session));
    assert_eq!(ended, Ok(2));
    assert_eq!(
        scene.host.told(),
        [Told::Subject(alice().id, 2, Some(kept.session))]
    );
    for dead in [one, two] {
        assert_eq!(
            scene.service.refresh(&dead.refresh_token).err(),
            Some(RefreshError::InvalidGrant)
        );
    }
    for alive in [kept, stranger] {
        assert!(scene.service.refresh(&alive.refresh_token).is_ok());
    }
    assert_eq!(
        scene.service.end_user_sessions(alice().id, 2, None),
        Ok(0),
        "repeated by the outbox of auth"
    );
}

#[test]
fn a_login_that_raced_with_a_password_change_is_superseded() {
    let scene = Scene::new();
    scene
        .service
        .end_user_sessions(alice().id, 3, None)
        .unwrap();
    for version in [1, 2] {
        let late = Subject {
            security_version: version,
            ..alice()
        };
        assert_eq!(
            scene.service.issue(&late, None).err(),
            Some(TokenError::Superseded)
        );
    }
    let current = Subject {
        security_version: 3,
        ..alice()
    };
    assert!(scene.service.issue(&current, None).is_ok());
    scene
        .service
        .end_user_sessions(alice().id, 2, None)
        .unwrap();
    assert!(
        scene.service.issue(&current, None).is_ok(),
        "the floor never sinks"
    );
    let late = Subject {
        security_version: 2,
        ..alice()
    };
    assert_eq!(
        scene.service.issue(&late, None).err(),
        Some(TokenError::Superseded)
    );
}

#[test]
fn revoking_any_token_of_a_session_ends_it() {
    let scene = Scene::new();
    for by in ["access", "refresh", "old refresh"] {
        let tokens = scene.issue(&alice());
        let next = scene.service.refresh(&tokens.refresh_token).unwrap();
        let token = match by {
            "access" => &tokens.access_token,
            "refresh" => &next.refresh_token,
            _ => &tokens.refresh_token,
        };
        scene.service.revoke(token).unwrap();
        assert_eq!(
            scene.host.told().last(),
            Some(&Told::Session(tokens.session)),
            "{by}"
        );
        assert_eq!(
            scene.service.refresh(&next.refresh_token).err(),
            Some(RefreshError::InvalidGrant)
        );
    }
}

#[test]
fn revoking_anything_else_is_no_error_and_does_nothing() {
    let scene = Scene::new();
    let tokens = scene.issue(&alice());
    let forged =
        crate::refresh_token::RefreshToken::first(tokens.session, &[1; 32], [2; 32]).to_text();
    let tampered = format!("{}A", tokens.access_token);
    for token in ["", "garbage", "srt_", &forged, &tampered] {
        scene.service.revoke(token).unwrap();
    }
    assert_eq!(scene.host.told(), []);
    assert!(scene.service.refresh(&tokens.refresh_token).is_ok());
}
