//! Goal: an API key works from its making to the answer to its revocation, and no other key does.

use super::kit::*;
use crate::check_invariants;
use crate::key::KEYS_MAX;
use crate::{AuthError, KeyFilter, NewKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use strongroom_sdk::idempotency::{KeyedRequest, StoredReply};
use strongroom_sdk::identity::Principal;
use strongroom_sdk::page::Page;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::Reader;
use uuid::Uuid;

impl Bank {
    /// Asks for a key with one scope, and with other members.
    pub(super) fn keyed(&self, key: Option<&str>, more: &Value) -> Result<StoredReply, Problem> {
        let mut body = json!({"name": "orders", "scopes": ["accounts:read"]});
        let members = body.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        let new: NewKey = read(&body)?;
        let key = key.map(key_of);
        let principal = Principal::User(admin().id);
        let request = KeyedRequest::new(key.as_ref(), principal, "POST /keys", &new)?;
        self.create_key(&admin(), &request, &new)
    }

    /// Makes a key, a millisecond newer than the one before.
    pub(super) fn key(&self, more: Value) -> Value {
        self.clock.pass_ms(1);
        body_of(&self.keyed(None, &more).unwrap())
    }

    fn shown(&self, id: Uuid) -> Value {
        json_of(self.0.key(id).unwrap())
    }

    fn listed(&self, query: &str) -> Value {
        let page = Page::<Uuid, KeyFilter>::from_query("/", query).unwrap();
        json_of(self.keys(&page).unwrap())
    }

    fn names(&self, query: &str) -> Vec<String> {
        texts(&self.listed(query), "name")
    }

    pub(super) fn revoke(&self, id: Uuid) -> Result<(), AuthError> {
        self.revoke_key(&admin(), id)
    }

    fn tick(&self) -> Result<usize, AuthError> {
        self.abandon_pending_keys()?;
        self.deliver_pending()
    }

    fn accepts(&self, key: Uuid) -> bool {
        self.gateway.accepted.borrow().contains_key(&key)
    }
}

pub(super) fn id(key: &Value) -> Uuid {
    key["id"].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_key_is_shown_once_and_the_gateway_has_its_hash() {
    let bank = Bank::new();
    let key = bank.key(json!({"expires_at": "2027-01-31T01:00:00+01:00"}));
    let secret = key["secret"].as_str().unwrap();
    assert_eq!(secret.len(), "sk_".len() + 43, "256 bits");
    let expected = json!({
        "id": key["id"], "name": "orders", "client_id": key["client_id"],
        "scopes": ["accounts:read"], "prefix": &secret[..11],
        "expires_at": "2027-01-31T00:00:00.000Z", "created_at": "2026-11-22T12:00:00.001Z",
        "last_used_at": null, "needs_confirmation": false, "secret": secret,
    });
    assert_eq!(key, expected);
    assert!(secret.starts_with("sk_"));
    let hash: [u8; 32] = Sha256::digest(secret).into();
    assert_eq!(bank.gateway.accepted.borrow().get(&id(&key)), Some(&hash));

    let mut shown = key.clone();
    shown.as_object_mut().unwrap().remove("secret");
    assert_eq!(bank.shown(id(&key)), shown);
    assert_eq!(bank.listed("")["data"], json!([shown]));
    let event = &bank.events("")["data"][0];
    assert_json!(event, {"action": "key.created", "key_id": (key["id"])});
    let rows = bank.store.query("SELECT * FROM api_key", &[]);
    let kept = format!("{rows:?}{event}");
    assert!(!kept.contains(secret), "the store has no secret: {kept}");
}

#[test]
fn a_refused_body_names_the_field_and_makes_nothing() {
    let (bank, ada) = Bank::with_ada();
    let many = vec!["accounts:read"; 51];
    for (body, pointer) in rows! {
        (json!({"name": " "}), "/name"), (json!({"name": "x".repeat(101)}), "/name"),
        (json!({"scopes": []}), "/scopes"), (json!({"scopes": many}), "/scopes"),
        (json!({"scopes": ["accounts:read", "payments:write"]}), "/scopes/1"),
        (json!({"scopes": ["*"]}), "/scopes/0"),
        (json!({"scopes": ["accounts:read", "accounts:read"]}), "/scopes/1"),
        (json!({"expires_at": "2026-11-22T12:00:00Z"}), "/expires_at"),
        (json!({"expires_at": "tomorrow"}), "/expires_at"),
        (json!({"client_id": Uuid::nil()}), "/client_id"),
        (json!({"client_id": ada.id}), "/client_id"),
    } {
        let refused = refusal(bank.keyed(None, &body));
        let expected = format!("422 validation_failed {pointer}");
        assert_eq!(refused, expected, "{body}");
    }
    // An unknown scope is refused with those that there are.
    let refused = bank.keyed(None, &json!({"scopes": ["journal:write"]}));
    let detail = refused.unwrap_err().errors()[0].detail.clone();
    assert!(detail.contains(&SCOPES.join(", ")), "{detail}");
    assert_eq!(bank.store.count("api_key"), 0);
    assert!(bank.gateway.accepted.borrow().is_empty());
}

#[test]
fn keys_are_listed_newest_first_all_or_those_of_one_client() {
    let bank = Bank::new();
    let client = Uuid::from_u128(0xC11E);
    bank.key(json!({"name": "a", "client_id": client}));
    let others = ["b", "c"].map(|name| bank.key(json!({"name": name})));
    assert_ne!(others[0]["client_id"], others[1]["client_id"]);
    bank.key(json!({"name": "d", "client_id": client}));
    assert_eq!(bank.names(&format!("client_id={client}")), ["d", "a"]);
    assert_eq!(bank.names("limit=3"), ["d", "c", "b"]);
    let list = bank.listed("limit=3");
    let next = format!("cursor={}", list["next_cursor"].as_str().unwrap());
    assert_eq!(bank.names(&next), ["a"]);
}

#[test]
fn a_key_has_the_time_of_its_last_use() {
    let bank = Bank::new();
    let [used, unused] = [(); 2].map(|()| id(&bank.key(json!({}))));
    bank.gateway.used.borrow_mut().push((used, START_MS));
    let noon = "2026-11-22T12:00:00.000Z";
    let list = bank.listed("");
    for (key, last_used_at) in rows! {
        (&bank.shown(unused), None), (&bank.shown(used), Some(noon)), (&list["data"][0], None),
        (&list["data"][1], Some(noon)),
    } {
        assert_json!(key, {"last_used_at": last_used_at});
    }
}

#[test]
fn a_key_that_the_gateway_did_not_accept_is_nowhere_and_soon_refused() {
    let bank = Bank::new();
    for fault in [&bank.gateway.broken, &bank.gateway.loses_answers] {
        fault.set(true);
        let refused = refusal(bank.keyed(None, &json!({})));
        assert_eq!(refused, "503 service_unavailable");
        fault.set(false);
    }
    assert_eq!(bank.names(""), [""; 0]);
    assert_eq!(bank.events("")["data"], json!([]), "there is no key to log");
    let accepted: Vec<_> = bank.gateway.accepted.borrow().keys().copied().collect();
    assert_eq!(bank.0.key(accepted[0]).err(), Some(AuthError::NotFound));
    assert_eq!(bank.revoke(accepted[0]), Err(AuthError::NotFound));
    assert_eq!(bank.tick(), Ok(0), "another call may still be making them");
    bank.clock.pass_ms(60_001);
    assert_eq!(bank.tick(), Ok(2));
    assert!(!bank.accepts(accepted[0]));
    let left = ["api_key", "gateway_outbox"].map(|table| bank.store.count(table));
    assert_eq!(left, [0; 2]);
}

#[test]
fn a_key_that_took_too_long_to_make_is_never_shown() {
    let bank = Bank::new();
    // The tick comes between the answer of the gateway and the commit.
    let other = bank.clone();
    bank.gateway.meanwhile.set(move || {
        other.clock.pass_ms(60_001);
        other.abandon_pending_keys().unwrap();
        assert_eq!(other.store.count("gateway_outbox"), 1);
    });
    let refused = refusal(bank.keyed(None, &json!({})));
    assert_eq!(refused, "503 service_unavailable");
    assert_eq!(bank.tick(), Ok(1));
    assert!(bank.gateway.accepted.borrow().is_empty());
    assert_eq!(bank.names(""), [""; 0]);
}

#[test]
fn a_revocation_is_a_success_only_when_the_gateway_refuses_the_key() {
    for by in ["a retry", "a tick"] {
        let bank = Bank::new();
        let [key, other] = ["orders", "other"].map(|name| id(&bank.key(json!({"name": name}))));
        bank.gateway.broken.set(true);
        for _ in 0..2 {
            assert_eq!(bank.revoke(key), Err(AuthError::NotInForce));
        }
        assert!(bank.tick().is_err());
        assert_eq!(bank.names(""), ["other"]);
        assert!(bank.accepts(key));
        bank.gateway.broken.set(false);
        match by {
            "a tick" => assert_eq!(bank.tick(), Ok(1)),
            _ => bank.revoke(key).unwrap(),
        }
        assert!(!bank.accepts(key) && bank.accepts(other), "{by}");
        assert_eq!(bank.tick(), Ok(0));
        bank.revoke(key).unwrap();
        assert_eq!(bank.0.key(key).err(), Some(AuthError::NotFound));
        let actions = bank.actions(&format!("key_id={key}"));
        assert_eq!(actions, ["key.revoked", "key.created"]);
        assert_eq!(bank.revoke(Uuid::from_u128(1)), Err(AuthError::NotFound));
    }
}

#[test]
fn there_are_not_more_keys_than_there_may_be() {
    let bank = Bank::new();
    let key = id(&bank.key(json!({})));
    bank.store.execute(&format!(
        "INSERT INTO api_key
        WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {KEYS_MAX})
        SELECT randomblob(16), state, name, client, scopes, prefix, expires_at, created_at
        FROM api_key, n"
    ));
    let one_more = || bank.keyed(None, &json!({}));
    assert_eq!(refusal(one_more()), "422 keys_too_many");
    bank.revoke(key).unwrap();
    one_more().unwrap();
}

#[test]
fn no_key_acts_for_a_disabled_user() {
    let (bank, ada) = Bank::with_ada();
    let is_blocked = || bank.gateway.blocked.borrow().contains(&ada.id);
    let is_late = |body| bank.change(&ada, body).err() == Some(AuthError::NotInForce);
    // Also if their sessions cannot be ended.
    bank.issuer.broken.set(true);
    assert!(is_late(DISABLE) && is_blocked());
    bank.issuer.broken.set(false);
    bank.change(&ada, r#"{"name":"Ada"}"#).unwrap();
    assert!(is_blocked());
    bank.gateway.broken.set(true);
    assert!(is_late(ENABLE));
    bank.gateway.broken.set(false);
    bank.change(&ada, ENABLE).unwrap();
    assert!(!is_blocked());
    assert_eq!(bank.store.count("gateway_outbox"), 0);
    // The gateway misses both changes. It learns what holds, not what once was to be done.
    bank.gateway.broken.set(true);
    assert!(is_late(DISABLE) && is_late(ENABLE));
    bank.gateway.broken.set(false);
    bank.gateway.blocked.borrow_mut().insert(ada.id);
    bank.tick().unwrap();
    assert!(!is_blocked());
}

#[test]
fn no_statement_reads_revoked_keys() {
    let bank = Bank::new();
    for client in [None, Some(Uuid::nil())] {
        let explained = Explained(&bank.store, RefCell::default());
        let first = Page::<Uuid, KeyFilter>::from_query("/", "").unwrap();
        crate::key::ApiKey::page(&first.window(), client, &explained).unwrap();
        let plan = explained.1.take();
        let is_search = |step: &String| step.starts_with("SEARCH") && step.contains("INDEX");
        assert!(plan.len() == 1 && plan.iter().all(is_search), "{plan:?}");
    }
}

#[test]
fn after_a_restoration_a_key_waits_for_its_confirmation_which_the_log_has() {
    let bank = Bank::new();
    let (kept, other) = (id(&bank.key(json!({}))), id(&bank.key(json!({}))));
    *bank.gateway.suspended.borrow_mut() = vec![kept, other];
    let waits = |key| bank.shown(key)["needs_confirmation"] == true;
    assert!(waits(kept) && waits(other));
    bank.gateway.broken.set(true);
    let refused = bank.confirm_key(&admin(), kept).err();
    assert_eq!(refused, Some(AuthError::NotInForce));
    assert!(waits(kept));
    bank.gateway.broken.set(false);
    bank.confirm_key(&admin(), kept).unwrap();
    assert!(!waits(kept) && waits(other));
    bank.revoke(other).unwrap();
    let refused = bank.confirm_key(&admin(), other).err();
    assert_eq!(refused, Some(AuthError::NotFound));
    assert_eq!(violations(check_invariants(&bank.store)), [""; 0]);
}
