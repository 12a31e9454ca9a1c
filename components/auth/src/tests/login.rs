//! Goal: the right password begins a session under what the user is at that moment; anything else is the same refusal at the same
//! price.
//! Method: each kind of login, the calls to the token service, and the hashes it took.

use super::*;
use crate::password::tests::SPELLINGS;
use crate::{NewUser, PasswordChange};
use strongroom_sdk::audit_log::Actor;

#[test]
fn the_right_password_begins_a_session() {
    let scene = Scene::new();
    let user = scene.register(EMAIL);
    let logged_in = scene.log_in("ADA@example.org", PASSWORD).unwrap();
    assert!(logged_in.user == user);
    assert_eq!(logged_in.tokens.expires_in, 300);
    assert_eq!(
        scene.tokens.calls(),
        [Call::Issue(user.id, Role::Customer, 1)]
    );
    assert_eq!(scene.failures(), 0);
}

#[test]
fn every_spelling_of_a_password_is_the_same_wherever_it_is_given() {
    let [keyboard, decomposed, ..] = SPELLINGS;
    let opens = |scene: &Scene, email: &str| {
        for spelling in SPELLINGS {
            assert!(scene.log_in(email, spelling).is_ok(), "{email}: {spelling}");
        }
    };
    let scene = Scene::new();
    scene.service.bootstrap(Some(decomposed)).unwrap();
    opens(&scene, "admin@strongroom.local");
    let registration = Registration {
        email: EMAIL.to_owned(),
        password: keyboard.to_owned(),
        name: None,
    };
    let user = scene.service.register(&registration).unwrap();
    opens(&scene, EMAIL);
    let change = PasswordChange {
        current_password: decomposed.to_owned(),
        new_password: decomposed.replace("42", "43"),
    };
    scene
        .service
        .change_password(&identity(&user), &change)
        .unwrap();
    assert!(scene.log_in(EMAIL, &keyboard.replace("42", "43")).is_ok());
    let teller = NewUser {
        email: "teller@example.org".to_owned(),
        password: decomposed.to_owned(),
        role: Role::Teller,
        name: None,
    };
    scene.service.create_user(&Actor::BANK, &teller).unwrap();
    opens(&scene, "teller@example.org");
}

#[test]
fn wrong_unknown_and_disabled_are_one_refusal_at_one_price() {
    let scene = Scene::new();
    scene.register(EMAIL);
    let disabled = scene.register("disabled@example.org");
    scene
        .execute("UPDATE user SET disabled = 1 WHERE email = 'disabled@example.org'")
        .unwrap();
    for (email, password) in [
        (EMAIL, OTHER_PASSWORD),
        ("nobody@example.org", PASSWORD),
        ("no address at all", PASSWORD),
        ("disabled@example.org", PASSWORD),
    ] {
        let hashes = scene.cores.taken.get();
        assert_eq!(
            scene.log_in(email, password).err(),
            Some(AuthError::InvalidCredentials),
            "{email}"
        );
        assert_eq!(scene.cores.taken.get(), hashes + 1, "{email}");
    }
    assert_eq!(scene.failures(), 4, "each is counted");
    assert_eq!(scene.tokens.calls(), []);
    assert!(disabled.id != Uuid::nil());
}

#[test]
fn new_parameters_rewrite_the_hash_at_a_right_login_only() {
    let mut scene = Scene::new();
    let user = scene.register(EMAIL);
    let old = scene.kept_hash(user.id);
    scene.service.settings.argon2 = small(2);
    assert!(scene.log_in(EMAIL, OTHER_PASSWORD).is_err());
    assert_eq!(scene.kept_hash(user.id), old);
    scene.log_in(EMAIL, PASSWORD).unwrap();
    let new = scene.kept_hash(user.id);
    assert!(new.starts_with("$argon2id$v=19$m=8,t=2,p=1$"), "{new}");
    assert_eq!(
        scene.service.user(user.id).unwrap().security_version,
        1,
        "no session ends"
    );
    scene.log_in(EMAIL, PASSWORD).unwrap();
    assert_eq!(scene.kept_hash(user.id), new);
}

#[test]
fn a_user_disabled_during_the_login_gets_no_session() {
    let scene = Scene::new();
    let user = scene.register(EMAIL);
    let (store, calls) = (scene.service.store.clone(), Rc::clone(&scene.tokens.calls));
    *scene.tokens.meanwhile.borrow_mut() = Some(Box::new(move || {
        let transaction = store.begin().unwrap();
        transaction
            .execute("UPDATE user SET disabled = 1, security_version = 2", &[])
            .unwrap();
        transaction.commit().unwrap();
        calls
            .borrow_mut()
            .push(Call::EndUserSessions(user.id, 2, None));
    }));
    assert_eq!(
        scene.log_in(EMAIL, PASSWORD).err(),
        Some(AuthError::InvalidCredentials)
    );
}

#[test]
fn a_role_changed_during_the_login_is_the_session_s_role() {
    let scene = Scene::new();
    let user = scene.register(EMAIL);
    let (store, calls) = (scene.service.store.clone(), Rc::clone(&scene.tokens.calls));
    *scene.tokens.meanwhile.borrow_mut() = Some(Box::new(move || {
        let transaction = store.begin().unwrap();
        transaction
            .execute("UPDATE user SET role = 'teller', security_version = 2", &[])
            .unwrap();
        transaction.commit().unwrap();
        calls
            .borrow_mut()
            .push(Call::EndUserSessions(user.id, 2, None));
    }));
    assert_eq!(
        scene.log_in(EMAIL, PASSWORD).unwrap().user.role,
        Role::Teller
    );
    assert_eq!(
        scene.tokens.calls().last(),
        Some(&Call::Issue(user.id, Role::Teller, 2))
    );
}

#[test]
fn logout_ends_the_caller_s_session() {
    let scene = Scene::new();
    let caller = identity(&scene.register(EMAIL));
    scene
        .service
        .log_out(caller.session, caller.subject)
        .unwrap();
    assert_eq!(
        scene.tokens.calls(),
        [Call::EndSession(caller.session, caller.subject)]
    );
    scene.tokens.broken.set(true);
    assert!(matches!(
        scene.service.log_out(caller.session, caller.subject),
        Err(AuthError::Issuer(_))
    ));
}
