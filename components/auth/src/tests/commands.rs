//! Goal: an operator gets back into a bank whose passwords are lost, and nobody stays in who was.
//! Method: resets, what they end and what they leave, and each refusal.

use super::*;
use crate::EventFilter;
use serde_json::json;
use strongroom_sdk::page::Page;

impl Scene {
    fn run(&self, name: &str, arguments: &[&str]) -> Result<String, String> {
        let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
        self.service.run_command(name, &arguments)
    }

    fn reset(&self, email: &str) -> String {
        self.run("reset-password", &[email]).unwrap()
    }
}

fn password_in(told: &str) -> &str {
    let (_, rest) = told.split_once("is now ").unwrap();
    rest.split_whitespace().next().unwrap()
}

#[test]
fn a_reset_makes_a_password_and_ends_what_the_old_one_began() {
    let scene = Scene::new();
    let user = scene.register(EMAIL);
    let device = scene.log_in(EMAIL, PASSWORD).unwrap().device_token;
    for _ in 0..10 {
        let _ = scene.log_in(EMAIL, OTHER_PASSWORD);
        let _ = scene.log_in_from(HERE, Some(&device), EMAIL, OTHER_PASSWORD);
    }
    let told = scene.reset("ADA@example.org");
    assert!(
        told.contains("All sessions of this user have ended."),
        "{told}"
    );
    assert!(!told.contains("disabled"), "{told}");
    assert_eq!(scene.count("SELECT 1 FROM device_token"), 0);
    assert_eq!(scene.count("SELECT 1 FROM login_failure"), 0);
    let ended = Call::EndUserSessions(user.id, 2, None);
    assert_eq!(scene.tokens.calls().last(), Some(&ended));
    assert!(scene.log_in(EMAIL, PASSWORD).is_err());
    let password = password_in(&told);
    assert_eq!(password.len(), 29);
    scene.log_in(EMAIL, password).unwrap();
    assert_ne!(password_in(&scene.reset(EMAIL)), password);
}

#[test]
fn a_reset_is_an_event_of_the_operator() {
    let scene = Scene::new();
    let user = scene.register(EMAIL);
    let told = scene.reset(EMAIL);
    let page = Page::<u64, EventFilter>::from_query("").unwrap();
    let list = serde_json::to_value(scene.service.events(&page).unwrap()).unwrap();
    let event = &list["data"][0];
    let expected = json!({
        "sequence": 1, "user_id": user.id, "action": "user.password_reset",
        "actor_id": Uuid::nil(), "actor_role": "operator", "request_id": null,
        "old_value": null, "new_value": null, "created_at": "2026-11-22T12:00:00.000Z",
        "hash": event["hash"],
    });
    assert_eq!(event, &expected);
    assert!(!list.to_string().contains(password_in(&told)));
}

#[test]
fn a_disabled_user_stays_disabled_and_the_answer_says_so() {
    let scene = Scene::new();
    let user = scene.register(EMAIL);
    scene.change(&user, r#"{"disabled":true}"#).unwrap();
    let told = scene.reset(EMAIL);
    assert!(told.contains("still disabled"), "{told}");
    assert!(
        told.contains(&format!("/api/auth/users/{}", user.id)),
        "{told}"
    );
    assert!(scene.service.user(user.id).unwrap().disabled);
    assert!(scene.log_in(EMAIL, password_in(&told)).is_err());
}

#[test]
fn a_reset_is_a_success_only_when_the_older_sessions_have_ended() {
    let scene = Scene::new();
    let user = scene.register(EMAIL);
    scene.tokens.broken.set(true);
    let error = scene.run("reset-password", &[EMAIL]).unwrap_err();
    assert!(error.contains("the change is stored"), "{error}");
    assert!(error.contains("run the command again"), "{error}");
    assert!(scene.log_in(EMAIL, PASSWORD).is_err());
    scene.tokens.broken.set(false);
    scene.pass_ms(1);
    scene.reset(EMAIL);
    let ended = |version| Call::EndUserSessions(user.id, version, None);
    assert_eq!(scene.tokens.calls(), [ended(2), ended(3)]);
}

#[test]
fn refusals_say_what_to_do_and_change_nothing() {
    let scene = Scene::new();
    let user = scene.register(EMAIL);
    for (name, arguments, words) in [
        ("reset-password", vec![], "reset-password EMAIL"),
        ("reset-password", vec![EMAIL, EMAIL], "reset-password EMAIL"),
        (
            "reset-password",
            vec!["nobody@example.org"],
            "nobody@example.org",
        ),
        (
            "reset-passwords",
            vec![EMAIL],
            "there is: reset-password EMAIL",
        ),
        ("", vec![], "there is: reset-password EMAIL"),
    ] {
        let error = scene.run(name, &arguments).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
    scene.cores.busy.set(true);
    let error = scene.run("reset-password", &[EMAIL]).unwrap_err();
    assert!(error.contains("run the command again"), "{error}");
    assert!(scene.service.user(user.id).unwrap() == user);
    assert_eq!(scene.count("SELECT 1 FROM audit_log"), 0);
}
