//! Goal: an auditor sees who made, disabled, or promoted whom, when, and in which request.

use super::kit::*;
use crate::{ChangeKind, EventFilter};
use serde_json::{Value, json};
use strongroom_sdk::identity::Role;
use strongroom_sdk::page::Page;
use uuid::Uuid;

impl Bank {
    pub(super) fn events(&self, query: &str) -> Value {
        let page = Page::<i64, EventFilter>::from_query("/", query).unwrap();
        json_of(self.0.events(&page).unwrap())
    }

    /// The actions of the events, newest first.
    pub(super) fn actions(&self, query: &str) -> Vec<String> {
        texts(&self.events(query), "action")
    }
}

#[test]
fn an_event_has_the_actor_the_time_both_values_and_the_request() {
    let bank = Bank::new();
    let teller = bank.create(TELLER, Role::Teller);
    bank.clock.pass_ms(1);
    bank.change(&teller, r#"{"role":"auditor"}"#).unwrap();
    let newest = &bank.events("")["data"][0];
    let expected = json!({
        "sequence": 2, "user_id": teller.id, "action": "user.role",
        "actor_id": Uuid::from_u128(0xAD), "actor_role": "admin", "on_behalf_of": null, "request_id": "r-7",
        "old_value": "teller", "new_value": "auditor", "created_at": "2026-11-22T12:00:00.001Z",
        "hash": newest["hash"],
    });
    assert_eq!(newest, &expected);
    assert_eq!(newest["hash"].as_str().unwrap().len(), 64);
    assert_json!(bank.events("")["data"][1], {
        "action": "user.created", "actor_id": (admin().id), "request_id": "r-7",
        "new_value": "teller",
    });
    assert_eq!(bank.actions(""), ["user.role", "user.created"]);
}

#[test]
fn a_filter_has_the_events_of_one_user() {
    let (bank, ada) = Bank::with_ada();
    let bob = bank.register(BOB);
    bank.change(&ada, DISABLE).unwrap();
    bank.rename(&bob, "Bob");
    let actions_of = |id: Uuid| bank.actions(&format!("user_id={id}"));
    assert_eq!(actions_of(bob.id), ["user.name"]);
    assert_eq!(actions_of(Uuid::nil()), [""; 0]);
    for query in ["user_id=me", "actor=x"] {
        let read = Page::<i64, EventFilter>::from_query("/", query);
        assert!(read.is_err(), "{query}");
    }
}

#[test]
fn other_services_follow_who_may_log_in() {
    let (bank, ada) = Bank::with_ada();
    // An event of a key is no change of a user.
    bank.key(json!({}));
    let teller = bank.create(TELLER, Role::Teller);
    for body in [DISABLE, r#"{"name":"Ada","disabled":false}"#] {
        bank.clock.pass_ms(1);
        bank.change(&ada, body).unwrap();
    }
    bank.key(json!({}));
    let changes = bank.changes(0).unwrap();
    let seen = changes.iter();
    let seen = seen.map(|it| (it.sequence, it.user_id, it.kind, it.at_ms));
    let expected = [
        (2, teller.id, ChangeKind::Other, START_MS + 1),
        (3, ada.id, ChangeKind::Disabled, START_MS + 2),
        (4, ada.id, ChangeKind::Enabled, START_MS + 3),
        (5, ada.id, ChangeKind::Other, START_MS + 3),
    ];
    assert_eq!(seen.collect::<Vec<_>>(), expected);
    assert_eq!(bank.changes(3).unwrap(), changes[2..]);
    for after in [5, u64::MAX] {
        assert_eq!(bank.changes(after).unwrap(), []);
    }
}
