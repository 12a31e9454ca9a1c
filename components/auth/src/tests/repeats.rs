//! Goal: a repeated request makes nothing more, and its reply has no secret.

use super::kit::*;
use serde_json::{Value, json};
use strongroom_sdk::idempotency::REPLIES_KEPT_MS;

#[test]
fn a_repeated_registration_gets_the_same_user_and_another_one_is_refused() {
    let bank = Bank::new();
    let register = |key, email, name| bank.register_keyed(Some(key), email, PASSWORD, name);
    let first = register("k", EMAIL, None).unwrap();
    let again = register("k", EMAIL, None).unwrap();
    assert_eq!((first.repeated, again.repeated), (false, true));
    assert_eq!(again.body, first.body);
    // No hash of the password is kept: one with another password is taken for the same.
    let other = bank.register_keyed(Some("k"), EMAIL, OTHER_PASSWORD, None);
    assert_eq!(other.unwrap().body, first.body);
    assert_eq!(bank.compute.taken.get(), 1, "a repetition hashes nothing");
    assert!(bank.log_in(EMAIL, OTHER_PASSWORD).is_err());
    for (key, email, name, words) in [
        ("k", EMAIL, Some("Ada"), "422 idempotency_key_reused"),
        ("k", "ADA@example.org", None, "422 idempotency_key_reused"),
        ("l", EMAIL, None, "409 email_taken"),
    ] {
        assert_eq!(refusal(register(key, email, name)), words, "{key} {email}");
    }
    // The key of another address is another key.
    assert!(!register("k", BOB, None).unwrap().repeated);
    assert_eq!(bank.store.count("user"), 2);
}

#[test]
fn what_was_refused_is_not_kept() {
    let bank = Bank::new();
    bank.compute.busy.set(true);
    let refused = bank.register_keyed(Some("k"), EMAIL, PASSWORD, None);
    assert_eq!(refusal(refused), "503 service_unavailable");
    assert_eq!(bank.store.count("user"), 0);
    bank.compute.busy.set(false);
    let made = bank.register_keyed(Some("k"), EMAIL, PASSWORD, None);
    assert!(!made.unwrap().repeated);
    bank.gateway.broken.set(true);
    let refused = refusal(bank.keyed(Some("k"), &json!({})));
    assert_eq!(refused, "503 service_unavailable");
    bank.gateway.broken.set(false);
    assert!(!bank.keyed(Some("k"), &json!({})).unwrap().repeated);
    // Nor is a reply after its time.
    bank.clock.pass_ms(REPLIES_KEPT_MS + 1);
    bank.forget_old_replies().unwrap();
    assert!(!bank.keyed(Some("k"), &json!({})).unwrap().repeated);
}

#[test]
fn of_two_requests_at_once_for_a_key_one_gets_a_secret() {
    let bank = Bank::new();
    let other = bank.clone();
    bank.gateway.meanwhile.set(move || {
        assert!(body_of(&other.keyed(Some("k"), &json!({})).unwrap())["secret"].is_string());
    });
    for _ in 0..2 {
        let again = bank.keyed(Some("k"), &json!({})).unwrap();
        assert!(again.repeated);
        assert_eq!(body_of(&again)["secret"], Value::Null);
    }
    let refused = refusal(bank.keyed(Some("k"), &json!({"name": "another"})));
    assert_eq!(refused, "422 idempotency_key_reused");
    assert_eq!(bank.store.count("api_key WHERE state = 'active'"), 1);
    bank.clock.pass_ms(60_001);
    bank.abandon_pending_keys().unwrap();
    assert_eq!(bank.deliver_pending(), Ok(1));
    assert_eq!(bank.gateway.accepted.borrow().len(), 1);
}
