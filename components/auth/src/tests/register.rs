//! Goal: a registration makes exactly one customer, or nothing.
//! Method: each refusal, and what the store has after it.

use super::*;
use strongroom_sdk::problem::Problem;

fn refusal(
    scene: &Scene,
    email: &str,
    password: &str,
    name: Option<&str>,
) -> (&'static str, Vec<String>) {
    let registration = Registration {
        email: email.to_owned(),
        password: password.to_owned(),
        name: name.map(str::to_owned),
    };
    let problem = Problem::from(
        scene
            .service
            .register(&registration)
            .err()
            .expect("refused"),
    );
    let pointers = problem
        .errors()
        .iter()
        .map(|error| error.pointer.clone())
        .collect();
    (problem.code(), pointers)
}

#[test]
fn a_registration_makes_a_customer() {
    let scene = Scene::new();
    let user = scene.register(EMAIL);
    assert_eq!(
        (user.role, user.security_version, user.disabled),
        (Role::Customer, 1, false)
    );
    assert!(scene.service.user(user.id).unwrap() == user);
    assert!(
        user.password_hash
            .starts_with("$argon2id$v=19$m=8,t=1,p=1$")
    );
}

#[test]
fn a_mailbox_has_one_user() {
    let scene = Scene::new();
    scene.register("joe@b\u{fc}cher.example");
    for taken in [
        "joe@xn--bcher-kva.example",
        "JOE@bu\u{308}cher.example",
        "joe@\u{ff42}\u{fc}cher.example",
    ] {
        let refused = refusal(&scene, taken, PASSWORD, None);
        assert_eq!(refused, ("email_taken", vec![]), "{taken}");
        assert!(scene.log_in(taken, PASSWORD).is_ok(), "{taken}");
    }
    let pointers = vec!["/email".to_owned()];
    let look_alike = refusal(&scene, "\u{212a}ate@example.org", PASSWORD, None);
    assert_eq!(look_alike, ("validation_failed", pointers));
    scene.register("kate@example.org");
}

#[test]
fn refusals_name_the_field_and_write_nothing() {
    let scene = Scene::new();
    let at = |pointer: &str| vec![pointer.to_owned()];
    assert_eq!(
        refusal(&scene, "nobody", PASSWORD, None),
        ("validation_failed", at("/email"))
    );
    assert_eq!(
        refusal(&scene, EMAIL, "fourteen chars", None),
        ("password_too_short", at("/password"))
    );
    assert_eq!(
        refusal(&scene, EMAIL, &"tram lark ".repeat(26), None),
        ("password_too_long", at("/password"))
    );
    assert_eq!(
        refusal(&scene, EMAIL, "passwordpassword", None),
        ("password_blocked", at("/password"))
    );
    for name in ["", " ", "\u{202e}\u{200b}", "a\nb", &"x".repeat(101)] {
        assert_eq!(
            refusal(&scene, EMAIL, PASSWORD, Some(name)),
            ("validation_failed", at("/name"))
        );
    }
    assert_eq!(scene.count("SELECT 1 FROM user"), 0);
    assert_eq!(scene.cores.taken.get(), 0, "nothing was hashed for nothing");
}

#[test]
fn an_address_is_taken_once_whatever_its_case() {
    let scene = Scene::new();
    scene.register(EMAIL);
    let hashes = scene.cores.taken.get();
    assert_eq!(
        refusal(&scene, "ADA@Example.ORG", PASSWORD, None).0,
        "email_taken"
    );
    assert_eq!(scene.cores.taken.get(), hashes);
    assert_eq!(scene.count("SELECT 1 FROM user"), 1);
}

#[test]
fn the_insert_decides_who_has_the_address() {
    let scene = Scene::new();
    let (user, email) = scene
        .service
        .new_user(EMAIL, PASSWORD, None, Role::Customer)
        .unwrap();
    scene.register(EMAIL);
    let transaction = scene.service.store.begin().unwrap();
    assert_eq!(
        crate::user::register::insert(&user, &email, &transaction),
        Err(AuthError::EmailTaken)
    );
}

#[test]
fn without_a_core_nothing_is_made() {
    let scene = Scene::new();
    scene.cores.busy.set(true);
    assert_eq!(
        refusal(&scene, EMAIL, PASSWORD, None).0,
        "service_unavailable"
    );
    assert_eq!(scene.count("SELECT 1 FROM user"), 0);
}

#[test]
fn equal_passwords_have_different_hashes() {
    let scene = Scene::new();
    assert_ne!(
        scene.register("a@example.org").password_hash,
        scene.register("b@example.org").password_hash
    );
}

#[test]
fn an_address_is_taken_only_after_its_user_is_on_disk() {
    let scene = Scene::new();
    scene.register(EMAIL);
    // The look before the hash does not see a user of the same group; the insert does.
    scene.service.store.take_endings();
    let registration = |email: &str| Registration {
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
        name: None,
    };
    assert_eq!(
        scene.service.register(&registration(EMAIL)).err(),
        Some(AuthError::EmailTaken)
    );
    assert_eq!(scene.service.store.take_endings(), []);
    scene
        .execute("CREATE TRIGGER overtaken BEFORE INSERT ON user BEGIN SELECT RAISE(ABORT, 'UNIQUE: user.email_key'); END")
        .unwrap();
    scene.service.store.take_endings();
    assert_eq!(
        scene
            .service
            .register(&registration("late@example.org"))
            .err(),
        Some(AuthError::EmailTaken)
    );
    assert_eq!(scene.service.store.take_endings(), [Ending::OnDisk]);
}
