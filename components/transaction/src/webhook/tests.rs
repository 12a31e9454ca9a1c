//! Goal: each event that a webhook wants reaches its receiver, signed, however often he fails for three days, and holds up nobody else.
//! Method: journals written by hand, a clock that is set, and a receiver who answers as he is told and keeps what he got.

use super::*;
use crate::api::{
    WEBHOOKS_MAX, create_webhook, delete_webhook, list_deliveries, list_webhooks, resend_delivery,
    webhook_log,
};
use crate::event::tests::{Written, posting};
use crate::event::{EVERY_TYPE, Journal};
use crate::idempotency::IdempotencyKey;
use crate::ledger::{Decline, LedgerError, Outcome, Posting};
use crate::schema::MIGRATIONS;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use strongroom_sdk::clock::{Clock, format_rfc3339};
use strongroom_sdk::http::RequestId;
use strongroom_sdk::http::client::{Client, Post, SendError};
use strongroom_sdk::identity::{Identity, Role};
use strongroom_sdk::page::Page;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::{SqliteStore, Store, Transaction, migrate};
use uuid::Uuid;

const NOON_MS: i64 = 1_800_000_000_000;
const URL: &str = "https://hooks.example/in?tenant=1";

#[derive(Clone)]
struct TestClock(Rc<Cell<i64>>);

impl Clock for TestClock {
    fn now_ms(&self) -> i64 {
        self.0.get()
    }
}

#[derive(Clone, Default)]
struct TestJournal(Rc<RefCell<Written>>);

impl Journal for TestJournal {
    fn journal(&self, after: u64, limit: u32) -> Result<Vec<Posting>, LedgerError> {
        self.0.borrow().journal(after, limit)
    }
}

/// Whoever is sent to.
#[derive(Clone)]
struct Receiver {
    answer: Rc<RefCell<Result<u16, SendError>>>,
    got: Rc<RefCell<Vec<Post>>>,
}

impl Client for Receiver {
    fn post_all(&self, posts: &[Post], timeout: Duration) -> Vec<Result<u16, SendError>> {
        assert_eq!(timeout, TIMEOUT);
        self.got.borrow_mut().extend_from_slice(posts);
        let answers = posts.iter().map(|post| {
            if post.target.authority() == "deaf.example" {
                Err(SendError::TimedOut)
            } else {
                self.answer.borrow().clone()
            }
        });
        answers.collect()
    }
}

struct Bank {
    hub: Hub<SqliteStore, TestJournal, Receiver, TestClock>,
}

fn bank() -> Bank {
    let store = SqliteStore::in_memory().unwrap();
    migrate(&store, MIGRATIONS).unwrap();
    let hub = Hub {
        store,
        journal: TestJournal::default(),
        client: Receiver {
            answer: Rc::new(RefCell::new(Ok(204))),
            got: Rc::default(),
        },
        clock: TestClock(Rc::new(Cell::new(NOON_MS))),
    };
    Bank { hub }
}

fn staff(role: Role) -> Identity {
    Identity {
        subject: Uuid::from_u128(0xAD),
        role,
        session: Uuid::nil(),
        scope: String::new(),
    }
}

fn request() -> RequestId {
    RequestId(Some("r-7".to_owned()))
}

fn page() -> Page<u64> {
    Page::from_query("").unwrap()
}

impl Bank {
    fn ask(&self, role: Role, key: &str, body: &Value) -> Result<(Value, bool), Problem> {
        let body: WebhookBody = strongroom_sdk::json::from_slice(body.to_string().as_bytes())?;
        let key = IdempotencyKey::from_header([key.as_bytes()]).unwrap();
        let answer = create_webhook(
            &self.hub,
            &SystemRandom,
            (&staff(role), request()),
            &key,
            body,
        )?;
        assert_eq!(answer.content.status, 201);
        let view = serde_json::from_str(&answer.content.body).unwrap();
        Ok((view, answer.replayed))
    }

    fn make(&self, key: &str, body: Value) -> Uuid {
        let (view, _) = self.ask(Role::Admin, key, &body).unwrap();
        view["id"].as_str().unwrap().parse().unwrap()
    }

    /// So many transfers happen.
    fn happen(&self, count: u64) {
        let mut journal = self.hub.journal.0.borrow_mut();
        for _ in 0..count {
            let sequence = journal.0.len() as u64 + 1;
            journal.0.push(posting(sequence, 1, 2, Outcome::Posted));
        }
    }

    fn answer(&self, answer: Result<u16, SendError>) {
        *self.hub.client.answer.borrow_mut() = answer;
    }

    fn wait(&self, ms: i64) {
        self.hub.clock.0.set(self.hub.clock.now_ms() + ms);
    }

    fn tick(&self) -> usize {
        tick(&self.hub).unwrap()
    }

    /// The places of the events that have arrived.
    fn got(&self) -> Vec<u64> {
        let got = self.hub.client.got.borrow();
        got.iter()
            .map(|post| {
                let event: Value = serde_json::from_slice(&post.body).unwrap();
                event["sequence"].as_u64().unwrap()
            })
            .collect()
    }

    fn deliveries(&self, id: Uuid) -> Vec<Value> {
        let list = list_deliveries(&self.hub, &staff(Role::Auditor), id, &page()).unwrap();
        let values = list
            .data
            .into_iter()
            .map(|view| serde_json::to_value(view).unwrap());
        values.collect()
    }
}

fn header<'a>(post: &'a Post, name: &str) -> &'a str {
    let mut found = post.headers.iter().filter(|(header, _)| *header == name);
    &found.next().unwrap().1
}

/// The example of the Standard Webhooks specification's own libraries.
#[test]
fn a_signature_is_that_of_standard_webhooks() {
    let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let body = br#"{"test": 2432232314}"#;
    assert_eq!(
        sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body).unwrap(),
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    );
    assert_eq!(secret.to_text(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    assert_eq!(format!("{secret:?}"), "Secret(..)");
}

#[test]
fn what_happens_after_a_webhook_was_made_is_sent_to_it_signed() {
    let bank = bank();
    bank.happen(300);
    let (view, replayed) = bank.ask(Role::Admin, "k", &json!({"url": URL})).unwrap();
    assert!(!replayed);
    let secret = Secret::parse(view["secret"].as_str().unwrap()).unwrap();
    assert_eq!(secret.bytes().len(), 32);
    bank.happen(2);
    assert_eq!(bank.tick(), 2);
    assert_eq!(bank.tick(), 0);
    assert_eq!(bank.got(), [301, 302]);
    let got = bank.hub.client.got.borrow();
    let post = &got[0];
    assert_eq!(
        (post.target.authority(), post.target.path_and_query()),
        ("hooks.example", "/in?tenant=1")
    );
    assert_eq!(header(post, "webhook-id"), "evt_301");
    assert_eq!(header(post, "webhook-timestamp"), "1800000000");
    assert_eq!(
        header(post, "webhook-signature"),
        sign(&secret, "evt_301", 1_800_000_000, &post.body).unwrap()
    );
    let event: Value = serde_json::from_slice(&post.body).unwrap();
    assert_eq!(
        (&event["type"], &event["data"]["amount"]),
        (&json!("transfer.posted"), &json!("12.34"))
    );
    let id: Uuid = view["id"].as_str().unwrap().parse().unwrap();
    let delivery = &bank.deliveries(id)[1];
    let expected = json!({
        "sequence": 301, "type": "transfer.posted", "status": "delivered", "attempts": 1, "next_attempt_at": null, "last_status": 204,
        "last_error": null, "created_at": "2027-01-15T08:00:00.000Z", "delivered_at": "2027-01-15T08:00:00.000Z",
    });
    assert_eq!(delivery, &expected);
}

#[test]
fn the_secret_is_shown_once() {
    let bank = bank();
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let body = json!({"url": URL, "secret": secret, "events": ["transfer.posted"]});
    let (first, _) = bank.ask(Role::Admin, "k", &body).unwrap();
    assert_eq!(first["secret"], secret);
    let (again, replayed) = bank.ask(Role::Admin, "k", &body).unwrap();
    assert!(replayed && again.get("secret").is_none());
    assert_eq!(again["id"], first["id"]);
    let list = list_webhooks(&bank.hub, &staff(Role::Auditor), &page()).unwrap();
    let list = serde_json::to_value(list).unwrap();
    assert!(list["data"][0].get("secret").is_none());
    assert!(!list.to_string().contains("whsec_"));
    let other = bank.ask(Role::Admin, "k", &json!({"url": URL}));
    assert_eq!(other.unwrap_err().code(), "idempotency_key_reused");
    // With the webhook, the secret goes out of the store too.
    delete_webhook(
        &bank.hub,
        &SystemRandom,
        (&staff(Role::Admin), request()),
        first["id"].as_str().unwrap().parse().unwrap(),
    )
    .unwrap();
    let rows = bank
        .hub
        .store
        .query("SELECT length(secret) FROM webhook", &[]);
    assert_eq!(rows.unwrap().first().unwrap().integer(0).unwrap(), 0);
}

#[test]
fn what_cannot_be_is_refused_with_its_field() {
    let bank = bank();
    for (body, pointer) in [
        (json!({"url": "hooks.example"}), "/url"),
        (json!({"url": "ftp://hooks.example"}), "/url"),
        (
            json!({"url": format!("https://hooks.example/{}", "a".repeat(URL_BYTES_MAX))}),
            "/url",
        ),
        (json!({"url": URL, "secret": "secret"}), "/secret"),
        (json!({"url": URL, "secret": "whsec_c2hvcnQ="}), "/secret"),
        (json!({"url": URL, "events": []}), "/events"),
        (
            json!({"url": URL, "events": ["transfer.posted", "rain"]}),
            "/events/1",
        ),
        (json!({"url": URL, "name": "mine"}), "/name"),
        (json!({}), "/url"),
    ] {
        let problem = bank.ask(Role::Admin, "k", &body).unwrap_err();
        assert_eq!(problem.code(), "validation_failed", "{body}");
        assert_eq!(problem.errors()[0].pointer, pointer, "{body}");
    }
    for index in 0..WEBHOOKS_MAX {
        bank.make(&format!("key-{index}"), json!({"url": URL}));
    }
    let problem = bank.ask(Role::Admin, "one-more", &json!({"url": URL}));
    assert_eq!(problem.unwrap_err().code(), "webhooks_too_many");
}

#[test]
fn only_an_administrator_makes_them_and_an_auditor_may_look() {
    let bank = bank();
    let id = bank.make("k", json!({"url": URL}));
    for role in [Role::Customer, Role::Teller, Role::Auditor] {
        let made = bank.ask(role, "other", &json!({"url": URL}));
        assert_eq!(made.unwrap_err().code(), "forbidden");
        let deleted = delete_webhook(&bank.hub, &SystemRandom, (&staff(role), request()), id);
        assert_eq!(deleted.unwrap_err().code(), "forbidden");
        let resent = resend_delivery(&bank.hub, &SystemRandom, (&staff(role), request()), (id, 1));
        assert_eq!(resent.unwrap_err().code(), "forbidden");
        let may_look = role == Role::Auditor;
        assert_eq!(
            list_webhooks(&bank.hub, &staff(role), &page()).is_ok(),
            may_look
        );
        assert_eq!(
            list_deliveries(&bank.hub, &staff(role), id, &page()).is_ok(),
            may_look
        );
    }
}

#[test]
fn a_webhook_gets_the_types_it_wants_and_passes_the_rest() {
    let bank = bank();
    let id = bank.make("k", json!({"url": URL, "events": ["transfer.declined"]}));
    bank.happen(500);
    let declined = posting(501, 1, 2, Outcome::Declined(Decline::AccountFrozen));
    bank.hub.journal.0.borrow_mut().0.push(declined);
    bank.happen(500);
    assert_eq!(bank.tick(), 1);
    assert_eq!(bank.got(), [501]);
    assert_eq!(bank.deliveries(id).len(), 1);
    assert_eq!(peek(&bank.hub.store, id).unwrap().unwrap().cursor, 1_001);
    assert!(EVERY_TYPE.contains(&"transfer.declined"));
}

#[test]
fn a_delivery_that_fails_is_sent_again_later_and_later() {
    let bank = bank();
    let id = bank.make("k", json!({"url": URL}));
    bank.happen(1);
    let mut attempts = 0;
    for (answer, status, error) in [
        (Ok(500), json!(500), Value::Null),
        (Ok(301), json!(301), Value::Null),
        (
            Err(SendError::TimedOut),
            Value::Null,
            json!("no answer in time"),
        ),
        (
            Err(SendError::NotAllowed),
            Value::Null,
            json!("the registry does not allow this origin (`outbound`)"),
        ),
    ] {
        bank.answer(answer);
        assert_eq!(bank.tick(), 1);
        let pause = pause_ms(attempts);
        attempts += 1;
        let delivery = bank.deliveries(id)[0].clone();
        assert_eq!(
            (&delivery["status"], &delivery["attempts"]),
            (&json!("pending"), &json!(attempts))
        );
        assert_eq!(
            (&delivery["last_status"], &delivery["last_error"]),
            (&status, &error)
        );
        bank.wait(pause - 1);
        assert_eq!(bank.tick(), 0);
        bank.wait(1);
    }
    bank.answer(Ok(200));
    assert_eq!(bank.tick(), 1);
    assert_eq!(bank.deliveries(id)[0]["status"], "delivered");
    let got = bank.hub.client.got.borrow();
    // The same event each time, under the same id, and signed for the time at which it was sent.
    assert!(
        got.iter()
            .all(|post| post.body == got[0].body && header(post, "webhook-id") == "evt_1")
    );
    assert_ne!(
        header(&got[0], "webhook-signature"),
        header(&got[1], "webhook-signature")
    );
}

#[test]
fn pauses_grow_from_seconds_to_hours() {
    let pauses: Vec<i64> = (0..10).map(|attempts| pause_ms(attempts) / 1_000).collect();
    assert_eq!(
        pauses,
        [5, 15, 45, 135, 405, 1_215, 3_645, 10_935, 14_400, 14_400]
    );
    assert_eq!(pause_ms(u32::MAX), PAUSE_MAX_MS);
}

#[test]
fn after_three_days_a_delivery_is_dead_until_it_is_asked_for_again() {
    let bank = bank();
    let id = bank.make("k", json!({"url": URL}));
    bank.happen(1);
    bank.answer(Ok(503));
    let mut sent = 0;
    while bank.hub.clock.now_ms() < NOON_MS + 2 * GIVE_UP_AFTER_MS {
        sent += bank.tick();
        bank.wait(60_000);
    }
    let delivery = bank.deliveries(id)[0].clone();
    assert_eq!(
        (&delivery["status"], &delivery["next_attempt_at"]),
        (&json!("dead"), &Value::Null)
    );
    assert_eq!(delivery["attempts"], json!(sent));
    assert!((20..40).contains(&sent), "{sent}");
    assert_eq!(
        resend_delivery(
            &bank.hub,
            &SystemRandom,
            (&staff(Role::Admin), request()),
            (id, 2)
        )
        .unwrap_err()
        .code(),
        "not_found"
    );
    resend_delivery(
        &bank.hub,
        &SystemRandom,
        (&staff(Role::Admin), request()),
        (id, 1),
    )
    .unwrap();
    assert_eq!(bank.deliveries(id)[0]["status"], "pending");
    bank.answer(Ok(200));
    assert_eq!(bank.tick(), 1);
    assert_eq!(bank.deliveries(id)[0]["status"], "delivered");
    // What was delivered can be sent again too.
    resend_delivery(
        &bank.hub,
        &SystemRandom,
        (&staff(Role::Admin), request()),
        (id, 1),
    )
    .unwrap();
    assert_eq!(bank.tick(), 1);
}

#[test]
fn who_does_not_answer_holds_up_nobody_else_and_does_not_fill_the_store() {
    let bank = bank();
    let deaf = bank.make("deaf", json!({"url": "https://deaf.example/"}));
    let good = bank.make("good", json!({"url": URL}));
    bank.happen(3_000);
    for _ in 0..5 {
        bank.tick();
        bank.wait(1_000);
    }
    let delivered = bank.hub.store.query(
        "SELECT count(*) FROM webhook_delivery JOIN webhook ON key = webhook_key WHERE state = 'delivered' AND url NOT LIKE '%deaf%'",
        &[],
    );
    assert_eq!(
        delivered.unwrap().first().unwrap().integer(0).unwrap(),
        3_000
    );
    let cursor = |id| peek(&bank.hub.store, id).unwrap().unwrap().cursor;
    assert_eq!(cursor(good), 3_000);
    assert!(cursor(deaf) < PENDING_MAX as u64 + 200);
}

#[test]
fn a_deleted_webhook_is_sent_nothing_and_its_deliveries_go_in_time() {
    let bank = bank();
    let id = bank.make("k", json!({"url": URL}));
    bank.happen(1);
    bank.answer(Ok(500));
    bank.tick();
    delete_webhook(
        &bank.hub,
        &SystemRandom,
        (&staff(Role::Admin), request()),
        id,
    )
    .unwrap();
    bank.wait(60_000);
    assert_eq!(bank.tick(), 0);
    let again = delete_webhook(
        &bank.hub,
        &SystemRandom,
        (&staff(Role::Admin), request()),
        id,
    );
    assert_eq!(again.unwrap_err().code(), "not_found");
    let looked = list_deliveries(&bank.hub, &staff(Role::Admin), id, &page());
    assert_eq!(looked.unwrap_err().code(), "not_found");
    bank.wait(31 * 24 * 3_600 * 1_000);
    bank.tick();
    let left = bank.hub.store.query("SELECT 1 FROM webhook_delivery", &[]);
    assert!(left.unwrap().rows.is_empty());
}

#[test]
fn a_crash_before_the_answers_are_noted_sends_again_and_leaves_none_out() {
    let bank = bank();
    bank.make("k", json!({"url": URL}));
    bank.happen(3);
    let execute = |sql: &str| {
        let transaction = bank.hub.store.begin().unwrap();
        transaction.execute(sql, &[]).unwrap();
        transaction.commit().unwrap();
    };
    // First the commit of cursor and deliveries is cut off, then that of the answers.
    execute(
        "CREATE TRIGGER crash BEFORE INSERT ON webhook_delivery BEGIN SELECT RAISE(ABORT, 'crash'); END",
    );
    assert!(tick(&bank.hub).is_err());
    assert!(bank.got().is_empty());
    execute("DROP TRIGGER crash");
    execute(
        "CREATE TRIGGER crash BEFORE UPDATE ON webhook_delivery BEGIN SELECT RAISE(ABORT, 'crash'); END",
    );
    assert!(tick(&bank.hub).is_err());
    execute("DROP TRIGGER crash");
    bank.tick();
    assert_eq!(bank.got(), [1, 2, 3, 1, 2, 3]);
    assert_eq!(bank.tick(), 0);
}

#[test]
fn an_event_that_the_journal_has_lost_is_no_reason_to_stop() {
    let bank = bank();
    let id = bank.make("k", json!({"url": URL}));
    bank.happen(2);
    bank.answer(Ok(500));
    bank.tick();
    bank.hub.journal.0.borrow_mut().0.remove(0);
    bank.answer(Ok(200));
    bank.wait(FIRST_PAUSE_MS);
    bank.tick();
    assert_eq!(bank.deliveries(id)[0]["status"], "delivered");
    assert_eq!(
        bank.deliveries(id)[1]["last_error"],
        "the ledger does not know the event"
    );
}

#[test]
fn the_end_of_a_journal_of_any_length_is_found() {
    for length in (0..40).chain([1_023, 1_024, 1_025]) {
        let bank = bank();
        bank.happen(length);
        assert_eq!(head(&bank.hub.journal).unwrap(), length);
    }
}

#[test]
fn what_was_done_to_webhooks_is_told_with_who_when_and_in_which_request() {
    let bank = bank();
    let body = json!({"url": URL, "events": ["transfer.posted"]});
    let id = bank.make("k", body.clone());
    // A repetition does nothing, and so there is nothing to tell.
    bank.make("k", body);
    let other = bank.make("other", json!({"url": URL}));
    bank.happen(1);
    bank.tick();
    bank.wait(1_000);
    let (admin, hub) = (staff(Role::Admin), &bank.hub);
    resend_delivery(hub, &SystemRandom, (&admin, request()), (id, 1)).unwrap();
    bank.wait(1_000);
    delete_webhook(hub, &SystemRandom, (&admin, request()), id).unwrap();
    let log = |query: &str, role| {
        let page = Page::from_query(query).unwrap();
        webhook_log(hub, &staff(role), &page)
            .map(|list| serde_json::to_value(list).unwrap()["data"].clone())
    };
    let told = log(&format!("webhook_id={id}"), Role::Auditor).unwrap();
    let told = told.as_array().unwrap();
    let actions: Vec<_> = told.iter().map(|row| &row["action"]).collect();
    assert_eq!(actions, [DELETED, RESENT, CREATED]);
    let facts = told[2]["new_value"].as_str().unwrap();
    let facts: Value = serde_json::from_str(facts).unwrap();
    assert_eq!(
        (&facts["url"], &facts["events"]),
        (&json!(URL), &json!(["transfer.posted"]))
    );
    assert_eq!(told[0]["old_value"], told[2]["new_value"]);
    assert_eq!(told[1]["new_value"], "1");
    for row in told {
        assert_eq!(row["actor_id"], json!(admin.subject));
        assert_eq!(row["request_id"], "r-7");
        assert_eq!(row["webhook_id"], json!(id));
    }
    assert_eq!(told[2]["created_at"], format_rfc3339(NOON_MS));
    let all = log("", Role::Admin).unwrap();
    assert_eq!(all.as_array().unwrap().len(), 4);
    assert!(
        all.as_array()
            .unwrap()
            .iter()
            .any(|row| row["webhook_id"] == json!(other))
    );
    for role in [Role::Customer, Role::Teller] {
        assert_eq!(log("", role).unwrap_err().code(), "forbidden");
    }
    assert!(!all.to_string().contains("whsec_"));
}
