//! What the tests share: a bank with a journal written by hand, a clock, and a receiver.

use crate::api::{RotateBody, WebhookBody};
use crate::audit::check_invariants;
use crate::delivery::TIMEOUT;
use crate::schema::MIGRATIONS;
use crate::service::{Env, Service};
use crate::webhook::Webhook;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;
use strongroom_ledger_api::{
    Actor, BatchRecord, Journal, Kind, LedgerError, Party, Posting, Status,
};
use strongroom_sdk::clock::{Clock, ManualClock};
use strongroom_sdk::http::client::{Client, Requests, Target};
use strongroom_sdk::identity::{Admin, Auditor, Identity, Role};
use strongroom_sdk::money::{Currency, Money};
use strongroom_sdk::page::Page;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::SqliteStore;
use strongroom_sdk::testing::{body_of, json_of, key_of, read, store_of};

pub(crate) use serde_json::{Value, json};
pub(crate) use strongroom_ledger_api::Decline;
pub(crate) use strongroom_sdk::http::client::{Post, SendError};
pub(crate) use strongroom_sdk::store::{Store, Transaction};
pub(crate) use strongroom_sdk::testing::{TestStore, assert_found, refusal, violations};
pub(crate) use strongroom_sdk::{assert_json, rows};
pub(crate) use uuid::Uuid;

pub(crate) const NOON_MS: i64 = 1_800_000_000_000;
pub(crate) const URL: &str = "https://hooks.example/in?tenant=1";
pub(crate) const ADMIN: Uuid = Uuid::from_u128(0xAD);
pub(crate) const REQUEST_ID: &str = "request-7";

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
        Err(LedgerError::invalid("webhooks read the whole journal"))
    }
}

pub(crate) const TIMEOUT_MS: i64 = TIMEOUT.as_millis() as i64;

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
        amount: Some(Money::from_minor(1_234, euro)),
        legs: Vec::new(),
        declined_leg: None,
        reference: None,
        metadata: None,
        requested_at_ms: NOON_MS,
        recorded_at_ms: NOON_MS,
    }
}

/// Returns the same to each request at once, and keeps the requests. One receiver never responds.
#[derive(Clone)]
pub(crate) struct Receiver {
    response: RefCell<Result<u16, SendError>>,
    pub(crate) got: Rc<RefCell<Vec<Post>>>,
    clock: ManualClock,
}

impl Client for Receiver {
    type Requests<K> = UnderWay<K>;

    fn allows(&self, target: &Target) -> bool {
        target.authority() != "unnamed.example"
    }

    fn requests<K>(&self, timeout: Duration) -> UnderWay<K> {
        assert_eq!(timeout, TIMEOUT);
        UnderWay {
            receiver: self.clone(),
            sent: Vec::new(),
        }
    }
}

/// Requests whose waiting moves the clock on.
pub(crate) struct UnderWay<K> {
    receiver: Receiver,
    /// Each with the time of its end, and its result.
    sent: Vec<(K, i64, Result<u16, SendError>)>,
}

impl<K> Requests<K> for UnderWay<K> {
    fn send(&mut self, key: K, post: &Post) {
        self.receiver.got.borrow_mut().push(post.clone());
        let now_ms = self.receiver.clock.now_ms();
        let (end_ms, result) = match post.target.authority() {
            "deaf.example" => (now_ms + TIMEOUT_MS, Err(SendError::TimedOut)),
            _ => (now_ms, self.receiver.response.borrow().clone()),
        };
        self.sent.push((key, end_ms, result));
    }

    fn wait(&mut self, at_most: Duration) -> Vec<(K, Result<u16, SendError>)> {
        let clock = &self.receiver.clock;
        if let Some(end_ms) = self.sent.iter().map(|sent| sent.1).min() {
            let pause_ms = i64::try_from(at_most.as_millis()).unwrap();
            clock.set_ms(end_ms.clamp(clock.now_ms(), clock.now_ms() + pause_ms));
        }
        let now_ms = clock.now_ms();
        let ended = self.sent.extract_if(.., |sent| sent.1 <= now_ms);
        ended.map(|(key, _, result)| (key, result)).collect()
    }
}

pub(crate) struct TestEnv;

impl Env for TestEnv {
    type Store = SqliteStore;
    type Journal = Written;
    type Client = Receiver;
    type Clock = ManualClock;
    type Random = SystemRandom;
}

pub(crate) struct Bank(pub(crate) Service<TestEnv>);

pub(crate) fn admin() -> Admin {
    Identity::of_user(ADMIN, Role::Admin).try_into().unwrap()
}

pub(crate) fn auditor() -> Auditor {
    Identity::of_user(ADMIN, Role::Auditor).try_into().unwrap()
}

impl Bank {
    pub(crate) fn new() -> Self {
        let clock = ManualClock::at(NOON_MS);
        Self(Service {
            store: store_of(MIGRATIONS),
            journal: Written::default(),
            client: Receiver {
                response: RefCell::new(Ok(204)),
                got: Rc::default(),
                clock: clock.clone(),
            },
            clock,
            random: SystemRandom,
        })
    }

    pub(crate) fn with_webhook() -> (Self, Uuid) {
        let bank = Self::new();
        let id = bank.make("k", json!({"url": URL}));
        (bank, id)
    }

    /// Requests a webhook; returns the response, and whether it is a repetition.
    pub(crate) fn request(&self, key: &str, body: &Value) -> Result<(Value, bool), Problem> {
        let (key, body) = (key_of(key), read::<WebhookBody>(body)?);
        let reply = self.0.create(&admin(), Some(&key), body)?;
        assert_eq!(reply.status, 201);
        Ok((body_of(&reply), reply.repeated))
    }

    pub(crate) fn make(&self, key: &str, body: Value) -> Uuid {
        let (view, _) = self.request(key, &body).unwrap();
        view["id"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) fn make_many(&self, count: i64) {
        for index in 0..count {
            self.make(&format!("key-{index}"), json!({"url": URL}));
        }
    }

    pub(crate) fn change(&self, id: Uuid, body: &Value) -> Result<Value, Problem> {
        self.0.change(&admin(), id, read(body)?).map(json_of)
    }

    /// Requests a new secret; returns the response.
    pub(crate) fn rotate(&self, key: &str, id: Uuid, body: &Value) -> Result<Value, Problem> {
        let (key, body) = (key_of(key), read::<RotateBody>(body)?);
        let reply = self.0.rotate_secret(&admin(), Some(&key), id, &body)?;
        Ok(body_of(&reply))
    }

    pub(crate) fn test(&self, id: Uuid) -> Result<Value, Problem> {
        self.0.test(&admin(), id).map(json_of)
    }

    pub(crate) fn delete(&self, id: Uuid) -> Result<(), Problem> {
        self.0.delete(&admin(), id)
    }

    pub(crate) fn resend(&self, id: Uuid, sequence: u64) -> Result<Value, Problem> {
        self.0.resend(&admin(), id, sequence).map(json_of)
    }

    pub(crate) fn read(&self, id: Uuid) -> Result<Value, Problem> {
        self.0.webhook(&auditor(), id).map(json_of)
    }

    pub(crate) fn listed(&self) -> Value {
        let page = Page::from_query("/", "").unwrap();
        json_of(self.0.list(&auditor(), &page).unwrap())["data"].clone()
    }

    pub(crate) fn try_deliveries(&self, id: Uuid) -> Result<Value, Problem> {
        let page = Page::from_query("/", "").unwrap();
        let list = self.0.deliveries(&auditor(), id, &page)?;
        Ok(json_of(list)["data"].clone())
    }

    /// The deliveries of a webhook, newest event first.
    pub(crate) fn deliveries(&self, id: Uuid) -> Value {
        self.try_deliveries(id).unwrap()
    }

    /// The actions in the audit log, newest first.
    pub(crate) fn actions(&self, query: &str) -> Vec<Value> {
        let log = self.logged(query).into_iter();
        log.map(|record| record["action"].clone()).collect()
    }

    pub(crate) fn assert_sound(&self) {
        assert_eq!(violations(check_invariants(&self.0)), [""; 0]);
    }

    pub(crate) fn logged(&self, query: &str) -> Vec<Value> {
        let page = Page::from_query("/", query).unwrap();
        let list = self.0.audit_log(&auditor(), &page).unwrap();
        list.data.into_iter().map(json_of).collect()
    }

    pub(crate) fn happen(&self, count: u64) {
        for _ in 0..count {
            self.append(None);
        }
    }

    pub(crate) fn append(&self, decline: Option<Decline>) {
        let mut postings = self.0.journal.postings.borrow_mut();
        let sequence = postings.len() as u64 + 1;
        postings.push(posting(sequence, decline));
    }

    pub(crate) fn respond(&self, response: Result<u16, SendError>) {
        *self.0.client.response.borrow_mut() = response;
    }

    /// So many events happen, and the receiver responds so to them.
    pub(crate) fn send(&self, count: u64, response: Result<u16, SendError>) {
        self.happen(count);
        self.respond(response);
        self.tick();
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.0.clock.now_ms()
    }

    pub(crate) fn wait(&self, ms: i64) {
        self.0.clock.pass_ms(ms);
    }

    pub(crate) fn tick(&self) -> usize {
        self.0.tick().unwrap()
    }

    pub(crate) fn stored(&self, id: Uuid) -> Webhook {
        crate::webhook::find(&self.0.store, id).unwrap().unwrap()
    }

    /// The places of the events that have arrived.
    pub(crate) fn got(&self) -> Vec<u64> {
        let got = self.0.client.got.borrow();
        let sequence_of = |post: &Post| {
            let event: Value = serde_json::from_slice(&post.body).unwrap();
            event["sequence"].as_u64().unwrap()
        };
        got.iter().map(sequence_of).collect()
    }
}
