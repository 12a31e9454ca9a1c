//! Goal: administrators find and change users, each change is in the audit log, and the bank always keeps one administrator.
//! Method: each change, the sessions it ends, and the log's rows.

use super::*;
use crate::{NewUser, UserChange, UserFilter};
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::json;
use strongroom_sdk::page::Page;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::Value;

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
fn a_change_has_the_fields_that_may_change_by_their_names() {
    for body in [
        r#"{"role":{"teller":null}}"#,
        r#"[true]"#,
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
fn null_takes_the_name_away_and_leaves_what_is_never_empty() {
    let scene = Scene::new();
    let user = scene.create("teller@example.org", Role::Teller);
    scene.change(&user, r#"{"name":"Ada"}"#).unwrap();
    let same = scene.change(&user, r#"{"role":null,"disabled":null}"#);
    let same = same.unwrap();
    assert_eq!((same.role, same.disabled), (Role::Teller, false));
    assert_eq!(same.name.as_deref(), Some("Ada"));
    let unnamed = scene.change(&user, r#"{"name":null}"#).unwrap();
    assert_eq!(unnamed.name, None);
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
fn users_are_found_in_whatever_case_and_form_a_part_is_written() {
    let scene = Scene::new();
    for (email, name) in [
        ("a@example.org", "M\u{dc}LLER \u{c4}"),
        ("b@example.org", "\u{418}\u{432}\u{430}\u{43d}"),
        ("c@example.org", "\u{130}STANBUL I\u{15e}IK"),
        ("d@example.org", "\u{738b}\u{5c0f}\u{660e}"),
        ("joe@b\u{fc}cher.example", "Maximiliane-Wilhelmina"),
    ] {
        let user = scene.register(email);
        let name = serde_json::json!({ "name": name });
        scene.change(&user, &name.to_string()).unwrap();
    }
    for (query, found) in [
        ("m\u{fc}ller", "a@example.org"),
        ("mu\u{308}ller \u{e4}", "a@example.org"),
        ("\u{418}\u{412}", "b@example.org"),
        ("istanbul", "c@example.org"),
        ("\u{131}\u{15f}\u{131}k", "c@example.org"),
        ("\u{5c0f}\u{660e}", "d@example.org"),
        ("B\u{dc}CHER", "joe@b\u{fc}cher.example"),
        ("xn--bcher", "joe@b\u{fc}cher.example"),
        ("@b\u{fc}cher.example", "joe@b\u{fc}cher.example"),
        ("maximiliane-wilhelmina", "joe@b\u{fc}cher.example"),
    ] {
        let encoded = query.replace(' ', "+");
        assert_eq!(scene.found(&format!("query={encoded}")), [found], "{query}");
    }
    for query in ["maximiliane-willi", "@b\u{fc}cher.org", "ller", "%25"] {
        let found = scene.found(&format!("query={query}"));
        assert_eq!(found, [""; 0], "{query}");
    }
    let by_address = scene.found("email=JOE%40xn--bcher-kva.example");
    assert_eq!(by_address, ["joe@b\u{fc}cher.example"]);
}

#[test]
fn a_new_name_is_found_and_the_old_one_no_more() {
    let scene = Scene::new();
    let user = scene.register(EMAIL);
    for (old, new) in [("nobody", "Ada Byron"), ("byron", "Ada Lovelace")] {
        let name = serde_json::json!({ "name": new });
        scene.change(&user, &name.to_string()).unwrap();
        assert_eq!(scene.found(&format!("query={old}")).len(), 0, "{old}");
        let last = new.split(' ').next_back().unwrap();
        assert_eq!(scene.found(&format!("query={last}")).len(), 1, "{last}");
    }
    scene.change(&user, r#"{"name":null}"#).unwrap();
    assert_eq!(scene.found("query=lovelace").len(), 0);
    let parts = scene.count("SELECT 1 FROM user_part");
    assert_eq!(parts, 3, "those of the address alone");
}

#[test]
fn no_search_reads_all_users() {
    let scene = Scene::new();
    for (email, part) in [(true, None), (false, Some("ada")), (true, Some("ada"))] {
        let email_key = email.then(|| EMAIL.to_owned());
        let explained = |sql: &str, params: &[Value]| {
            let plan = format!("EXPLAIN QUERY PLAN {sql}");
            let steps = scene.service.store.query(&plan, params).unwrap();
            let steps: Vec<String> = steps
                .into_iter()
                .map(|step| step.text(3).unwrap())
                .collect();
            // `id < ?` alone would read all users.
            let reads_all = |step: &String| step.contains("SCAN") || step.contains("(id<?)");
            assert!(!steps.iter().any(reads_all), "{steps:?}");
            scene.service.store.query(sql, params)
        };
        User::page(None, email_key, part, 10, explained).unwrap();
    }
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
