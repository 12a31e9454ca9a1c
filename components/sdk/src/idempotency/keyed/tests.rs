//! Goal: a request is done once for each key, and its reply stays 30 days, without its secret.

use super::*;
use crate::idempotency::{REPLIES_KEPT_MS, migration, sweep};
use crate::store::{Ending, SqliteStore, WatchedStore};
use crate::testing::{TestStore, body_of, key_of, refusal, store_of};
use serde_json::json;

const NOW_MS: i64 = 1_800_000_000_000;

const REUSED: &str = "422 idempotency_key_reused";

fn store() -> SqliteStore {
    store_of(&[migration(1)])
}

fn user(id: u128) -> Principal {
    Principal::User(Uuid::from_u128(id))
}

fn request(principal: Principal, key: Option<&str>, route: &str, text: &str) -> KeyedRequest {
    let key = key.map(key_of);
    KeyedRequest::new(key.as_ref(), principal, route, &json!({"text": text})).unwrap()
}

/// Makes a note, unless its text is `refused`.
fn make<S: Store>(store: &S, request: &KeyedRequest, text: &str) -> Result<StoredReply, Problem> {
    let transaction = match request.begin(store)? {
        Begun::First(transaction) => transaction,
        Begun::Repeated(reply) => return Ok(reply),
    };
    let reply = request.created(&transaction, NOW_MS, &json!({"text": text, "secret": "s"}))?;
    if text == "refused" {
        return Err(Problem::not_found());
    }
    transaction.commit()?;
    Ok(reply)
}

fn note<S: Store>(store: &S, key: &str, text: &str) -> Result<StoredReply, Problem> {
    make(store, &request(user(1), Some(key), "POST /", text), text)
}

#[test]
fn a_repeated_request_makes_nothing_and_gets_the_reply_without_the_secret() {
    let store = WatchedStore::new(store());
    let first = note(&store, "k", "a").unwrap();
    assert_eq!((first.status, first.repeated), (201, false));
    assert_eq!(body_of(&first), json!({"text": "a", "secret": "s"}));
    for _ in 0..2 {
        let again = note(&store, "k", "a").unwrap();
        assert_eq!((again.status, again.repeated), (201, true));
        assert_eq!(body_of(&again), json!({"text": "a", "secret": null}));
    }
    // Each reply may be of an earlier turn of the group.
    assert_eq!(refusal(note(&store, "k", "b")), REUSED);
    assert_eq!(store.take_endings(), [Ending::OnDisk; 4]);
    let snapshot = request(user(1), Some("k"), "POST /", "a").replay(&store);
    assert!(snapshot.unwrap().unwrap().repeated);
    assert_eq!(store.count("kept_reply"), 1);
}

#[test]
fn another_route_under_the_key_is_refused_and_another_caller_s_is_not() {
    let store = store();
    note(&store, "k", "a").unwrap();
    let elsewhere = request(user(1), Some("k"), "POST /keys", "a");
    assert_eq!(refusal(elsewhere.begin(&store)), REUSED);
    assert_eq!(refusal(elsewhere.replay(&store)), REUSED);
    let other = make(&store, &request(user(2), Some("k"), "POST /", "b"), "b");
    assert!(!other.unwrap().repeated);
    assert_eq!(store.count("kept_reply"), 2);
}

#[test]
fn what_was_refused_is_not_kept() {
    let store = store();
    assert_eq!(refusal(note(&store, "k", "refused")), "404 not_found");
    assert_eq!(store.count("kept_reply"), 0);
    assert!(!note(&store, "k", "b").unwrap().repeated);
}

#[test]
fn a_request_without_a_key_is_a_first_one_each_time() {
    let store = store();
    for text in ["a", "b"] {
        let unkeyed = request(user(1), None, "POST /", text);
        assert!(!make(&store, &unkeyed, text).unwrap().repeated);
        assert!(unkeyed.replay(&store).unwrap().is_none());
    }
    assert_eq!(store.count("kept_reply"), 0);
}

#[test]
fn a_reply_is_kept_for_thirty_days_and_swept_in_pieces() {
    let store = store();
    for index in 0..300 {
        let text = index.to_string();
        note(&store, &text, &text).unwrap();
    }
    sweep(&store, NOW_MS + REPLIES_KEPT_MS).unwrap();
    assert!(note(&store, "7", "7").unwrap().repeated);
    for left in [44, 0, 0] {
        sweep(&store, NOW_MS + REPLIES_KEPT_MS + 1).unwrap();
        assert_eq!(store.count("kept_reply"), left);
    }
    assert!(!note(&store, "7", "another").unwrap().repeated);
}
