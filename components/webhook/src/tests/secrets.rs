//! New secrets for webhooks.

use super::*;
use crate::webhook::{EARLIER_SECRETS_MAX, SECRET_ROTATED};

const DAY_MS: i64 = 24 * 3_600 * 1_000;
const EARLIER: &str = "webhook_earlier_secret";

fn secret_of(view: &Value) -> Secret {
    Secret::parse(view["secret"].as_str().unwrap()).unwrap()
}

/// Asserts that the next event is signed by these secrets, in this order.
fn assert_signed_by<'a>(bank: &Bank, secrets: impl IntoIterator<Item = &'a Secret>) {
    bank.send(1, Ok(204));
    let got = bank.0.client.got.borrow();
    let post = got.last().unwrap();
    let seconds = header(post, "webhook-timestamp").parse().unwrap();
    let id = header(post, "webhook-id");
    let sign = |secret: &Secret| secret.sign(id, seconds, &post.body);
    let expected: Vec<_> = secrets.into_iter().map(sign).collect();
    assert_eq!(header(post, "webhook-signature"), expected.join(" "));
}

#[test]
fn the_secret_before_a_new_one_signs_beside_it_for_a_day() {
    let (bank, id) = Bank::with_webhook();
    let first = bank.stored(id).secret;
    let second = secret_of(&bank.rotate("r", id, &json!({})).unwrap());
    assert_signed_by(&bank, [&second, &first]);
    bank.wait(DAY_MS - 1);
    assert_signed_by(&bank, [&second, &first]);
    bank.wait(1);
    assert_signed_by(&bank, [&second]);
    assert_eq!(bank.0.store.count(EARLIER), 0);
}

#[test]
fn the_request_chooses_the_secret_and_how_long_the_ones_before_it_sign() {
    let (bank, id) = Bank::with_webhook();
    let first = bank.stored(id).secret;
    let body = json!({"secret": SECRET, "old_secrets_expire_in": 60});
    assert_eq!(bank.rotate("r", id, &body).unwrap()["secret"], SECRET);
    let chosen = Secret::parse(SECRET).unwrap();
    assert_signed_by(&bank, [&chosen, &first]);
    // The same secret in another request: it signs once, and nothing else changes.
    bank.rotate("again", id, &body).unwrap();
    assert_signed_by(&bank, [&chosen, &first]);
    // A secret that has leaked signs no more.
    let at_once = json!({"old_secrets_expire_in": 0});
    let third = secret_of(&bank.rotate("s", id, &at_once).unwrap());
    assert_signed_by(&bank, [&third]);
    // One that has signed before can come back.
    bank.rotate("t", id, &body).unwrap();
    let body = json!({"secret": third.to_text()});
    bank.rotate("u", id, &body).unwrap();
    assert_signed_by(&bank, [&third, &chosen]);
}

#[test]
fn a_repeated_request_makes_no_other_secret_and_shows_none() {
    let (bank, id) = Bank::with_webhook();
    let first = bank.stored(id).secret;
    let second = secret_of(&bank.rotate("r", id, &json!({})).unwrap());
    assert_json!(bank.rotate("r", id, &json!({})).unwrap(), {"id": id, "secret": null});
    assert_signed_by(&bank, [&second, &first]);
    let other = bank.rotate("r", id, &json!({"old_secrets_expire_in": 1}));
    assert_eq!(refusal(other), "422 idempotency_key_reused");
}

#[test]
fn clients_that_lost_the_response_can_rotate_again_but_not_without_end() {
    let (bank, id) = Bank::with_webhook();
    let mut secrets = vec![bank.stored(id).secret];
    for turn in 0..EARLIER_SECRETS_MAX {
        let rotated = bank.rotate(&format!("r-{turn}"), id, &json!({}));
        secrets.insert(0, secret_of(&rotated.unwrap()));
    }
    let one_more = bank.rotate("more", id, &json!({}));
    assert_eq!(refusal(one_more), "422 webhook_secrets_too_many");
    // The refusal changed nothing, and is not kept under its key.
    assert_signed_by(&bank, &secrets);
    let at_once = json!({"old_secrets_expire_in": 0});
    bank.rotate("more", id, &at_once).unwrap();
}

#[test]
fn no_secret_is_logged_or_outlives_its_webhook() {
    let (bank, id) = Bank::with_webhook();
    bank.rotate("r", id, &json!({})).unwrap();
    let log = bank.logged("");
    assert_json!(log[0], {"action": SECRET_ROTATED, "new_value": "86400", "old_value": null});
    assert!(!json!(log).to_string().contains("whsec_"));
    assert!(!bank.read(id).unwrap().to_string().contains("whsec_"));
    bank.delete(id).unwrap();
    assert_eq!(bank.0.store.count(EARLIER), 0);
    assert_eq!(bank.0.store.count("webhook WHERE length(secret) = 0"), 1);
    bank.assert_sound();
}
