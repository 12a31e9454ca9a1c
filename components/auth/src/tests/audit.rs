//! Goal: whoever makes himself an administrator in the file, or has the log forget what was done, is found, and the row is named.
//! Method: a bank with users of every kind is audited, after each of many changes that somebody with the file in hand could make.

use super::*;
use crate::check_invariants;

/// The first administrator, a customer, and a teller who became an auditor, was disabled, and renamed.
fn scene() -> Scene {
    // All in one millisecond: their places in the log tell their order.
    let scene = Scene::new();
    scene.service.bootstrap(None).unwrap();
    scene.register(EMAIL);
    let teller = scene.create("teller@example.org", Role::Teller);
    for change in [
        r#"{"role":"admin"}"#,
        r#"{"role":"teller"}"#,
        r#"{"role":"auditor"}"#,
        r#"{"disabled":true,"name":"Ada"}"#,
        r#"{"name":null}"#,
        r#"{"disabled":false}"#,
    ] {
        scene.change(&teller, change).unwrap();
    }
    scene.create("other@example.org", Role::Teller);
    let email = "teller@example.org".to_owned();
    scene
        .service
        .run_command("reset-password", &[email])
        .unwrap();
    scene
}

fn violations(scene: &Scene) -> Vec<String> {
    let report = check_invariants(&scene.service.store).unwrap();
    let violations = report.violations();
    violations.map(|(_, text)| text.to_owned()).collect()
}

/// Runs statements as somebody with the file in hand would: past triggers and checks.
fn tamper(scene: &Scene, statements: &[&str]) {
    let transaction = scene.service.store.begin().unwrap();
    let triggers = "SELECT name FROM sqlite_schema WHERE type = 'trigger'";
    for trigger in transaction.query(triggers, &[]).unwrap() {
        let drop = format!("DROP TRIGGER {}", trigger.text(0).unwrap());
        transaction.execute(&drop, &[]).unwrap();
    }
    transaction
        .execute("PRAGMA ignore_check_constraints = ON", &[])
        .unwrap();
    for statement in statements {
        assert!(
            transaction.execute(statement, &[]).unwrap() > 0,
            "{statement}"
        );
    }
    transaction.commit().unwrap();
}

#[test]
fn an_honest_bank_is_sound() {
    let scene = scene();
    let report = check_invariants(&scene.service.store).unwrap();
    assert_eq!(report.violations().collect::<Vec<_>>(), Vec::new());
    let examined: Vec<_> = report.checks.iter().map(|check| check.examined).collect();
    // Each change is a row, and the one with two fields is two; users are four.
    assert_eq!(examined, [11, 4]);
}

#[test]
fn a_bank_without_users_is_sound() {
    assert_eq!(violations(&Scene::new()), Vec::<String>::new());
}

#[test]
fn each_change_behind_the_bank_s_back_is_found_and_named() {
    const IS_NOT: &str = "is not what the audit log made of it";
    for (change, words) in [
        (
            "UPDATE user SET role = 'admin' WHERE role = 'customer'",
            IS_NOT,
        ),
        (
            "UPDATE user SET role = 'teller' WHERE role = 'auditor'",
            IS_NOT,
        ),
        (
            "UPDATE user SET disabled = 1 WHERE role = 'auditor'",
            IS_NOT,
        ),
        (
            "UPDATE user SET name = 'Ada' WHERE role = 'auditor'",
            IS_NOT,
        ),
        (
            "DELETE FROM user WHERE role = 'auditor'",
            "there is no user",
        ),
        (
            "UPDATE audit_log SET target = zeroblob(16) WHERE action = 'user.role'",
            "there is no user 00000000-0000-0000-0000-000000000000",
        ),
        (
            "UPDATE audit_log SET target = randomblob(16) WHERE action = 'user.name'",
            "there is no user",
        ),
        (
            "UPDATE audit_log SET action = 'user.name' WHERE action = 'user.disabled'",
            IS_NOT,
        ),
        (
            "UPDATE audit_log SET new_value = 'teller' WHERE new_value = 'auditor'",
            IS_NOT,
        ),
        ("DELETE FROM audit_log WHERE action = 'user.role'", IS_NOT),
        (
            "UPDATE audit_log SET request_id = 'r-8'",
            "it is not what its hash was made of",
        ),
    ] {
        let scene = scene();
        tamper(&scene, &[change]);
        let found = violations(&scene);
        assert!(
            found.iter().any(|text| text.contains(words)),
            "{change}: {found:?}"
        );
    }
}
