//! Goal: administrators find and change users, each change is in the audit log, and the bank always keeps one administrator.
//! Method: each change, the sessions it ends, and the log's rows.

use super::*;
use crate::{NewUser, UserChange, UserFilter};
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::json;
use strongroom_sdk::page::Page;
use strongroom_sdk::problem::Problem;

impl Scene {
    pub(super) fn create(&self, email: &str, role: Role) -> User {
        let new = NewUser {
            email: email.to_owned(),
            password: PASSWORD.to_owned(),
            role,
            name: None,
        };
        self.service.create_user(&actor(), &new).unwrap()
    }

    pub(super) fn change(&self, user: &User, body: &str) -> Result<User, AuthError> {
        let change: UserChange = json::from_slice(body.as_bytes()).unwrap();
        self.service.change_user(&actor(), user.id, &change)
    }

    /// `action old -> new`, oldest first.
    fn audit(&self) -> Vec<String> {
        let sql = "SELECT action || ' ' || coalesce(old_value, '-') || ' -> ' || coalesce(new_value, '-') FROM audit_log
            WHERE request_id = 'r-7' ORDER BY sequence";
        let rows = self.service.store.query(sql, &[]).unwrap();
        rows.into_iter().map(|row| row.text(0).unwrap()).collect()
    }

    fn found(&self, query: &str) -> Vec<String> {
        let page = Page::<Uuid, UserFilter>::from_query(query).unwrap();
        self.service
            .users(&page)
            .unwrap()
            .data
            .into_iter()
            .map(|user| user.email)
            .collect()
    }
}

fn actor() -> Actor {
    Actor {
        id: Uuid::from_u128(0xAD),
        role: "admin".into(),
        request_id: Some("r-7".to_owned()),
    }
}

#[test]
fn staff_are_created_with_a_role_and_a_row_in_the_log() {
    let scene = Scene::new();
    let teller = scene.create("teller@example.org", Role::Teller);
    assert_eq!(
        scene
            .log_in("teller@example.org", PASSWORD)
            .unwrap()
            .user
            .role,
        Role::Teller
    );
    assert_eq!(scene.audit(), ["user.created - -> teller"]);
    assert_eq!(teller.security_version, 1);
}

#[test]
fn a_new_role_and_disabling_end_all_sessions_and_a_name_ends_none() {
    let scene = Scene::new();
    let user = scene.register(EMAIL);
    scene.change(&user, r#"{"role":"auditor"}"#).unwrap();
    scene.pass_ms(1);
    scene.change(&user, r#"{"disabled":true}"#).unwrap();
    scene.pass_ms(1);
    scene.change(&user, r#"{"disabled":false}"#).unwrap();
    scene.pass_ms(1);
    scene.change(&user, r#"{"name":"Ada"}"#).unwrap();
    scene.pass_ms(1);
    let last = scene.change(&user, r#"{"name":null}"#).unwrap();
    assert_eq!((last.name.clone(), last.security_version), (None, 3));
    assert_eq!(
        scene.tokens.calls(),
        [
            Call::EndUserSessions(user.id, 2, None),
            Call::EndUserSessions(user.id, 3, None)
        ]
    );
    assert_eq!(
        scene.audit(),
        [
            "user.role customer -> auditor",
            "user.disabled false -> true",
            "user.disabled true -> false",
            "user.name - -> Ada",
            "user.name Ada -> -",
        ]
    );
}

#[test]
fn what_changes_nothing_writes_nothing() {
    let scene = Scene::new();
    let user = scene.register(EMAIL);
    scene.change(&user, "{}").unwrap();
    scene
        .change(&user, r#"{"role":"customer","disabled":false}"#)
        .unwrap();
    assert_eq!(scene.audit().len(), 0);
    assert_eq!(scene.tokens.calls(), []);
}

#[test]
fn a_change_is_a_success_only_when_the_older_sessions_have_ended() {
    for body in [
        r#"{"disabled":true}"#,
        r#"{"role":"teller"}"#,
        r#"{"role":"auditor","disabled":true,"name":"Ada"}"#,
    ] {
        let scene = Scene::new();
        let user = scene.register(EMAIL);
        scene.tokens.broken.set(true);
        // The retry changes nothing any more, and is no success for that.
        for _ in 0..2 {
            let problem = Problem::from(scene.change(&user, body).err().unwrap());
            assert_eq!(
                (problem.status().as_u16(), problem.code()),
                (503, "service_unavailable"),
                "{body}"
            );
            assert!(problem.detail().contains("is stored"), "{problem:?}");
        }
        let audited = scene.audit();
        scene.tokens.broken.set(false);
        let changed = scene.change(&user, body).unwrap();
        assert!(changed == scene.service.user(user.id).unwrap());
        let ended = Call::EndUserSessions(user.id, 2, None);
        assert_eq!(scene.tokens.calls(), [ended], "{body}");
        assert_eq!(scene.audit(), audited, "{body}");
        scene.change(&user, body).unwrap();
        assert_eq!(scene.tokens.calls().len(), 1, "{body}");
    }
}

#[test]
fn a_change_waits_for_no_other_user_s_sessions() {
    let scene = Scene::new();
    let (ada, bob) = (scene.register(EMAIL), scene.register("bob@example.org"));
    scene.tokens.broken.set(true);
    let refused = scene.change(&ada, r#"{"disabled":true}"#).err();
    assert_eq!(refused, Some(AuthError::NotInForce));
    scene.change(&bob, r#"{"name":"Bob"}"#).unwrap();
}

#[test]
fn null_is_refused_where_a_field_has_no_such_value() {
    for body in [
        r#"{"role":null}"#,
        r#"{"disabled":null}"#,
        r#"{"email":"x"}"#,
        r#"{"security_version":9}"#,
    ] {
        assert!(
            json::from_slice::<UserChange>(body.as_bytes()).is_err(),
            "{body}"
        );
    }
}

#[test]
fn administrators_change_neither_their_own_role_nor_whether_they_may_log_in() {
    let scene = Scene::new();
    let admin = scene.create("first@example.org", Role::Admin);
    scene.create("second@example.org", Role::Admin);
    let own = Actor {
        id: admin.id,
        ..actor()
    };
    let change = |body: &str| {
        let change: UserChange = json::from_slice(body.as_bytes()).unwrap();
        scene.service.change_user(&own, admin.id, &change)
    };
    for body in [
        r#"{"role":"teller"}"#,
        r#"{"role":"admin"}"#,
        r#"{"disabled":true}"#,
        r#"{"disabled":false}"#,
        r#"{"name":"Ada","disabled":true}"#,
    ] {
        let error = change(body).err().unwrap();
        assert_eq!(error, AuthError::OwnAccount, "{body}");
        let problem = Problem::from(error);
        assert_eq!(
            (problem.status().as_u16(), problem.code()),
            (403, "own_account")
        );
    }
    assert!(scene.service.user(admin.id).unwrap() == admin);
    assert_eq!(
        change(r#"{"name":"Ada"}"#).unwrap().name.as_deref(),
        Some("Ada")
    );
}

#[test]
fn the_last_enabled_administrator_stays() {
    let scene = Scene::new();
    let first = scene.create("first@example.org", Role::Admin);
    for body in [r#"{"disabled":true}"#, r#"{"role":"teller"}"#] {
        assert_eq!(
            scene.change(&first, body).err(),
            Some(AuthError::LastAdmin),
            "{body}"
        );
    }
    let second = scene.create("second@example.org", Role::Admin);
    scene.change(&second, r#"{"disabled":true}"#).unwrap();
    assert_eq!(
        scene.change(&first, r#"{"role":"teller"}"#).err(),
        Some(AuthError::LastAdmin)
    );
    scene.change(&second, r#"{"disabled":false}"#).unwrap();
    scene.change(&first, r#"{"role":"teller"}"#).unwrap();
    assert_eq!(
        scene.change(&second, r#"{"disabled":true}"#).err(),
        Some(AuthError::LastAdmin)
    );
}

#[test]
fn an_unknown_user_is_not_found() {
    let scene = Scene::new();
    let change = UserChange {
        disabled: Some(true),
        ..UserChange::default()
    };
    assert_eq!(
        scene
            .service
            .change_user(&actor(), Uuid::nil(), &change)
            .err(),
        Some(AuthError::NotFound)
    );
    assert_eq!(
        scene.service.user(Uuid::nil()).err(),
        Some(AuthError::NotFound)
    );
}

#[test]
fn users_are_found_by_address_and_by_part() {
    let scene = Scene::new();
    for email in ["ada@example.org", "bob@example.org", "ada@other.org"] {
        scene.register(email);
        scene.pass_ms(1);
    }
    assert_eq!(scene.found("email=ADA@example.org"), ["ada@example.org"]);
    assert_eq!(
        scene.found("query=ada"),
        ["ada@other.org", "ada@example.org"]
    );
    assert_eq!(
        scene.found("q=EXAMPLE"),
        ["bob@example.org", "ada@example.org"]
    );
    assert_eq!(
        scene.found("query=%25"),
        Vec::<String>::new(),
        "no pattern, only parts"
    );
    assert_eq!(scene.found("").len(), 3);
}

#[test]
fn pages_have_every_user_once() {
    let scene = Scene::new();
    for index in 0..7 {
        scene.register(&format!("user{index}@example.org"));
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut query = "limit=2".to_owned();
    loop {
        let page = Page::<Uuid, UserFilter>::from_query(&query).unwrap();
        let list = scene.service.users(&page).unwrap();
        for user in list.data {
            assert!(seen.insert(user.email));
        }
        match list.next_cursor {
            Some(cursor) => query = format!("limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 7);
}

#[test]
fn a_user_who_is_already_so_is_answered_only_after_the_change_is_on_disk() {
    let scene = Scene::new();
    let teller = scene.create("teller@example.org", Role::Teller);
    let admin = scene.create("admin@example.org", Role::Admin);
    scene.service.store.take_endings();
    scene.change(&teller, r#"{"role":"teller"}"#).unwrap();
    assert_eq!(
        scene.change(&admin, r#"{"disabled":true}"#).err(),
        Some(AuthError::LastAdmin)
    );
    assert_eq!(scene.service.store.take_endings(), [Ending::OnDisk; 2]);
}
