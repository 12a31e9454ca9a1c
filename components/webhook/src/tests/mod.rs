//! Goal: each event that a webhook wants arrives, signed; one that fails delays no other webhook.

mod change;
pub(crate) mod kit;
mod secrets;
mod test_event;

use crate::Error;
use crate::api::{URL_BYTES_MAX, WEBHOOKS_MAX};
use crate::audit::check_invariants;
use crate::delivery::{
    AT_ONCE_PER_WEBHOOK, FIRST_PAUSE_MS, PAUSE_MAX_MS, PENDING_MAX, TRY_FOR_MS, check_place,
    pause_ms,
};
use crate::webhook::{CHANGED, CREATED, DELETED, ENDED, RESENT, Secret};
use kit::*;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ELSEWHERE: &str = "https://elsewhere.example/in";

type Refused = fn(&Bank, Uuid, &Value) -> String;

const MAKE: Refused = |bank, _, body| refusal(bank.request("other", body));
const CHANGE: Refused = |bank, id, body| refusal(bank.change(id, body));
const ROTATE: Refused = |bank, id, body| refusal(bank.rotate("r", id, body));

fn header<'a>(post: &'a Post, name: &str) -> &'a str {
    let mut found = post.headers.iter().filter(|(header, _)| *header == name);
    &found.next().unwrap().1
}

/// The example of the Standard Webhooks specification's own libraries.
#[test]
fn a_signature_is_that_of_standard_webhooks() {
    let secret = Secret::parse(SECRET).unwrap();
    let body = br#"{"test": 2432232314}"#;
    let signature = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
    assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert_eq!(secret.to_text(), SECRET);
    assert_eq!(format!("{secret:?}"), "Secret(..)");
}

#[test]
fn what_happens_after_a_webhook_was_made_is_sent_to_it_signed() {
    let bank = Bank::new();
    bank.happen(300);
    let (view, is_repeated) = bank.request("k", &json!({"url": URL})).unwrap();
    assert!(!is_repeated);
    let secret = Secret::parse(view["secret"].as_str().unwrap()).unwrap();
    assert_eq!(secret.bytes().len(), 32);
    bank.happen(2);
    assert_eq!((bank.tick(), bank.tick()), (2, 0));
    assert_eq!(bank.got(), [301, 302]);
    let got = bank.0.client.got.borrow();
    let post = &got[0];
    assert_eq!(post.target.authority(), "hooks.example");
    assert_eq!(post.target.path_and_query(), "/in?tenant=1");
    let event: Value = serde_json::from_slice(&post.body).unwrap();
    let event_id = format!("evt_{}", event["data"]["id"].as_str().unwrap());
    assert_eq!(header(post, "webhook-id"), event_id);
    assert_eq!(header(post, "webhook-timestamp"), "1800000000");
    let signature = secret.sign(&event_id, 1_800_000_000, &post.body);
    assert_eq!(header(post, "webhook-signature"), signature);
    assert_json!(event, {"type": "transfer.posted"});
    assert_json!(event["data"], {"amount": "12.34"});
    let id: Uuid = view["id"].as_str().unwrap().parse().unwrap();
    let expected = json!({
        "sequence": 301, "type": "transfer.posted", "status": "delivered", "attempts": 1,
        "next_attempt_at": null, "last_status": 204, "last_error": null,
        "created_at": "2027-01-15T08:00:00.000Z", "delivered_at": "2027-01-15T08:00:00.000Z",
    });
    assert_eq!(bank.deliveries(id)[1], expected);
}

#[test]
fn the_secret_is_shown_once() {
    let bank = Bank::new();
    let body = json!({"url": URL, "secret": SECRET, "events": ["transfer.posted"]});
    let (first, _) = bank.request("k", &body).unwrap();
    assert_eq!(first["secret"], SECRET);
    let (again, is_repeated) = bank.request("k", &body).unwrap();
    assert!(is_repeated);
    assert_json!(again, {"id": (first["id"]), "secret": null});
    assert!(bank.listed()[0].get("secret").is_none());
    assert!(!bank.listed().to_string().contains("whsec_"));
    let other = bank.request("k", &json!({"url": URL}));
    assert_eq!(refusal(other), "422 idempotency_key_reused");
}

#[test]
fn what_cannot_be_is_refused_with_its_field() {
    let (bank, id) = Bank::with_webhook();
    let before = bank.read(id).unwrap();
    let long = format!("https://hooks.example/{}", "a".repeat(URL_BYTES_MAX));
    for (ask, body, pointer) in rows! {
        (MAKE, json!({"url": "hooks.example"}), "/url"),
        (MAKE, json!({"url": "ftp://hooks.example"}), "/url"),
        (MAKE, json!({"url": "http://hooks.example:0/in"}), "/url"),
        (MAKE, json!({"url": "http://hooks.example:65536/in"}), "/url"),
        (MAKE, json!({"url": long}), "/url"),
        (MAKE, json!({"url": URL, "secret": "secret"}), "/secret"),
        (MAKE, json!({"url": URL, "secret": "whsec_c2hvcnQ="}), "/secret"),
        (MAKE, json!({"url": URL, "events": []}), "/events"),
        (MAKE, json!({"url": URL, "events": ["transfer.posted", "rain"]}), "/events/1"),
        (MAKE, json!({"url": URL, "name": "mine"}), "/name"),
        (MAKE, json!({}), "/url"),
        (CHANGE, json!({"url": null}), "/url"),
        (CHANGE, json!({"url": "http://hooks.example:0/in"}), "/url"),
        (CHANGE, json!({"url": ELSEWHERE, "events": []}), "/events"),
        (CHANGE, json!({"events": ["transfer.posted", "transfer.posted"]}), "/events/1"),
        (CHANGE, json!({"secret": SECRET}), "/secret"),
        (ROTATE, json!({"secret": "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}), "/secret"),
        (ROTATE, json!({"secret": "whsec_AAAA"}), "/secret"),
        (ROTATE, json!({"old_secrets_expire_in": 604_801}), "/old_secrets_expire_in"),
        (ROTATE, json!({"old_secrets_expire_in": -1}), "/old_secrets_expire_in"),
        (ROTATE, json!({"old_secrets_expire_in": 1.5}), "/old_secrets_expire_in"),
        (ROTATE, json!({"url": URL}), "/url"),
    } {
        let expected = format!("422 validation_failed {pointer}");
        assert_eq!(ask(&bank, id, &body), expected, "{body}");
    }
    assert_eq!(bank.read(id).unwrap(), before);
    // Nor can one that has ended, or is not there, be changed.
    bank.send(1, Ok(410));
    let changes = [(CHANGE, json!({"url": ELSEWHERE})), (ROTATE, json!({}))];
    for (change, body) in &changes {
        assert_eq!(change(&bank, id, body), "409 webhook_ended");
    }
    bank.delete(id).unwrap();
    for (change, body) in &changes {
        assert_eq!(change(&bank, id, body), "404 not_found");
    }
    assert_eq!(refusal(bank.read(id)), "404 not_found");
    bank.make_many(WEBHOOKS_MAX);
    let one_more = MAKE(&bank, id, &json!({"url": URL}));
    assert_eq!(one_more, "422 webhooks_too_many");
}

#[test]
fn a_webhook_gets_the_types_it_wants_and_passes_the_rest() {
    let bank = Bank::new();
    let id = bank.make("k", json!({"url": URL, "events": ["transfer.declined"]}));
    bank.happen(500);
    bank.append(Some(Decline::AccountFrozen));
    bank.happen(500);
    assert_eq!(bank.tick(), 1);
    assert_eq!(bank.got(), [501]);
    assert_eq!(bank.deliveries(id).as_array().unwrap().len(), 1);
    assert_eq!(bank.stored(id).cursor, 1_001);
    // A decline has another id than the same transaction that was posted.
    let got = bank.0.client.got.borrow();
    let event: Value = serde_json::from_slice(&got[0].body).unwrap();
    let id = event["data"]["id"].as_str().unwrap();
    let expected = format!("evt_{id}_account_frozen");
    assert_eq!(header(&got[0], "webhook-id"), expected);
}

#[test]
fn a_delivery_that_fails_is_sent_again_later_and_later() {
    const NOT_ALLOWED: &str = "the registry does not allow this origin (`outbound`)";
    let (bank, id) = Bank::with_webhook();
    bank.happen(1);
    let failures = rows! {
        (Ok(500), json!(500), json!(null)),
        (Ok(301), json!(301), json!(null)),
        (Err(SendError::TimedOut), json!(null), json!("no answer in time")),
        (Err(SendError::NotAllowed), json!(null), json!(NOT_ALLOWED)),
    };
    for ((response, status, error), before) in failures.into_iter().zip(0..) {
        bank.respond(response);
        assert_eq!(bank.tick(), 1);
        let delivery = &bank.deliveries(id)[0];
        assert_json!(delivery, {"status": "pending", "attempts": (before + 1)});
        assert_json!(delivery, {"last_status": status, "last_error": error});
        bank.wait(pause_ms(before) - 1);
        assert_eq!(bank.tick(), 0);
        bank.wait(1);
    }
    bank.respond(Ok(200));
    assert_eq!(bank.tick(), 1);
    assert_json!(bank.deliveries(id)[0], {"status": "delivered"});
    let got = bank.0.client.got.borrow();
    // The same event each time, under the same id, and signed for the time at which it was sent.
    for post in got.iter() {
        assert_eq!(post.body, got[0].body);
        assert_eq!(header(post, "webhook-id"), header(&got[0], "webhook-id"));
    }
    let signatures = [0, 1].map(|index| header(&got[index], "webhook-signature"));
    assert_ne!(signatures[0], signatures[1]);
}

#[test]
fn pauses_grow_from_seconds_to_hours() {
    let pauses: Vec<i64> = (0..10).map(|attempts| pause_ms(attempts) / 1_000).collect();
    let expected = rows! { 5, 15, 45, 135, 405, 1_215, 3_645, 10_935, 14_400, 14_400 };
    assert_eq!(pauses, expected);
    assert_eq!(pause_ms(u32::MAX), PAUSE_MAX_MS);
}

#[test]
fn after_three_days_a_delivery_is_dead_until_it_is_requested_again() {
    let (bank, id) = Bank::with_webhook();
    bank.happen(1);
    bank.respond(Ok(503));
    let mut sent = 0;
    while bank.now_ms() < NOON_MS + 2 * TRY_FOR_MS {
        sent += bank.tick();
        bank.wait(60_000);
    }
    assert!((20..40).contains(&sent), "{sent}");
    let dead = &bank.deliveries(id)[0];
    assert_json!(dead, {"status": "dead", "next_attempt_at": null, "attempts": sent});
    assert_eq!(refusal(bank.resend(id, 2)), "404 not_found");
    bank.resend(id, 1).unwrap();
    assert_json!(bank.deliveries(id)[0], {"status": "pending"});
    bank.respond(Ok(200));
    assert_eq!(bank.tick(), 1);
    assert_json!(bank.deliveries(id)[0], {"status": "delivered"});
    // What was delivered can be sent again too.
    bank.resend(id, 1).unwrap();
    assert_eq!(bank.tick(), 1);
}

#[test]
fn a_receiver_that_is_gone_ends_its_webhook_and_no_other() {
    let (bank, id) = Bank::with_webhook();
    let deaf = bank.make("deaf", json!({"url": "https://deaf.example/"}));
    bank.send(6, Ok(410));
    let sent = bank.got().len();
    bank.wait(60_000);
    bank.send(1, Ok(200));
    let is_to_gone = |post: &Post| post.target.authority() == "hooks.example";
    let got = bank.0.client.got.borrow();
    assert!(!got[sent..].iter().any(is_to_gone));
    assert_eq!(got.iter().filter(|post| is_to_gone(post)).count(), 4);
    drop(got);
    let (list, at) = (bank.listed(), "2027-01-15T08:00:00.000Z");
    assert_json!(list[0], {"id": deaf, "status": "active", "ended_because": null, "ended_at": null});
    assert_json!(list[1], {"id": id, "status": "ended", "ended_because": "receiver_gone", "ended_at": at});
    let deliveries = bank.deliveries(id);
    let deliveries = deliveries.as_array().unwrap();
    assert_eq!(deliveries.len(), 6);
    for delivery in deliveries {
        assert_json!(delivery, {"status": "dead"});
    }
    assert_eq!(deliveries[5]["last_status"], 410);
    assert_eq!(refusal(bank.resend(id, 1)), "409 webhook_ended");
    // Its place is free, and it can be deleted.
    bank.make_many(WEBHOOKS_MAX - 1);
    bank.delete(id).unwrap();
    bank.assert_sound();
    let of_webhook = format!("webhook_id={id}");
    assert_eq!(bank.actions(&of_webhook), [DELETED, ENDED, CREATED]);
    assert_json!(bank.logged(&of_webhook)[1], {"new_value": "receiver_gone", "actor_role": "bank"});
}

#[test]
fn a_receiver_that_does_not_respond_delays_no_other_and_does_not_fill_the_store() {
    let bank = Bank::new();
    let deaf = bank.make("deaf", json!({"url": "https://deaf.example/"}));
    let good = bank.make("good", json!({"url": URL}));
    bank.send(3_000, Ok(204));
    // One request of the deaf receiver takes so long.
    assert_eq!(bank.now_ms(), NOON_MS + TIMEOUT_MS);
    let delivered = "webhook_delivery JOIN webhook ON key = webhook_key
        WHERE state = 'delivered' AND url NOT LIKE '%deaf%'";
    assert_eq!(bank.0.store.count(delivered), 3_000);
    assert_eq!(bank.stored(good).cursor, 3_000);
    let to_deaf = |post: &&Post| post.target.authority() == "deaf.example";
    let got = bank.0.client.got.borrow();
    assert_eq!(got.iter().filter(to_deaf).count(), AT_ONCE_PER_WEBHOOK);
    assert!(bank.stored(deaf).cursor < PENDING_MAX as u64 + 200);
}

#[test]
fn a_410_of_the_url_before_a_change_does_not_end_the_webhook() {
    let (bank, id) = Bank::with_webhook();
    bank.happen(1);
    bank.respond(Ok(410));
    let new_url = "https://new.example/";
    bank.0.store.execute(&format!(
        "CREATE TRIGGER change AFTER UPDATE OF attempts ON webhook_delivery
         BEGIN UPDATE webhook SET url = '{new_url}'; END"
    ));
    bank.tick();
    assert_json!(bank.read(id).unwrap(), {"status": "active", "url": new_url});
    assert_json!(bank.deliveries(id)[0], {"status": "pending", "last_status": 410});
}

#[test]
fn a_deleted_webhook_is_sent_nothing_and_its_deliveries_go_in_time() {
    let (bank, id) = Bank::with_webhook();
    bank.send(1, Ok(500));
    bank.delete(id).unwrap();
    bank.wait(60_000);
    assert_eq!(bank.tick(), 0);
    assert_eq!(refusal(bank.delete(id)), "404 not_found");
    assert_eq!(refusal(bank.try_deliveries(id)), "404 not_found");
    bank.wait(31 * 24 * 3_600 * 1_000);
    bank.tick();
    assert_eq!(bank.0.store.count("webhook_delivery"), 0);
}

#[test]
fn a_crash_before_the_results_are_recorded_sends_again_and_leaves_none_out() {
    let (bank, _) = Bank::with_webhook();
    bank.happen(3);
    // First the commit of cursor and deliveries is cut off, then that of the results.
    for (change, sent) in [("INSERT", 0), ("UPDATE", 3)] {
        let change = format!("{change} ON webhook_delivery");
        bank.0.store.crash_at(&change);
        assert!(bank.0.tick().is_err());
        assert_eq!(bank.got().len(), sent);
        bank.0.store.end_crash();
    }
    bank.tick();
    assert_eq!(bank.got(), [1, 2, 3, 1, 2, 3]);
    assert_eq!(bank.tick(), 0);
}

#[test]
fn an_event_that_the_journal_has_lost_is_no_reason_to_stop() {
    let (bank, id) = Bank::with_webhook();
    bank.send(2, Ok(500));
    bank.0.journal.postings.borrow_mut().remove(0);
    bank.respond(Ok(200));
    bank.wait(FIRST_PAUSE_MS);
    bank.tick();
    let deliveries = bank.deliveries(id);
    assert_json!(deliveries[0], {"status": "delivered"});
    assert_json!(deliveries[1], {"last_error": "the ledger does not know the event"});
}

#[test]
fn a_new_webhook_begins_at_the_head_of_the_journal() {
    for (length, key) in [(0, "empty"), (1, "one"), (1_023, "many")] {
        let bank = Bank::new();
        bank.happen(length);
        let id = bank.make(key, json!({"url": URL}));
        assert_eq!(bank.stored(id).cursor, length);
        assert_eq!(bank.tick(), 0);
        bank.happen(1);
        assert_eq!((bank.tick(), bank.got()), (1, vec![length + 1]));
    }
    // While the ledger does not say where it ends, none is made.
    let bank = Bank::new();
    bank.0.journal.is_down.set(true);
    let refused = bank.request("k", &json!({"url": URL}));
    assert_eq!(refusal(refused), "503 service_unavailable");
    bank.0.journal.is_down.set(false);
    let (_, is_repeated) = bank.request("k", &json!({"url": URL})).unwrap();
    assert!(!is_repeated);
}

/// The ledger alone was restored, and has gone on past the place of the webhook.
#[test]
fn a_webhook_that_has_followed_another_journal_is_refused_and_found() {
    let (bank, _) = Bank::with_webhook();
    bank.send(2, Ok(204));
    let check = || check_place(&bank.0.store, &bank.0.journal);
    check().unwrap();
    bank.0.journal.postings.borrow_mut()[1].id = Uuid::from_u128(7);
    bank.happen(3);
    assert!(matches!(check(), Err(Error::OtherJournal { cursor: 2 })));
    let expected = "webhook 1: stands at 2, where it has passed another transaction";
    assert_eq!(violations(check_invariants(&bank.0)), [expected]);
}

#[test]
fn the_audit_log_says_what_was_done_by_whom_when_and_in_which_request() {
    let bank = Bank::new();
    let body = json!({"url": URL, "events": ["transfer.posted"]});
    let id = bank.make("k", body.clone());
    // A repetition does nothing, and has no record; nor has a change of nothing.
    bank.make("k", body.clone());
    let other = bank.make("other", json!({"url": URL}));
    for change in [json!({}), body, json!({"url": ELSEWHERE})] {
        bank.change(id, &change).unwrap();
    }
    bank.send(1, Ok(204));
    bank.wait(1_000);
    bank.resend(id, 1).unwrap();
    bank.wait(1_000);
    bank.delete(id).unwrap();
    let of_webhook = format!("webhook_id={id}");
    let actions = [DELETED, RESENT, CHANGED, CREATED];
    assert_eq!(bank.actions(&of_webhook), actions);
    let records = bank.logged(&of_webhook);
    let facts = records[3]["new_value"].as_str().unwrap();
    let facts: Value = serde_json::from_str(facts).unwrap();
    assert_json!(facts, {"url": URL, "events": ["transfer.posted"]});
    assert_eq!(records[2]["old_value"], records[3]["new_value"]);
    assert!(records[2]["new_value"].to_string().contains(ELSEWHERE));
    assert_eq!(records[0]["old_value"], records[2]["new_value"]);
    assert_eq!(records[1]["new_value"], "1");
    for record in &records {
        assert_json!(record, {"actor_id": ADMIN, "request_id": REQUEST_ID, "webhook_id": id});
    }
    assert_json!(records[3], {"created_at": "2027-01-15T08:00:00.000Z"});
    let all = bank.logged("");
    assert_eq!(all.len(), 5);
    assert_eq!(all[3]["webhook_id"], json!(other));
    assert!(!json!(all).to_string().contains("whsec_"));
}
