//! Goal: an operator gets back into a bank whose passwords are lost, and earlier sessions end.

use super::kit::*;
use uuid::Uuid;

impl Bank {
    fn run(&self, name: &str, arguments: &[&str]) -> Result<String, String> {
        let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
        self.run_command(name, &arguments)
    }

    pub(super) fn reset(&self, email: &str) -> String {
        self.run("reset-password", &[email]).unwrap()
    }
}

fn password_in(printed: &str) -> &str {
    let (_, rest) = printed.split_once("is now ").unwrap();
    rest.split_whitespace().next().unwrap()
}

#[test]
fn a_reset_makes_a_password_and_ends_what_the_old_one_began() {
    let (bank, user) = Bank::with_ada();
    let device = bank.log_in(EMAIL, PASSWORD).unwrap().device_token;
    for _ in 0..10 {
        let _ = bank.log_in(EMAIL, OTHER_PASSWORD);
        let _ = bank.log_in_from(HERE, Some(&device), EMAIL, OTHER_PASSWORD);
    }
    let printed = bank.reset("ADA@example.org");
    assert!(printed.contains("All sessions of this user have ended."));
    assert!(!printed.contains("disabled"), "{printed}");
    assert_eq!(bank.store.count("device_token"), 0);
    assert_eq!(bank.store.count("login_failure"), 0);
    let ended = Call::EndUserSessions(user.id, 2, None);
    assert_eq!(bank.issuer.calls().last(), Some(&ended));
    assert!(bank.log_in(EMAIL, PASSWORD).is_err());
    let password = password_in(&printed);
    assert_eq!(password.len(), 29);
    bank.log_in(EMAIL, password).unwrap();
    let list = bank.events("");
    assert_json!(list["data"][0], {
        "user_id": user.id, "action": "user.password_reset", "actor_id": (Uuid::nil()),
        "actor_role": "operator", "request_id": null, "old_value": null, "new_value": null,
    });
    assert!(!list.to_string().contains(password));
    assert_ne!(password_in(&bank.reset(EMAIL)), password);
}

#[test]
fn a_disabled_user_stays_disabled_and_the_command_says_so() {
    let (bank, user) = Bank::with_ada();
    bank.change(&user, DISABLE).unwrap();
    let printed = bank.reset(EMAIL);
    assert!(printed.contains("still disabled"), "{printed}");
    assert!(printed.contains(&format!("/api/auth/users/{}", user.id)));
    assert!(bank.user(user.id).unwrap().disabled);
    assert!(bank.log_in(EMAIL, password_in(&printed)).is_err());
}

#[test]
fn a_reset_is_a_success_only_when_the_older_sessions_have_ended() {
    let (bank, user) = Bank::with_ada();
    bank.issuer.broken.set(true);
    let error = bank.run("reset-password", &[EMAIL]).unwrap_err();
    assert!(error.contains("the change is stored"), "{error}");
    assert!(error.contains("run the command again"), "{error}");
    assert!(bank.log_in(EMAIL, PASSWORD).is_err());
    bank.issuer.broken.set(false);
    bank.clock.pass_ms(1);
    bank.reset(EMAIL);
    let ended = [2, 3].map(|version| Call::EndUserSessions(user.id, version, None));
    assert_eq!(bank.issuer.calls(), ended);
}

#[test]
fn refusals_say_what_to_do_and_change_nothing() {
    let (bank, user) = Bank::with_ada();
    let usage = "reset-password EMAIL";
    for (name, arguments, words) in rows! {
        ("reset-password", vec![], usage),
        ("reset-password", vec![EMAIL, EMAIL], usage),
        ("reset-password", vec!["nobody@example.org"], "nobody@example.org"),
        ("reset-passwords", vec![EMAIL], "there is: reset-password EMAIL"),
        ("", vec![], "there is: reset-password EMAIL"),
    } {
        let error = bank.run(name, &arguments).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
    bank.compute.busy.set(true);
    let error = bank.run("reset-password", &[EMAIL]).unwrap_err();
    assert!(error.contains("run the command again"), "{error}");
    assert!(bank.user(user.id).unwrap() == user);
    assert_eq!(bank.store.count("audit_log"), 0);
}
