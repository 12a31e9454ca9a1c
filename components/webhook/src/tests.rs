//! Goal: each event that a webhook wants reaches its receiver, signed, however often that fails for
//! three days, and delays no other webhook.
//! Method: journals written by hand, a clock that is set, and a receiver that returns what it is
//! told to and keeps what it got.

use crate::api::{
    CREATED, DELETED, ENDED, RESENT, Service, URL_BYTES_MAX, WEBHOOKS_MAX, WebhookBody, audit_log,
    create_webhook, delete_webhook, list_deliveries, list_webhooks, resend_delivery,
};
use crate::delivery::{
    FIRST_PAUSE_MS, GIVE_UP_AFTER_MS, PAUSE_MAX_MS, PENDING_MAX, TIMEOUT, pause_ms, tick,
};
use crate::schema::MIGRATIONS;
use crate::webhook::{Secret, peek};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use strongroom_ledger_api::{
    Actor, BatchRecord, Decline, Journal, Kind, LedgerError, Party, Posting, Status,
};
use strongroom_sdk::clock::{Clock, format_rfc3339};
use strongroom_sdk::http::RequestId;
use strongroom_sdk::http::client::{Client, Post, SendError, Target};
use strongroom_sdk::idempotency::IdempotencyKey;
use strongroom_sdk::identity::{Identity, Role};
use strongroom_sdk::money::{Currency, Money};
use strongroom_sdk::page::Page;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::{SqliteStore, Store, Transaction, migrate};
use uuid::Uuid;

const NOON_MS: i64 = 1_800_000_000_000;
const URL: &str = "https://hooks.example/in?tenant=1";

#[derive(Clone)]
pub(crate) struct TestClock(Rc<Cell<i64>>);

impl Clock for TestClock {
    fn now_ms(&self) -> i64 {
        self.0.get()
    }
}

/// A journal in memory, or a ledger that is not there.
#[derive(Default)]
pub(crate) struct Written {
    pub(crate) postings: RefCell<Vec<Posting>>,
    pub(crate) is_down: Cell<bool>,
}

impl Journal for Written {
    fn journal(&self, after: u64, limit: u32) -> Result<Vec<Posting>, LedgerError> {
        let postings = self.postings.borrow();
        let found = postings.iter().filter(|posting| posting.sequence > after);
        // Some pages are shorter than they might be, as those of long texts are.
        let rows = (limit as usize).min(1 + after as usize % 7 * 100);
        Ok(found.take(rows).cloned().collect())
    }

    fn head(&self) -> Result<u64, LedgerError> {
        if self.is_down.get() {
            return Err(LedgerError::Unavailable("down".to_owned()));
        }
        let postings = self.postings.borrow();
        Ok(postings.last().map_or(0, |last| last.sequence))
    }

    fn lookup_many(&self, _: &[Uuid]) -> Result<Vec<Option<Posting>>, LedgerError> {
        Err(LedgerError::invalid("webhooks read the journal alone"))
    }

    fn find_batch(&self, _: Uuid) -> Result<Option<BatchRecord>, LedgerError> {
        Err(LedgerError::invalid("webhooks read the journal alone"))
    }

    fn journal_of(&self, _: Uuid, _: u64, _: u32) -> Result<Vec<Posting>, LedgerError> {
        Err(LedgerError::invalid("events are rows of the whole journal"))
    }

    fn history(&self, _: Uuid, _: u64, _: u32) -> Result<Vec<Posting>, LedgerError> {
        Err(LedgerError::invalid("webhooks read the journal alone"))
    }
}

/// A transfer between two owners, each with one account.
fn posting(sequence: u64, decline: Option<Decline>) -> Posting {
    let party = |owner: u128| Party {
        account_id: Uuid::from_u128(owner + 1_000),
        owner_id: Uuid::from_u128(owner),
    };
    let euro = Currency::from_code("EUR").unwrap();
    Posting {
        id: Uuid::from_u128(u128::from(sequence) + 1_000_000),
        sequence,
        fingerprint: [7; 32],
        kind: Kind::Transfer,
        status: decline.map_or(Status::Posted, |_| Status::Declined),
        decline,
        denied_by: None,
        actor: Actor::user(Uuid::from_u128(1)),
        on_behalf_of: None,
        request_id: None,
        source: Some(party(1)),
        destination: Some(party(2)),
        original: None,
        expires_at_ms: None,
        resolution: None,
        amount: Money::from_minor(1_234, euro),
        reference: None,
        metadata: None,
        requested_at_ms: NOON_MS,
        recorded_at_ms: NOON_MS,
    }
}

/// What is sent to.
struct Receiver {
    answer: RefCell<Result<u16, SendError>>,
    got: RefCell<Vec<Post>>,
}

impl Client for Receiver {
    fn allows(&self, target: &Target) -> bool {
        target.authority() != "unnamed.example"
    }

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

pub(crate) struct Bank {
    pub(crate) service: Service<SqliteStore, TestClock, SystemRandom>,
    pub(crate) journal: Written,
    client: Receiver,
}

pub(crate) fn bank() -> Bank {
    let store = SqliteStore::in_memory().unwrap();
    migrate(&store, MIGRATIONS).unwrap();
    Bank {
        service: Service {
            store,
            clock: TestClock(Rc::new(Cell::new(NOON_MS))),
            random: SystemRandom,
        },
        journal: Written::default(),
        client: Receiver {
            answer: RefCell::new(Ok(204)),
            got: RefCell::default(),
        },
    }
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
        let caller = (&staff(role), request());
        let reply = create_webhook(
            &self.service,
            (&self.journal, &self.client),
            caller,
            &key,
            body,
        )?;
        assert_eq!(reply.status, 201);
        Ok((serde_json::from_str(&reply.body).unwrap(), reply.repeated))
    }

    pub(crate) fn make(&self, key: &str, body: Value) -> Uuid {
        let (view, _) = self.ask(Role::Admin, key, &body).unwrap();
        view["id"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) fn delete(&self, id: Uuid) -> Result<(), Problem> {
        self.delete_as(Role::Admin, id)
    }

    fn delete_as(&self, role: Role, id: Uuid) -> Result<(), Problem> {
        delete_webhook(&self.service, (&staff(role), request()), id)
    }

    fn resend(&self, role: Role, id: Uuid, sequence: u64) -> Result<Value, Problem> {
        let caller = (&staff(role), request());
        resend_delivery(&self.service, caller, id, sequence)
            .map(|view| serde_json::to_value(view).unwrap())
    }

    /// Appends so many transfers to the journal.
    pub(crate) fn happen(&self, count: u64) {
        for _ in 0..count {
            self.append(None);
        }
    }

    fn append(&self, decline: Option<Decline>) {
        let mut postings = self.journal.postings.borrow_mut();
        let sequence = postings.len() as u64 + 1;
        postings.push(posting(sequence, decline));
    }

    fn answer(&self, answer: Result<u16, SendError>) {
        *self.client.answer.borrow_mut() = answer;
    }

    fn wait(&self, ms: i64) {
        self.service.clock.0.set(self.service.clock.now_ms() + ms);
    }

    pub(crate) fn tick(&self) -> usize {
        self.try_tick().unwrap()
    }

    fn try_tick(&self) -> Result<usize, crate::Error> {
        let Service { store, clock, .. } = &self.service;
        tick(store, &self.journal, &self.client, clock)
    }

    fn cursor(&self, id: Uuid) -> u64 {
        peek(&self.service.store, id).unwrap().unwrap().cursor
    }

    /// The places of the events that have arrived.
    fn got(&self) -> Vec<u64> {
        let got = self.client.got.borrow();
        got.iter()
            .map(|post| {
                let event: Value = serde_json::from_slice(&post.body).unwrap();
                event["sequence"].as_u64().unwrap()
            })
            .collect()
    }

    fn deliveries(&self, id: Uuid) -> Vec<Value> {
        let list =
            list_deliveries(&self.service.store, &staff(Role::Auditor), id, &page()).unwrap();
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
        secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body),
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    );
    assert_eq!(secret.to_text(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    assert_eq!(format!("{secret:?}"), "Secret(..)");
}

#[test]
fn what_happens_after_a_webhook_was_made_is_sent_to_it_signed() {
    let bank = bank();
    bank.happen(300);
    let (view, is_repeated) = bank.ask(Role::Admin, "k", &json!({"url": URL})).unwrap();
    assert!(!is_repeated);
    let secret = Secret::parse(view["secret"].as_str().unwrap()).unwrap();
    assert_eq!(secret.bytes().len(), 32);
    bank.happen(2);
    assert_eq!(bank.tick(), 2);
    assert_eq!(bank.tick(), 0);
    assert_eq!(bank.got(), [301, 302]);
    let got = bank.client.got.borrow();
    let post = &got[0];
    assert_eq!(
        (post.target.authority(), post.target.path_and_query()),
        ("hooks.example", "/in?tenant=1")
    );
    assert_eq!(header(post, "webhook-id"), "evt_301");
    assert_eq!(header(post, "webhook-timestamp"), "1800000000");
    assert_eq!(
        header(post, "webhook-signature"),
        secret.sign("evt_301", 1_800_000_000, &post.body)
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
    let (again, is_repeated) = bank.ask(Role::Admin, "k", &body).unwrap();
    assert!(is_repeated && again.get("secret").is_none());
    assert_eq!(again["id"], first["id"]);
    let list = list_webhooks(&bank.service.store, &staff(Role::Auditor), &page()).unwrap();
    let list = serde_json::to_value(list).unwrap();
    assert!(list["data"][0].get("secret").is_none());
    assert!(!list.to_string().contains("whsec_"));
    let other = bank.ask(Role::Admin, "k", &json!({"url": URL}));
    assert_eq!(other.unwrap_err().code(), "idempotency_key_reused");
    // With the webhook, the secret goes out of the store too.
    bank.delete(first["id"].as_str().unwrap().parse().unwrap())
        .unwrap();
    let rows = bank
        .service
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
        (json!({"url": "http://hooks.example:0/in"}), "/url"),
        (json!({"url": "http://hooks.example:65536/in"}), "/url"),
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
fn only_an_administrator_creates_them_and_an_auditor_may_look() {
    let bank = bank();
    let id = bank.make("k", json!({"url": URL}));
    for role in [Role::Customer, Role::Teller, Role::Auditor] {
        let made = bank.ask(role, "other", &json!({"url": URL}));
        assert_eq!(made.unwrap_err().code(), "forbidden");
        let deleted = bank.delete_as(role, id);
        assert_eq!(deleted.unwrap_err().code(), "forbidden");
        let resent = bank.resend(role, id, 1);
        assert_eq!(resent.unwrap_err().code(), "forbidden");
        let may_look = role == Role::Auditor;
        assert_eq!(
            list_webhooks(&bank.service.store, &staff(role), &page()).is_ok(),
            may_look
        );
        assert_eq!(
            list_deliveries(&bank.service.store, &staff(role), id, &page()).is_ok(),
            may_look
        );
    }
}

#[test]
fn a_webhook_gets_the_types_it_wants_and_passes_the_rest() {
    let bank = bank();
    let id = bank.make("k", json!({"url": URL, "events": ["transfer.declined"]}));
    bank.happen(500);
    bank.append(Some(Decline::AccountFrozen));
    bank.happen(500);
    assert_eq!(bank.tick(), 1);
    assert_eq!(bank.got(), [501]);
    assert_eq!(bank.deliveries(id).len(), 1);
    assert_eq!(bank.cursor(id), 1_001);
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
    let got = bank.client.got.borrow();
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
fn after_three_days_a_delivery_is_dead_until_it_is_requested_again() {
    let bank = bank();
    let id = bank.make("k", json!({"url": URL}));
    bank.happen(1);
    bank.answer(Ok(503));
    let mut sent = 0;
    while bank.service.clock.now_ms() < NOON_MS + 2 * GIVE_UP_AFTER_MS {
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
        bank.resend(Role::Admin, id, 2).unwrap_err().code(),
        "not_found"
    );
    bank.resend(Role::Admin, id, 1).unwrap();
    assert_eq!(bank.deliveries(id)[0]["status"], "pending");
    bank.answer(Ok(200));
    assert_eq!(bank.tick(), 1);
    assert_eq!(bank.deliveries(id)[0]["status"], "delivered");
    // What was delivered can be sent again too.
    bank.resend(Role::Admin, id, 1).unwrap();
    assert_eq!(bank.tick(), 1);
}

#[test]
fn a_receiver_that_is_gone_ends_its_webhook_and_no_other() {
    let bank = bank();
    let id = bank.make("k", json!({"url": URL}));
    let deaf = bank.make("deaf", json!({"url": "https://deaf.example/"}));
    bank.happen(6);
    bank.answer(Ok(410));
    bank.tick();
    let sent = bank.got().len();
    bank.wait(60_000);
    bank.happen(1);
    bank.answer(Ok(200));
    bank.tick();
    let to_gone = |post: &Post| post.target.authority() == "hooks.example";
    let got = bank.client.got.borrow();
    assert!(!got[sent..].iter().any(to_gone));
    assert_eq!(got.iter().filter(|post| to_gone(post)).count(), 4);
    drop(got);
    let list = list_webhooks(&bank.service.store, &staff(Role::Auditor), &page()).unwrap();
    let list = serde_json::to_value(list).unwrap();
    let seen = |index: usize| {
        let webhook = &list["data"][index];
        let members = ["id", "status", "ended_because", "ended_at"];
        members.map(|member| webhook[member].clone())
    };
    let at = json!("2027-01-15T08:00:00.000Z");
    assert_eq!(
        seen(0),
        [json!(deaf), json!("active"), Value::Null, Value::Null]
    );
    assert_eq!(
        seen(1),
        [json!(id), json!("ended"), json!("receiver_gone"), at]
    );
    let deliveries = bank.deliveries(id);
    assert_eq!(deliveries.len(), 6);
    assert!(
        deliveries
            .iter()
            .all(|delivery| delivery["status"] == "dead")
    );
    assert_eq!(deliveries[5]["last_status"], 410);
    let resent = bank.resend(Role::Admin, id, 1).unwrap_err();
    assert_eq!(
        (resent.status().as_u16(), resent.code()),
        (409, "webhook_ended")
    );
    // Its place is free, and it can be deleted.
    for index in 0..WEBHOOKS_MAX - 1 {
        bank.make(&format!("key-{index}"), json!({"url": URL}));
    }
    bank.delete(id).unwrap();
    let report = crate::audit::check_invariants(&bank.service.store, &bank.journal).unwrap();
    assert_eq!(report.violations().collect::<Vec<_>>(), []);
    let page = Page::from_query(&format!("webhook_id={id}")).unwrap();
    let log = audit_log(&bank.service.store, &staff(Role::Auditor), &page).unwrap();
    let log = serde_json::to_value(log).unwrap()["data"].clone();
    let actions: Vec<_> = log
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["action"])
        .collect();
    assert_eq!(actions, [DELETED, ENDED, CREATED]);
    let values = [&log[1]["new_value"], &log[1]["actor_role"]];
    assert_eq!(values, ["receiver_gone", "bank"]);
}

#[test]
fn an_origin_that_the_registry_does_not_name_is_taken_with_a_warning() {
    let bank = bank();
    for (url, codes) in [
        (URL, vec![]),
        ("https://unnamed.example/in", vec!["origin_not_allowed"]),
    ] {
        for is_repeated in [false, true] {
            let (view, repeated) = bank
                .ask(Role::Admin, &url[8..15], &json!({"url": url}))
                .unwrap();
            assert_eq!(repeated, is_repeated, "{url}");
            let warnings = view["warnings"].as_array().cloned().unwrap_or_default();
            let told: Vec<_> = warnings.iter().map(|warning| &warning["code"]).collect();
            assert_eq!(told, codes, "{url}");
            assert!(warnings.iter().all(|warning| warning["pointer"] == "/url"));
        }
    }
}

#[test]
fn a_receiver_that_does_not_respond_delays_no_other_and_does_not_fill_the_store() {
    let bank = bank();
    let deaf = bank.make("deaf", json!({"url": "https://deaf.example/"}));
    let good = bank.make("good", json!({"url": URL}));
    bank.happen(3_000);
    for _ in 0..5 {
        bank.tick();
        bank.wait(1_000);
    }
    let delivered = bank.service.store.query(
        "SELECT count(*) FROM webhook_delivery JOIN webhook ON key = webhook_key WHERE state = 'delivered' AND url NOT LIKE '%deaf%'",
        &[],
    );
    assert_eq!(
        delivered.unwrap().first().unwrap().integer(0).unwrap(),
        3_000
    );
    assert_eq!(bank.cursor(good), 3_000);
    assert!(bank.cursor(deaf) < PENDING_MAX as u64 + 200);
}

#[test]
fn a_deleted_webhook_is_sent_nothing_and_its_deliveries_go_in_time() {
    let bank = bank();
    let id = bank.make("k", json!({"url": URL}));
    bank.happen(1);
    bank.answer(Ok(500));
    bank.tick();
    bank.delete(id).unwrap();
    bank.wait(60_000);
    assert_eq!(bank.tick(), 0);
    let again = bank.delete(id);
    assert_eq!(again.unwrap_err().code(), "not_found");
    let looked = list_deliveries(&bank.service.store, &staff(Role::Admin), id, &page());
    assert_eq!(looked.unwrap_err().code(), "not_found");
    bank.wait(31 * 24 * 3_600 * 1_000);
    bank.tick();
    let left = bank
        .service
        .store
        .query("SELECT 1 FROM webhook_delivery", &[]);
    assert!(left.unwrap().rows.is_empty());
}

#[test]
fn a_crash_before_the_outcomes_are_recorded_sends_again_and_leaves_none_out() {
    let bank = bank();
    bank.make("k", json!({"url": URL}));
    bank.happen(3);
    let execute = |sql: &str| {
        let transaction = bank.service.store.begin().unwrap();
        transaction.execute(sql, &[]).unwrap();
        transaction.commit().unwrap();
    };
    // First the commit of cursor and deliveries is cut off, then that of the outcomes.
    execute(
        "CREATE TRIGGER crash BEFORE INSERT ON webhook_delivery BEGIN SELECT RAISE(ABORT, 'crash'); END",
    );
    assert!(bank.try_tick().is_err());
    assert!(bank.got().is_empty());
    execute("DROP TRIGGER crash");
    execute(
        "CREATE TRIGGER crash BEFORE UPDATE ON webhook_delivery BEGIN SELECT RAISE(ABORT, 'crash'); END",
    );
    assert!(bank.try_tick().is_err());
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
    bank.journal.postings.borrow_mut().remove(0);
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
fn a_new_webhook_begins_at_the_head_of_the_journal() {
    for (length, key) in [(0, "empty"), (1, "one"), (1_023, "many")] {
        let bank = bank();
        bank.happen(length);
        let id = bank.make(key, json!({"url": URL}));
        assert_eq!(bank.cursor(id), length);
        assert_eq!(bank.tick(), 0);
        bank.happen(1);
        assert_eq!((bank.tick(), bank.got()), (1, vec![length + 1]));
    }
}

#[test]
fn no_webhook_is_made_while_the_ledger_does_not_say_where_the_journal_ends() {
    let bank = bank();
    bank.journal.is_down.set(true);
    let problem = bank.ask(Role::Admin, "k", &json!({"url": URL}));
    let problem = problem.unwrap_err();
    assert_eq!(
        (problem.status().as_u16(), problem.code()),
        (503, "service_unavailable")
    );
    bank.journal.is_down.set(false);
    bank.happen(3);
    let (_, is_repeated) = bank.ask(Role::Admin, "k", &json!({"url": URL})).unwrap();
    assert!(!is_repeated);
}

#[test]
fn the_audit_log_says_what_was_done_by_whom_when_and_in_which_request() {
    let bank = bank();
    let body = json!({"url": URL, "events": ["transfer.posted"]});
    let id = bank.make("k", body.clone());
    // A repetition does nothing, and has no record.
    bank.make("k", body);
    let other = bank.make("other", json!({"url": URL}));
    bank.happen(1);
    bank.tick();
    bank.wait(1_000);
    bank.resend(Role::Admin, id, 1).unwrap();
    bank.wait(1_000);
    bank.delete(id).unwrap();
    let log = |query: &str, role| {
        let page = Page::from_query(query).unwrap();
        audit_log(&bank.service.store, &staff(role), &page)
            .map(|list| serde_json::to_value(list).unwrap()["data"].clone())
    };
    let records = log(&format!("webhook_id={id}"), Role::Auditor).unwrap();
    let records = records.as_array().unwrap();
    let actions: Vec<_> = records.iter().map(|row| &row["action"]).collect();
    assert_eq!(actions, [DELETED, RESENT, CREATED]);
    let facts = records[2]["new_value"].as_str().unwrap();
    let facts: Value = serde_json::from_str(facts).unwrap();
    assert_eq!(
        (&facts["url"], &facts["events"]),
        (&json!(URL), &json!(["transfer.posted"]))
    );
    assert_eq!(records[0]["old_value"], records[2]["new_value"]);
    assert_eq!(records[1]["new_value"], "1");
    for row in records {
        assert_eq!(row["actor_id"], json!(staff(Role::Admin).subject));
        assert_eq!(row["request_id"], "r-7");
        assert_eq!(row["webhook_id"], json!(id));
    }
    assert_eq!(records[2]["created_at"], format_rfc3339(NOON_MS));
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
