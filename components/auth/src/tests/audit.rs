//! Goal: whoever makes himself an administrator in the file, or has the log forget what was done, is found, and the row is named.
//! Method: a bank with users of every kind is audited, after each of many changes that somebody with the file in hand could make.

use super::*;
use crate::check_invariants;

/// The first administrator, a customer, and a teller who became an auditor, was disabled, and renamed.
fn scene() -> Scene {
    // All in one millisecond: the chain tells their order.
    scene_with_pauses(0)
}

fn scene_with_pauses(milliseconds: i64) -> Scene {
    let scene = Scene::new();
    scene.service.chain_older_events().unwrap();
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
        scene.pass_ms(milliseconds);
        scene.change(&teller, change).unwrap();
    }
    scene.create("other@example.org", Role::Teller);
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
    assert_eq!(examined, [10, 4]);
}

#[test]
fn a_bank_without_users_is_sound() {
    assert_eq!(violations(&Scene::new()), Vec::<String>::new());
}

#[test]
fn each_change_behind_the_bank_s_back_is_found_and_named() {
    for (change, words) in [
        (
            "UPDATE user SET role = 'admin' WHERE role = 'customer'",
            "is not what the audit log made of him",
        ),
        (
            "UPDATE user SET role = 'teller' WHERE role = 'auditor'",
            "is not what the audit log made of him",
        ),
        (
            "UPDATE user SET disabled = 1 WHERE role = 'auditor'",
            "is not what the audit log made of him",
        ),
        (
            "UPDATE user SET name = 'Ada' WHERE role = 'auditor'",
            "is not what the audit log made of him",
        ),
        ("DELETE FROM user WHERE role = 'auditor'", "there is no user"),
        (
            "UPDATE audit_log SET at = at + 1 WHERE action = 'user.disabled'",
            "it is not what its hash was made of",
        ),
        (
            "UPDATE audit_log SET actor = zeroblob(16) WHERE action = 'user.role'",
            "it is not what its hash was made of",
        ),
        (
            "UPDATE audit_log SET action = 'user.name' WHERE action = 'user.disabled'",
            "it is not what its hash was made of",
        ),
        (
            "UPDATE audit_log SET target = zeroblob(16) WHERE action = 'user.role'",
            "there is no user",
        ),
        (
            "UPDATE audit_log SET old_value = NULL WHERE action = 'user.role'",
            "it is not what its hash was made of",
        ),
        (
            "UPDATE audit_log SET new_value = 'teller' WHERE new_value = 'admin'",
            "it is not what its hash was made of",
        ),
        (
            "UPDATE audit_log SET request_id = 'r-8'",
            "it is not what its hash was made of",
        ),
        (
            "DELETE FROM audit_log WHERE action = 'user.name'",
            "is NULL, not a UUID",
        ),
        (
            "INSERT INTO audit_log SELECT randomblob(16), at, actor, action, target, old_value, new_value, request_id
             FROM audit_log LIMIT 1",
            "is in no chain",
        ),
        (
            "DELETE FROM audit_chain WHERE sequence = 3",
            "follows 2, so some are missing",
        ),
        (
            "DELETE FROM audit_chain WHERE sequence = 10",
            "the log ends at event 9",
        ),
        (
            "UPDATE audit_chain SET hash = zeroblob(32) WHERE sequence = 4",
            "event 4",
        ),
        ("UPDATE audit_head SET sequence = 9", "its head says something else"),
        ("DELETE FROM audit_head", "is not there"),
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

#[test]
fn the_log_of_a_release_without_a_chain_is_chained_once_with_the_first_administrator() {
    // Its rows are ordered by their ids, which begin with the millisecond; the one with two fields tells of different things.
    let scene = scene_with_pauses(1);
    // As such a release has left it: no chain, and nothing told of the first administrator.
    tamper(
        &scene,
        &[
            "DELETE FROM audit_chain",
            "UPDATE audit_head SET sequence = 0, hash = zeroblob(32)",
            "DELETE FROM audit_log WHERE actor = zeroblob(16)",
        ],
    );
    assert_ne!(violations(&scene), Vec::<String>::new());
    for _ in 0..2 {
        scene.service.chain_older_events().unwrap();
        assert_eq!(scene.count("SELECT 1 FROM audit_log"), 10);
        assert_eq!(scene.count("SELECT 1 FROM audit_chain"), 10);
    }
    assert_eq!(violations(&scene), Vec::<String>::new());
}

#[test]
fn a_row_of_a_release_that_is_being_replaced_is_chained_by_the_next_start() {
    let scene = scene();
    let row = "INSERT INTO audit_log SELECT randomblob(16), at, actor, 'user.name', target, old_value, NULL, request_id
        FROM audit_log WHERE action = 'user.name' LIMIT 1";
    tamper(&scene, &[row]);
    assert!(violations(&scene)[0].contains("is in no chain"));
    scene.service.chain_older_events().unwrap();
    assert_eq!(violations(&scene), Vec::<String>::new());
}
