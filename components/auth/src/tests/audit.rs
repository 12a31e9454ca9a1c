//! Goal: whatever a user with the file changes in it is found, and the report names the row.

use super::keys::id;
use super::kit::*;
use crate::check_invariants;
use serde_json::json;
use strongroom_sdk::identity::Role;
use strongroom_sdk::store::drop_guards;

/// The first administrator, a customer, and a teller with every change; and two keys.
fn bank() -> Bank {
    // All in one millisecond: their places in the log give their order.
    let (bank, _) = Bank::with_ada();
    bank.bootstrap(None).unwrap();
    let teller = bank.create(TELLER, Role::Teller);
    let changes = r#"{"role":"admin"} {"role":"teller"} {"role":"auditor"}
        {"disabled":true,"name":"Ada"} {"name":null} {"disabled":false} {"metadata":{"crm":"7"}}"#;
    for change in changes.split_whitespace() {
        bank.change(&teller, change).unwrap();
    }
    bank.create("other@example.org", Role::Teller);
    bank.reset(TELLER);
    bank.revoke(id(&bank.key(json!({"name": "old"})))).unwrap();
    bank.key(json!({"name": "new", "expires_at": "2027-01-31T00:00:00Z"}));
    bank
}

#[test]
fn an_honest_bank_is_sound() {
    // Each change is a row, and the one with two fields is two; users are four, and keys two.
    for (bank, expected) in [(bank(), [15, 6]), (Bank::new(), [0, 0])] {
        let report = check_invariants(&bank.store).unwrap();
        assert_eq!(report.violations().collect::<Vec<_>>(), []);
        let examined: Vec<_> = report.checks.iter().map(|check| check.examined).collect();
        assert_eq!(examined, expected);
    }
}

#[test]
fn each_change_of_the_file_is_found_and_named() {
    const NO_USER: &str = "there is no user";
    const NIL: &str = "there is no user or key 00000000-0000-0000-0000-000000000000";
    const IS_NOT: &str = "is not what the audit log made of it";
    const HASH: &str = "it is not what its hash was made of";
    for (change, words) in rows! {
        ("UPDATE user SET role = 'admin' WHERE role = 'customer'", IS_NOT),
        ("UPDATE user SET role = 'teller' WHERE role = 'auditor'", IS_NOT),
        ("UPDATE user SET disabled = 1 WHERE role = 'auditor'", IS_NOT),
        ("UPDATE user SET name = 'Ada' WHERE role = 'auditor'", IS_NOT),
        ("UPDATE user SET metadata = NULL WHERE role = 'auditor'", IS_NOT),
        ("UPDATE user SET email_key = 'x@y.example' WHERE role = 'auditor'", IS_NOT),
        ("UPDATE user SET metadata = '{' WHERE role = 'auditor'", "is no metadata"),
        ("DELETE FROM user WHERE role = 'auditor'", NO_USER),
        ("UPDATE audit_log SET target = zeroblob(16) WHERE action = 'user.role'", NIL),
        ("UPDATE audit_log SET target = randomblob(16) WHERE action = 'user.name'", NO_USER),
        ("UPDATE audit_log SET action = 'user.name' WHERE action = 'user.disabled'", IS_NOT),
        ("UPDATE audit_log SET new_value = 'teller' WHERE new_value = 'auditor'", IS_NOT),
        ("DELETE FROM audit_log WHERE action = 'user.role'", IS_NOT),
        ("UPDATE audit_log SET request_id = 'r-8'", HASH),
        ("UPDATE api_key SET scopes = 'journal:read' WHERE name = 'new'", IS_NOT),
        ("UPDATE api_key SET client = randomblob(16) WHERE name = 'old'", IS_NOT),
        ("UPDATE api_key SET name = 'other' WHERE name = 'new'", IS_NOT),
        ("UPDATE api_key SET expires_at = NULL WHERE name = 'new'", IS_NOT),
        ("UPDATE api_key SET created_at = 1 WHERE name = 'new'", IS_NOT),
        ("UPDATE api_key SET prefix = 'sk_' WHERE name = 'new'", IS_NOT),
        ("UPDATE api_key SET state = 'active' WHERE name = 'old'", IS_NOT),
        ("UPDATE api_key SET state = 'pending' WHERE name = 'new'", IS_NOT),
        ("UPDATE api_key SET state = 'lost' WHERE name = 'new'", "is no KeyState"),
        ("DELETE FROM api_key WHERE name = 'new'", NO_USER),
        (
            "INSERT INTO api_key SELECT randomblob(16), state, name, client, scopes, prefix,
                expires_at, created_at FROM api_key WHERE name = 'new'",
            IS_NOT,
        ),
    } {
        let bank = bank();
        // Past triggers and checks, as a user with the file could.
        drop_guards(&bank.store).unwrap();
        assert_ne!(bank.store.execute(change), 0, "{change}");
        assert_found(check_invariants(&bank.store), words, change);
    }
}
