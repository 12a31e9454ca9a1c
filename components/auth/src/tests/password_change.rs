//! Goal: a new password ends every session but the caller's, whatever breaks in between; a guess changes nothing.
//! Method: changes with a token service that works and one that does not.

use super::*;
use crate::PasswordChange;
use strongroom_sdk::problem::Problem;

impl Scene {
    fn change_password(&self, user: &User, current: &str, new: &str) -> Result<(), AuthError> {
        let change = PasswordChange {
            current_password: current.to_owned(),
            new_password: new.to_owned(),
        };
        self.service.change_password(&identity(user), &change)
    }
}

#[test]
fn a_new_password_ends_all_other_sessions() {
    let scene = Scene::new();
    let user = scene.register(EMAIL);
    scene
        .change_password(&user, PASSWORD, OTHER_PASSWORD)
        .unwrap();
    let except = Some(identity(&user).session);
    assert_eq!(
        scene.tokens.calls(),
        [Call::EndUserSessions(user.id, 2, except)]
    );
    assert_eq!(scene.count("SELECT 1 FROM ended_sessions_outbox"), 0);
    assert!(scene.log_in(EMAIL, PASSWORD).is_err());
    scene.log_in(EMAIL, OTHER_PASSWORD).unwrap();
    assert_eq!(
        scene.tokens.calls().last(),
        Some(&Call::Issue(user.id, Role::Customer, 2))
    );
}

#[test]
fn one_who_was_shut_out_meanwhile_keeps_no_session_by_a_new_password() {
    let scene = Scene::new();
    let user = scene.register(EMAIL);
    for change in [
        r#"{"role":"teller"}"#,
        r#"{"role":"customer","disabled":true}"#,
    ] {
        scene.change(&user, change).unwrap();
        let changed = scene.change_password(&user, PASSWORD, OTHER_PASSWORD);
        assert_eq!(changed, Err(AuthError::Conflict), "{change}");
    }
}

#[test]
fn sessions_that_could_not_be_ended_are_ended_by_a_later_tick() {
    let scene = Scene::new();
    let user = scene.register(EMAIL);
    scene.tokens.broken.set(true);
    let changed = scene.change_password(&user, PASSWORD, OTHER_PASSWORD);
    assert_eq!(changed, Err(AuthError::NotInForce));
    assert!(scene.service.deliver_pending().is_err());
    scene.tokens.broken.set(false);
    assert_eq!(scene.service.deliver_pending(), Ok(1));
    assert_eq!(scene.service.deliver_pending(), Ok(0));
    assert_eq!(
        scene.tokens.calls(),
        [Call::EndUserSessions(
            user.id,
            2,
            Some(identity(&user).session)
        )]
    );
}

#[test]
fn a_retry_is_a_success_when_the_older_sessions_have_ended() {
    for ended_by in ["the retry", "a tick"] {
        let scene = Scene::new();
        let user = scene.register(EMAIL);
        let change = || scene.change_password(&user, PASSWORD, OTHER_PASSWORD);
        scene.tokens.broken.set(true);
        for _ in 0..2 {
            let problem = Problem::from(change().unwrap_err());
            assert_eq!(
                (problem.status().as_u16(), problem.code()),
                (503, "service_unavailable")
            );
        }
        let kept = scene.kept_hash(user.id);
        scene.tokens.broken.set(false);
        if ended_by == "a tick" {
            assert_eq!(scene.service.deliver_pending(), Ok(1));
        }
        for _ in 0..2 {
            change().unwrap();
        }
        let except = Some(identity(&user).session);
        assert_eq!(
            scene.tokens.calls(),
            [Call::EndUserSessions(user.id, 2, except)],
            "{ended_by}"
        );
        assert_eq!(scene.kept_hash(user.id), kept);
        assert_eq!(scene.failures_by("session"), 0);
    }
}

#[test]
fn a_wrong_current_password_changes_nothing_and_is_throttled() {
    let scene = Scene::new();
    let user = scene.register(EMAIL);
    for _ in 0..4 {
        let error = scene
            .change_password(&user, OTHER_PASSWORD, "a third password for ada")
            .unwrap_err();
        assert_eq!(error, AuthError::WrongCurrentPassword);
        assert_eq!(Problem::from(error).code(), "invalid_credentials");
    }
    assert!(matches!(
        scene.change_password(&user, PASSWORD, OTHER_PASSWORD),
        Err(AuthError::TooManyAttempts { .. })
    ));
    assert_eq!((scene.failures_by("session"), scene.failures()), (4, 0));
    scene.log_in(EMAIL, PASSWORD).unwrap();
    scene.pass_ms(3_000);
    scene
        .change_password(&user, PASSWORD, OTHER_PASSWORD)
        .unwrap();
}

#[test]
fn a_stranger_keeps_nobody_from_a_new_password() {
    let scene = Scene::new();
    let user = scene.register(EMAIL);
    for _ in 0..10 {
        let _ = scene.log_in(EMAIL, OTHER_PASSWORD);
    }
    assert!(scene.log_in(EMAIL, PASSWORD).is_err());
    scene
        .change_password(&user, PASSWORD, OTHER_PASSWORD)
        .unwrap();
}

#[test]
fn without_a_core_nothing_is_changed_or_counted() {
    let scene = Scene::new();
    let user = scene.register(EMAIL);
    let _ = scene.change_password(&user, OTHER_PASSWORD, "a third password for ada");
    scene.service.store.take_endings();
    scene.cores.busy.set(true);
    assert_eq!(
        scene.change_password(&user, PASSWORD, OTHER_PASSWORD),
        Err(AuthError::Overloaded)
    );
    assert_eq!(scene.service.store.take_endings(), []);
    assert_eq!(scene.failures_by("session"), 1);
}

#[test]
fn the_new_password_keeps_the_rules() {
    let scene = Scene::new();
    let user = scene.register(EMAIL);
    for (new, code) in [
        ("fourteen chars", "password_too_short"),
        ("passwordpassword", "password_blocked"),
        (EMAIL, "password_blocked"),
    ] {
        let problem = Problem::from(scene.change_password(&user, PASSWORD, new).unwrap_err());
        assert_eq!(
            (problem.code(), problem.errors()[0].pointer.as_str()),
            (code, "/new_password")
        );
    }
    scene.log_in(EMAIL, PASSWORD).unwrap();
}
