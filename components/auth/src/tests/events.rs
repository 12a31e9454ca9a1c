//! Goal: whoever audits the bank sees who made, disabled, or promoted whom, when, and in which request.
//! Method: changes of two users, read from the log in pages, and of one user.

use super::*;
use crate::{ChangeKind, EventFilter};
use serde_json::{Value, json};
use strongroom_sdk::page::Page;

impl Scene {
    fn events(&self, query: &str) -> Value {
        let page = Page::<u64, EventFilter>::from_query(query).unwrap();
        serde_json::to_value(self.service.events(&page).unwrap()).unwrap()
    }
}

fn actions(list: &Value) -> Vec<&str> {
    let events = list["data"].as_array().unwrap();
    events
        .iter()
        .map(|event| event["action"].as_str().unwrap())
        .collect()
}

#[test]
fn a_change_of_a_role_is_told_with_who_when_before_after_and_in_which_request() {
    let scene = Scene::new();
    let teller = scene.create("teller@example.org", Role::Teller);
    scene.pass_ms(1);
    let changed = scene.change(&teller, r#"{"role":"auditor"}"#).unwrap();
    let list = scene.events("");
    let newest = &list["data"][0];
    let expected = json!({
        "sequence": 2, "user_id": changed.id, "action": "user.role",
        "actor_id": Uuid::from_u128(0xAD), "actor_role": "admin", "request_id": "r-7",
        "old_value": "teller", "new_value": "auditor", "created_at": "2026-11-22T12:00:00.001Z",
        "hash": newest["hash"],
    });
    assert_eq!(newest, &expected);
    assert_eq!(newest["hash"].as_str().unwrap().len(), 64);
    assert_eq!(actions(&list), ["user.role", "user.created"]);
}

#[test]
fn pages_have_every_event_once_newest_first_and_a_filter_those_of_one_user() {
    let scene = Scene::new();
    let teller = scene.create("teller@example.org", Role::Teller);
    scene.pass_ms(1);
    let other = scene.create("other@example.org", Role::Teller);
    for (user, body) in [
        (&teller, r#"{"disabled":true}"#),
        (&other, r#"{"name":"Ada"}"#),
        (&teller, r#"{"disabled":false}"#),
    ] {
        scene.pass_ms(1);
        scene.change(user, body).unwrap();
    }
    let (mut seen, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let list = scene.events(&query);
        seen.extend_from_slice(list["data"].as_array().unwrap());
        match list["next_cursor"].as_str() {
            Some(cursor) => query = format!("limit=2&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(scene.events("")["data"], Value::Array(seen));
    assert_eq!(
        actions(&scene.events("")),
        [
            "user.disabled",
            "user.name",
            "user.disabled",
            "user.created",
            "user.created"
        ]
    );
    assert_eq!(
        actions(&scene.events(&format!("user_id={}", other.id))),
        ["user.name", "user.created"]
    );
    assert_eq!(
        actions(&scene.events(&format!("user_id={}", Uuid::nil()))),
        Vec::<&str>::new()
    );
}

#[test]
fn a_filter_that_is_no_id_is_refused() {
    for query in ["user_id=me", "actor=x"] {
        let problem = Page::<u64, EventFilter>::from_query(query).err().unwrap();
        assert_eq!(problem.status().as_u16(), 422, "{query}");
    }
}

#[test]
fn other_services_follow_who_may_log_in() {
    let scene = Scene::new();
    let ada = scene.register(EMAIL);
    let teller = scene.create("teller@example.org", Role::Teller);
    for body in [r#"{"disabled":true}"#, r#"{"name":"Ada","disabled":false}"#] {
        scene.pass_ms(1);
        scene.change(&ada, body).unwrap();
    }
    let changes = scene.service.changes(0).unwrap();
    let seen: Vec<_> = changes
        .iter()
        .map(|change| (change.sequence, change.user_id, change.kind, change.at_ms))
        .collect();
    let expected = [
        (1, teller.id, ChangeKind::Other, START_MS),
        (2, ada.id, ChangeKind::Disabled, START_MS + 1),
        (3, ada.id, ChangeKind::Enabled, START_MS + 2),
        (4, ada.id, ChangeKind::Other, START_MS + 2),
    ];
    assert_eq!(seen, expected);
    assert_eq!(scene.service.changes(2).unwrap(), changes[2..]);
    assert_eq!(scene.service.changes(u64::MAX).unwrap(), []);
}
