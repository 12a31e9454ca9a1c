//! Goal: each change of a user by an administrator is in the log, and one administrator stays.

use super::kit::*;
use crate::user::User;
use crate::{AuthError, Login, OwnChange, UserChange};
use serde::de::DeserializeOwned;
use serde_json::json;
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::identity::Role;
use strongroom_sdk::json;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::{Ending, Reader};
use uuid::Uuid;

impl Bank {
    /// `action old -> new, ..`, oldest first.
    fn audit(&self) -> String {
        let sql = "SELECT action || ' ' || coalesce(old_value, '-') || ' -> '
            || coalesce(new_value, '-') FROM audit_log WHERE request_id = 'r-7' ORDER BY sequence";
        let rows = self.store.query(sql, &[]).unwrap();
        rows.all(|row| row.text(0)).unwrap().join(", ")
    }

    pub(super) fn rename(&self, user: &User, name: &str) {
        let body = json!({"name": name}).to_string();
        self.change(user, &body).unwrap();
    }
}

#[test]
fn a_new_role_and_each_disabling_end_all_sessions_and_a_name_ends_none() {
    let (bank, user) = Bank::with_ada();
    // The token service may have lost what it was told, as its store was restored alone.
    let bodies = r#"{"role":"auditor"} {"disabled":true} {"disabled":true} {"disabled":false}
        {"name":"Ada"} {"name":null}"#;
    for body in bodies.split_whitespace() {
        bank.change(&user, body).unwrap();
        bank.clock.pass_ms(1);
    }
    let last = bank.user(user.id).unwrap();
    assert_eq!((last.name, last.security_version), (None, 3));
    let ended = [2, 3, 3].map(|version| Call::EndUserSessions(user.id, version, None));
    assert_eq!(bank.issuer.calls(), ended);
    let audited = "user.role customer -> auditor, user.disabled false -> true, \
        user.disabled true -> false, user.name - -> Ada, user.name Ada -> -";
    assert_eq!(bank.audit(), audited);
}

#[test]
fn what_changes_nothing_writes_nothing() {
    let bank = Bank::new();
    let teller = bank.create(TELLER, Role::Teller);
    bank.rename(&teller, "Ada");
    let (audited, renamed) = (bank.audit(), bank.user(teller.id).unwrap());
    // Null leaves what is never empty.
    let bodies = r#"{} {"role":"teller"} {"role":null,"disabled":null}"#;
    bank.store.take_endings();
    for body in bodies.split(' ') {
        assert!(bank.change(&teller, body).unwrap() == renamed, "{body}");
        // The row that it shows may be of an earlier turn of the group.
        assert_eq!(bank.store.take_endings(), [Ending::OnDisk]);
    }
    assert!(bank.change(&teller, ENABLE).unwrap() == renamed);
    assert_eq!(bank.audit(), audited);
    assert_eq!(bank.issuer.calls(), []);
}

#[test]
fn a_change_is_a_success_only_when_the_older_sessions_have_ended() {
    let all = r#"{"role":"auditor","disabled":true,"name":"Ada"}"#;
    for body in [DISABLE, r#"{"role":"teller"}"#, all] {
        let (bank, user) = Bank::with_ada();
        bank.issuer.broken.set(true);
        // The retry changes nothing any more, and still is no success.
        for _ in 0..2 {
            let error = bank.change(&user, body).err().unwrap();
            assert_eq!(error, AuthError::NotInForce);
            let problem = Problem::from(error);
            assert_eq!(problem.status().as_u16(), 503);
            assert!(problem.detail().contains("is stored"), "{problem:?}");
        }
        // It waits for no other user's sessions.
        bank.rename(&bank.register(BOB), "Bob");
        let audited = bank.audit();
        bank.issuer.broken.set(false);
        assert!(bank.change(&user, body).unwrap() == bank.user(user.id).unwrap());
        let mut calls = bank.issuer.calls();
        calls.dedup();
        assert_eq!(calls, [Call::EndUserSessions(user.id, 2, None)], "{body}");
        assert_eq!(bank.audit(), audited, "{body}");
    }
}

#[test]
fn metadata_is_changed_key_by_key_and_null_removes_it() {
    let (bank, user) = Bank::with_ada();
    for (body, metadata) in rows! {
        (r#"{"metadata":{"crm":"7","tier":"gold"}}"#, r#"{"crm":"7","tier":"gold"}"#),
        (r#"{"metadata":{"tier":null,"region":"eu"}}"#, r#"{"crm":"7","region":"eu"}"#),
        (r#"{"metadata":{}}"#, r#"{"crm":"7","region":"eu"}"#),
        (r#"{"metadata":null}"#, "{}"),
    } {
        let changed = bank.change(&user, body).unwrap();
        assert_eq!(changed.metadata.to_json(), metadata, "{body}");
        assert!(bank.user(user.id).unwrap() == changed);
    }
    let audited = [
        r#"user.metadata {} -> {"crm":"7","tier":"gold"}"#,
        r#"user.metadata {"crm":"7","tier":"gold"} -> {"crm":"7","region":"eu"}"#,
        r#"user.metadata {"crm":"7","region":"eu"} -> {}"#,
    ];
    assert_eq!(bank.audit(), audited.join(", "));
    assert_eq!(bank.issuer.calls(), []);
}

#[test]
fn metadata_that_grows_too_large_is_refused_and_nothing_is_changed() {
    let (bank, user) = Bank::with_ada();
    let part = |key: &str| json!({"name": key, "metadata": {key: "x".repeat(2_500)}}).to_string();
    let first = bank.change(&user, &part("a")).unwrap();
    bank.store.take_endings();
    let refused = refusal(bank.change(&user, &part("b")));
    assert_eq!(refused, "422 validation_failed /metadata");
    assert_eq!(bank.store.take_endings(), [Ending::OnDisk]);
    assert!(bank.user(user.id).unwrap() == first);
}

#[test]
fn users_change_their_own_name_and_metadata_and_the_log_has_it() {
    let (bank, user) = Bank::with_ada();
    let own = Actor {
        id: user.id,
        role: "customer".into(),
        ..admin()
    };
    let change = json::from_slice(br#"{"name":"Ada","metadata":{"theme":"dark"}}"#).unwrap();
    let changed = bank.change_own(&own, user.id, change).unwrap();
    assert_eq!(changed.name.as_deref(), Some("Ada"));
    assert_eq!(changed.metadata.to_json(), r#"{"theme":"dark"}"#);
    let events = bank.events(&format!("user_id={}", user.id));
    assert_eq!(events["data"][0]["actor_id"], json!(user.id));
    let audited = r#"user.name - -> Ada, user.metadata {} -> {"theme":"dark"}"#;
    assert_eq!(bank.audit(), audited);
}

#[test]
fn an_unknown_user_is_not_found() {
    let (bank, nobody) = (Bank::new(), Uuid::nil());
    let own = OwnChange::default();
    for outcome in [
        bank.user(nobody),
        bank.change_as(&admin(), nobody, DISABLE),
        bank.change_own(&admin(), nobody, own),
    ] {
        assert_eq!(outcome.err(), Some(AuthError::NotFound));
    }
}

#[test]
fn a_body_has_its_members_by_their_names_and_no_other() {
    fn is_read<T: DeserializeOwned>(body: &str) -> bool {
        json::from_slice::<T>(body.as_bytes()).is_ok()
    }
    let login = |more: &str| format!(r#"{{"email":"a","password":"b"{more}}}"#);
    for more in ["", r#","device_token":"c""#, r#","device_token":null"#] {
        assert!(is_read::<Login>(&login(more)), "{more}");
    }
    for more in [r#","device_token":7"#, r#","totp":"123456""#] {
        assert!(!is_read::<Login>(&login(more)), "{more}");
    }
    let changes = r#"{"role":{"teller":null}} [true] {"email":"x"} {"security_version":9}"#;
    for body in changes.split(' ') {
        assert!(!is_read::<UserChange>(body), "{body}");
    }
    for body in r#"{"role":"admin"} {"disabled":false} {"email":"x"}"#.split(' ') {
        assert!(!is_read::<OwnChange>(body), "{body}");
    }
}

#[test]
fn administrators_change_neither_their_own_role_nor_whether_they_may_log_in() {
    let bank = Bank::new();
    let user = bank.create("first@example.org", Role::Admin);
    bank.create("second@example.org", Role::Admin);
    let own = Actor {
        id: user.id,
        ..admin()
    };
    let bodies = r#"{"role":"teller"} {"role":"admin"} {"disabled":true} {"disabled":false}
        {"name":"Ada","disabled":true}"#;
    for body in bodies.split_whitespace() {
        let refused = refusal(bank.change_as(&own, user.id, body));
        assert_eq!(refused, "403 own_account", "{body}");
    }
    assert!(bank.user(user.id).unwrap() == user);
    let renamed = bank.change_as(&own, user.id, r#"{"name":"Ada"}"#).unwrap();
    assert_eq!(renamed.name.as_deref(), Some("Ada"));
}

#[test]
fn the_last_enabled_administrator_stays() {
    let bank = Bank::new();
    let last = Some(AuthError::LastAdmin);
    let demote = r#"{"role":"teller"}"#;
    let first = bank.create("first@example.org", Role::Admin);
    bank.store.take_endings();
    assert_eq!(bank.change(&first, DISABLE).err(), last);
    assert_eq!(bank.store.take_endings(), [Ending::OnDisk]);
    assert_eq!(bank.change(&first, demote).err(), last);
    let second = bank.create("second@example.org", Role::Admin);
    bank.change(&second, DISABLE).unwrap();
    assert_eq!(bank.change(&first, demote).err(), last);
    bank.change(&second, ENABLE).unwrap();
    bank.change(&first, demote).unwrap();
    assert_eq!(bank.change(&second, DISABLE).err(), last);
}
