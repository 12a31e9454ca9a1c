//! Goal: each date of a standing order is paid once, whatever crashes, stands still, or comes late, and none is paid after the end.
//! Method: the calls and the tick on a store in memory, before a ledger that is a purse: it can be empty, or not answer. A crash is a
//! statement that fails, or an answer that is lost.

use super::*;
use crate::api::{Service, create_schedule, delete_schedule, get_schedule, list_schedules};
use crate::idempotency::IdempotencyKey;
use crate::ledger::{Decline, Ledger, LedgerError, Outcome, Party, Posting, Transfer};
use crate::recover;
use crate::schema::MIGRATIONS;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use strongroom_sdk::calendar::Day;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::identity::{Identity, Role};
use strongroom_sdk::page::Page;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::{SqliteStore, Store, Transaction, migrate};
use uuid::Uuid;

const ALICE: Uuid = Uuid::from_u128(0xA);
const BOB: Uuid = Uuid::from_u128(0xB);
const DAY_MS: i64 = 24 * 3_600 * 1_000;
const HOUR_MS: i64 = 3_600 * 1_000;
const DEADLINE_MS: i64 = 30 * DAY_MS;

#[derive(Clone, Default)]
struct TestClock(Rc<Cell<i64>>);

impl Clock for TestClock {
    fn now_ms(&self) -> i64 {
        self.0.get()
    }
}

/// A ledger that is one purse: Alice's.
#[derive(Clone, Default)]
struct Purse {
    cents: Rc<Cell<i64>>,
    is_down: Rc<Cell<bool>>,
    /// Decides, but the answer is lost.
    is_mute: Rc<Cell<bool>>,
    knows_payee: Rc<Cell<bool>>,
    book: Rc<RefCell<Vec<Posting>>>,
}

impl Purse {
    fn decide(&self, transfer: &Transfer, given_up: bool) -> Result<Posting, LedgerError> {
        let lost = || LedgerError::Unavailable("down".to_owned());
        if self.is_down.get() {
            return Err(lost());
        }
        if !self.knows_payee.get() {
            return Err(LedgerError::AccountNotFound(
                crate::ledger::Side::Destination,
            ));
        }
        let known = self.lookup(transfer.id)?;
        let posting = match known {
            Some(posting) => posting,
            None => self.record(transfer, given_up),
        };
        if self.is_mute.get() {
            return Err(lost());
        }
        Ok(posting)
    }

    fn record(&self, transfer: &Transfer, given_up: bool) -> Posting {
        let amount_minor = transfer.instruction.amount_minor;
        let outcome = if given_up {
            Outcome::Declined(Decline::Cancelled)
        } else if self.cents.get() < amount_minor {
            Outcome::Declined(Decline::InsufficientFunds)
        } else {
            self.cents.set(self.cents.get() - amount_minor);
            Outcome::Posted
        };
        let template = crate::event::tests::posting(1, 0xA, 0xB, outcome);
        let mut book = self.book.borrow_mut();
        let posting = Posting {
            id: transfer.id,
            sequence: book.len() as u64 + 1,
            amount_minor,
            metadata: transfer.metadata(),
            source: Some(Party {
                account_id: account(ALICE),
                owner_id: ALICE,
            }),
            requested_at_ms: transfer.requested_at_ms,
            ..template
        };
        book.push(posting.clone());
        posting
    }
}

impl Ledger for Purse {
    fn post(&self, transfer: &Transfer) -> Result<Posting, LedgerError> {
        self.decide(transfer, false)
    }

    fn fence(&self, transfer: &Transfer) -> Result<Posting, LedgerError> {
        self.decide(transfer, true)
    }

    fn post_batch(
        &self,
        _: &[Transfer],
        _: bool,
    ) -> Result<Vec<Result<Posting, LedgerError>>, LedgerError> {
        Ok(Vec::new())
    }

    fn fence_batch(&self, _: &[Transfer]) -> Result<Vec<Posting>, LedgerError> {
        Ok(Vec::new())
    }

    fn lookup(&self, id: Uuid) -> Result<Option<Posting>, LedgerError> {
        if self.is_down.get() {
            return Err(LedgerError::Unavailable("down".to_owned()));
        }
        Ok(self.book.borrow().iter().find(|row| row.id == id).cloned())
    }

    fn history(&self, _: Uuid, _: u64, _: u32) -> Result<Vec<Posting>, LedgerError> {
        Ok(Vec::new())
    }

    fn owner_of(&self, account_id: Uuid) -> Result<Option<Uuid>, LedgerError> {
        Ok([ALICE, BOB]
            .into_iter()
            .find(|owner| account(*owner) == account_id))
    }
}

fn account(owner: Uuid) -> Uuid {
    Uuid::from_u128(owner.as_u128() + 1_000)
}

struct Bank {
    service: Service<SqliteStore, Purse, TestClock>,
}

fn customer(subject: Uuid) -> Identity {
    Identity {
        subject,
        role: Role::Customer,
        session: Uuid::nil(),
        scope: String::new(),
    }
}

fn day(text: &str) -> i64 {
    Day::parse(text).unwrap().first_ms()
}

/// A bank at eight in the morning of a day, with 1,000.00 in Alice's purse.
fn bank_on(date: &str) -> Bank {
    let store = SqliteStore::in_memory().unwrap();
    migrate(&store, MIGRATIONS).unwrap();
    let ledger = Purse::default();
    ledger.cents.set(100_000);
    ledger.knows_payee.set(true);
    let bank = Bank {
        service: Service {
            store,
            ledger,
            clock: TestClock::default(),
            intent_deadline_ms: DEADLINE_MS,
        },
    };
    bank.go_to(day(date) + 8 * HOUR_MS);
    bank
}

impl Bank {
    fn go_to(&self, time_ms: i64) {
        self.service.clock.0.set(time_ms);
    }

    fn wait(&self, ms: i64) {
        self.go_to(self.service.clock.now_ms() + ms);
    }

    fn body(changes: Value) -> Value {
        let mut body = json!({"from_account_id": account(ALICE), "to_account_id": account(BOB), "amount": "10", "currency": "EUR",
            "reference": "rent", "start": "2027-01-31", "interval": "monthly"});
        for (name, value) in changes.as_object().unwrap() {
            if value.is_null() {
                body.as_object_mut().unwrap().remove(name);
            } else {
                body[name] = value.clone();
            }
        }
        body
    }

    fn ask(&self, key: &str, changes: Value) -> Result<crate::drive::Answer, Problem> {
        let text = Self::body(changes).to_string();
        let body: ScheduleBody = strongroom_sdk::json::from_slice(text.as_bytes())?;
        let key = IdempotencyKey::from_header([key.as_bytes()]).unwrap();
        create_schedule(&self.service, &customer(ALICE), &key, body)
    }

    fn order(&self, changes: Value) -> Uuid {
        let key = format!(
            "key-{}",
            self.service
                .store
                .query("SELECT 1 FROM schedule", &[])
                .unwrap()
                .rows
                .len()
        );
        let answer = self.ask(&key, changes).unwrap();
        let body: Value = serde_json::from_str(&answer.content.body).unwrap();
        body["id"].as_str().unwrap().parse().unwrap()
    }

    fn refusal(&self, changes: Value) -> (&'static str, String) {
        let problem = self.ask("refused", changes).unwrap_err();
        let pointer = problem.errors().first().map(|error| error.pointer.clone());
        (problem.code(), pointer.unwrap_or_default())
    }

    fn try_tick(&self) -> Result<Summary, strongroom_sdk::store::StoreError> {
        let Service {
            store,
            ledger,
            clock,
            ..
        } = &self.service;
        recover::tick(store, ledger, clock)?;
        tick(store, ledger, clock, DEADLINE_MS)
    }

    fn tick(&self) -> Summary {
        self.try_tick().unwrap()
    }

    fn show(&self, id: Uuid) -> Value {
        serde_json::to_value(get_schedule(&self.service, &customer(ALICE), id).unwrap()).unwrap()
    }

    /// The dates that were paid, in the order in which they were.
    fn paid(&self) -> Vec<String> {
        let book = self.service.ledger.book.borrow();
        let posted = book.iter().filter(|row| row.outcome == Outcome::Posted);
        posted
            .map(|row| {
                let note: Value = serde_json::from_str(row.metadata.as_deref().unwrap()).unwrap();
                note["schedule_due"].as_str().unwrap().to_owned()
            })
            .collect()
    }

    fn execute(&self, sql: &str) {
        let transaction = self.service.store.begin().unwrap();
        transaction.execute(sql, &[]).unwrap();
        transaction.commit().unwrap();
    }
}

#[test]
fn a_standing_order_is_answered_and_shown_with_what_became_of_it() {
    let bank = bank_on("2027-01-15");
    let answer = bank.ask("k", json!({})).unwrap();
    assert_eq!((answer.content.status, answer.replayed), (201, false));
    let body: Value = serde_json::from_str(&answer.content.body).unwrap();
    let expected = json!({
        "id": body["id"], "status": "active", "from_account_id": account(ALICE), "to_account_id": account(BOB),
        "to_account_number": null, "amount": "10.00", "currency": "EUR", "reference": "rent", "start": "2027-01-31",
        "interval": "monthly", "every": 1, "until": null, "count": null, "on_insufficient_funds": "skip",
        "next_due": "2027-01-31", "runs": 0, "last_run": null, "created_at": "2027-01-15T08:00:00.000Z",
    });
    assert_eq!(body, expected);
    let id: Uuid = body["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(bank.tick(), Summary::default());
    bank.go_to(day("2027-01-31"));
    assert_eq!(
        bank.tick(),
        Summary {
            begun: 1,
            settled: 1,
            failed: 0
        }
    );
    let shown = bank.show(id);
    assert_eq!(
        (&shown["next_due"], &shown["runs"]),
        (&json!("2027-02-28"), &json!(1))
    );
    assert_eq!(
        (&shown["last_run"]["status"], &shown["last_run"]["due"]),
        (&json!("posted"), &json!("2027-01-31"))
    );
    let transfer = bank.service.ledger.book.borrow()[0].id;
    assert_eq!(shown["last_run"]["transaction_id"], json!(transfer));
    // Repeated, the request has the answer that it had.
    let again = bank.ask("k", json!({})).unwrap();
    assert_eq!((again.content, again.replayed), (answer.content, true));
    let other = bank.ask("k", json!({"amount": "11"})).unwrap_err();
    assert_eq!(other.code(), "idempotency_key_reused");
    let list = list_schedules(
        &bank.service,
        &customer(ALICE),
        &Page::from_query("").unwrap(),
    );
    assert_eq!(list.unwrap().data.len(), 1);
    let strangers = list_schedules(
        &bank.service,
        &customer(BOB),
        &Page::from_query("").unwrap(),
    );
    assert!(strangers.unwrap().data.is_empty());
    assert_eq!(
        get_schedule(&bank.service, &customer(BOB), id)
            .unwrap_err()
            .code(),
        "not_found"
    );
}

#[test]
fn what_cannot_be_is_refused_with_its_field() {
    let bank = bank_on("2027-01-15");
    for (changes, code, pointer) in [
        (json!({"start": "2027-01-14"}), "schedule_in_past", "/start"),
        (json!({"start": "14.1.2027"}), "validation_failed", "/start"),
        (json!({"start": null}), "validation_failed", "/start"),
        (
            json!({"interval": "hourly"}),
            "validation_failed",
            "/interval",
        ),
        (json!({"every": 0}), "validation_failed", "/every"),
        (json!({"every": 367}), "validation_failed", "/every"),
        (json!({"count": 0}), "validation_failed", "/count"),
        (json!({"count": 10_001}), "validation_failed", "/count"),
        (
            json!({"count": 2, "until": "2028-01-01"}),
            "validation_failed",
            "/count",
        ),
        (
            json!({"until": "2027-01-30"}),
            "validation_failed",
            "/until",
        ),
        (json!({"amount": "1.234"}), "amount_invalid", "/amount"),
        (json!({"amount": 10}), "amount_invalid", "/amount"),
        (json!({"currency": "XYZ"}), "validation_failed", "/currency"),
        (
            json!({"to_account_id": "me"}),
            "validation_failed",
            "/to_account_id",
        ),
        (
            json!({"to_account_id": account(ALICE)}),
            "validation_failed",
            "/to_account_id",
        ),
        (
            json!({"on_insufficient_funds": "borrow"}),
            "validation_failed",
            "/on_insufficient_funds",
        ),
        (json!({"metadata": {}}), "validation_failed", "/metadata"),
        (
            json!({"from_account_id": account(BOB), "to_account_id": account(ALICE)}),
            "account_not_found",
            "/from_account_id",
        ),
        (
            json!({"to_account_id": ALICE}),
            "account_not_found",
            "/to_account_id",
        ),
    ] {
        assert_eq!(
            bank.refusal(changes.clone()),
            (code, pointer.to_owned()),
            "{changes}"
        );
    }
    // Today is not past.
    bank.order(json!({"start": "2027-01-15"}));
    assert_eq!(bank.tick().begun, 1);
}

#[test]
fn a_user_s_standing_orders_are_bounded() {
    let bank = bank_on("2027-01-15");
    bank.order(json!({}));
    bank.execute(
        "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 999)
         INSERT INTO schedule (id, owner_id, fingerprint, request, state, dates_behind, next_due_at_ms, created_at_ms)
         SELECT randomblob(16), owner_id, fingerprint, request, state, dates_behind, next_due_at_ms, created_at_ms FROM schedule, number",
    );
    let problem = bank.ask("one-more", json!({})).unwrap_err();
    assert_eq!(problem.code(), "schedules_too_many");
}

#[test]
fn the_end_of_a_month_is_paid_on_its_last_day_through_a_leap_year() {
    let bank = bank_on("2027-12-31");
    let id = bank.order(json!({"start": "2027-12-31", "count": 4}));
    for days in 0..150 {
        bank.go_to(day("2027-12-31") + days * DAY_MS);
        bank.tick();
    }
    assert_eq!(
        bank.paid(),
        ["2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31"]
    );
    let shown = bank.show(id);
    assert_eq!(
        (&shown["status"], &shown["next_due"]),
        (&json!("completed"), &Value::Null)
    );
}

#[test]
fn dates_that_nobody_was_there_to_pay_are_caught_up_one_by_one() {
    let bank = bank_on("2027-01-01");
    bank.order(
        json!({"start": "2027-01-01", "interval": "daily", "until": "2027-01-20", "amount": "1"}),
    );
    bank.go_to(day("2027-03-01"));
    let summary = bank.tick();
    assert_eq!((summary.begun, summary.settled), (20, 20));
    let expected: Vec<String> = (1..=20).map(|date| format!("2027-01-{date:02}")).collect();
    assert_eq!(bank.paid(), expected);
    let mut ids: Vec<Uuid> = bank
        .service
        .ledger
        .book
        .borrow()
        .iter()
        .map(|row| row.id)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 20);
    assert_eq!(bank.tick(), Summary::default());
}

#[test]
fn a_tick_begins_a_bounded_number() {
    let bank = bank_on("2027-01-01");
    bank.service.ledger.cents.set(i64::MAX);
    bank.order(json!({"start": "2027-01-01", "interval": "daily"}));
    bank.go_to(day("2028-12-31"));
    assert_eq!(bank.tick().begun, RUNS_PER_TICK_MAX);
    assert_eq!(bank.tick().begun, RUNS_PER_TICK_MAX);
    assert_eq!(bank.tick().begun, 731 - 2 * RUNS_PER_TICK_MAX);
    assert_eq!(bank.tick().begun, 0);
}

#[test]
fn a_crash_between_the_intent_and_the_next_date_leaves_neither() {
    let bank = bank_on("2027-01-31");
    let id = bank.order(json!({}));
    bank.execute(
        "CREATE TRIGGER crash BEFORE UPDATE ON schedule BEGIN SELECT RAISE(ABORT, 'crash'); END",
    );
    for _ in 0..3 {
        assert!(bank.try_tick().is_err());
        assert_eq!(
            (bank.paid().len(), bank.show(id)["runs"].clone()),
            (0, json!(0))
        );
        assert!(
            bank.service
                .store
                .query("SELECT 1 FROM intent", &[])
                .unwrap()
                .rows
                .is_empty()
        );
    }
    bank.execute("DROP TRIGGER crash");
    bank.tick();
    bank.tick();
    assert_eq!(bank.paid(), ["2027-01-31"]);
}

#[test]
fn an_answer_that_is_lost_is_asked_for_again_and_nothing_is_paid_twice() {
    let bank = bank_on("2027-01-31");
    let id = bank.order(json!({}));
    bank.service.ledger.is_mute.set(true);
    assert_eq!(bank.tick().failed, 1);
    assert_eq!(bank.show(id)["last_run"]["status"], "pending");
    bank.order(json!({"amount": "2"}));
    assert_eq!(bank.tick().failed, 3);
    bank.service.ledger.is_mute.set(false);
    bank.wait(60_000);
    bank.tick();
    assert_eq!(bank.show(id)["last_run"]["status"], "posted");
    assert_eq!(bank.paid().len(), 2);
    assert_eq!(bank.service.ledger.cents.get(), 100_000 - 1_200);
}

#[test]
fn recovery_may_be_first_and_the_run_is_noted_all_the_same() {
    let bank = bank_on("2027-01-31");
    let id = bank.order(json!({}));
    bank.service.ledger.is_down.set(true);
    bank.tick();
    bank.service.ledger.is_down.set(false);
    bank.wait(60_000);
    let Service {
        store,
        ledger,
        clock,
        ..
    } = &bank.service;
    assert_eq!(recover::tick(store, ledger, clock).unwrap().settled, 1);
    assert_eq!(bank.show(id)["last_run"]["status"], "pending");
    bank.tick();
    assert_eq!(bank.show(id)["last_run"]["status"], "posted");
    assert_eq!(bank.paid().len(), 1);
}

#[test]
fn a_date_without_money_is_skipped() {
    let bank = bank_on("2027-01-31");
    bank.service.ledger.cents.set(999);
    let id = bank.order(json!({}));
    bank.tick();
    let run = bank.show(id)["last_run"].clone();
    assert_eq!(
        (&run["status"], &run["decline_code"]),
        (&json!("declined"), &json!("insufficient_funds"))
    );
    bank.service.ledger.cents.set(1_000);
    bank.wait(5 * DAY_MS);
    bank.tick();
    assert_eq!(bank.paid().len(), 0);
    bank.go_to(day("2027-02-28"));
    bank.tick();
    assert_eq!(bank.paid(), ["2027-02-28"]);
}

#[test]
fn a_date_without_money_is_tried_again_each_hour_if_the_client_wants_it() {
    let bank = bank_on("2027-01-31");
    bank.service.ledger.cents.set(999);
    let id = bank.order(json!({"on_insufficient_funds": "retry"}));
    for _ in 0..3 {
        bank.tick();
        bank.tick();
        assert_eq!(bank.show(id)["last_run"]["status"], "retrying");
        bank.wait(RETRY_PAUSE_MS);
    }
    bank.service.ledger.cents.set(1_500);
    bank.tick();
    let run = bank.show(id)["last_run"].clone();
    assert_eq!(
        (&run["status"], &run["attempts"]),
        (&json!("posted"), &json!(4))
    );
    assert_eq!(bank.paid(), ["2027-01-31"]);
    // Four attempts are four transfers, of which one has moved money.
    assert_eq!(bank.service.ledger.book.borrow().len(), 4);
}

#[test]
fn further_attempts_end_after_three_days_or_with_the_next_date() {
    for (interval, hours) in [("monthly", 72), ("daily", 16)] {
        let bank = bank_on("2027-01-31");
        bank.service.ledger.cents.set(0);
        let id = bank.order(json!({"on_insufficient_funds": "retry", "interval": interval}));
        let mut attempts = 0;
        for _ in 0..hours + 10 {
            bank.tick();
            let run = bank.show(id)["last_run"].clone();
            if run["due"] == "2027-01-31" {
                attempts = run["attempts"].as_u64().unwrap();
            }
            bank.wait(HOUR_MS);
        }
        assert_eq!(attempts, hours, "{interval}");
        assert!(bank.paid().is_empty());
    }
}

#[test]
fn an_account_that_is_gone_refuses_the_date_and_not_the_next() {
    let bank = bank_on("2027-01-31");
    let id = bank.order(json!({"to_account_id": null, "to_account_number": "DE00 1000"}));
    bank.service.ledger.knows_payee.set(false);
    bank.tick();
    let run = bank.show(id)["last_run"].clone();
    assert_eq!(
        (&run["status"], &run["decline_code"]),
        (&json!("refused"), &json!("account_not_found"))
    );
    bank.service.ledger.knows_payee.set(true);
    bank.go_to(day("2027-02-28"));
    bank.tick();
    assert_eq!(bank.paid(), ["2027-02-28"]);
}

#[test]
fn nothing_is_paid_after_the_end_even_if_it_was_due_before() {
    let bank = bank_on("2027-01-31");
    let id = bank.order(json!({"interval": "daily"}));
    bank.go_to(day("2027-02-05"));
    assert_eq!(
        delete_schedule(&bank.service, &customer(BOB), id)
            .unwrap_err()
            .code(),
        "not_found"
    );
    delete_schedule(&bank.service, &customer(ALICE), id).unwrap();
    bank.tick();
    bank.wait(30 * DAY_MS);
    bank.tick();
    assert!(bank.paid().is_empty());
    let shown = bank.show(id);
    assert_eq!(
        (&shown["status"], &shown["next_due"]),
        (&json!("cancelled"), &Value::Null)
    );
    // To end it again changes nothing.
    delete_schedule(&bank.service, &customer(ALICE), id).unwrap();
}

#[test]
fn what_was_under_way_at_the_end_is_given_up_before_the_end_is_answered() {
    let bank = bank_on("2027-01-31");
    let id = bank.order(json!({}));
    bank.service.ledger.is_down.set(true);
    bank.tick();
    let refused = delete_schedule(&bank.service, &customer(ALICE), id).unwrap_err();
    assert_eq!(refused.status().as_u16(), 503);
    bank.service.ledger.is_down.set(false);
    delete_schedule(&bank.service, &customer(ALICE), id).unwrap();
    let run = bank.show(id)["last_run"].clone();
    assert_eq!(
        (&run["status"], &run["decline_code"]),
        (&json!("declined"), &json!("cancelled"))
    );
    bank.wait(DAY_MS);
    bank.tick();
    assert!(bank.paid().is_empty());
}

#[test]
fn a_further_attempt_does_not_come_after_the_end() {
    let bank = bank_on("2027-01-31");
    bank.service.ledger.cents.set(0);
    let id = bank.order(json!({"on_insufficient_funds": "retry", "count": 1}));
    bank.tick();
    assert_eq!(bank.show(id)["status"], "completed");
    delete_schedule(&bank.service, &customer(ALICE), id).unwrap();
    bank.service.ledger.cents.set(100_000);
    bank.wait(2 * HOUR_MS);
    bank.tick();
    assert_eq!(bank.show(id)["last_run"]["status"], "cancelled");
    assert!(bank.paid().is_empty());
}

#[test]
fn while_the_ledger_is_down_little_is_begun_and_nothing_is_lost() {
    let bank = bank_on("2027-01-01");
    for _ in 0..300 {
        bank.order(json!({"start": "2027-01-01", "amount": "1", "count": 1}));
    }
    bank.service.ledger.is_down.set(true);
    let begun = bank.tick().begun;
    assert!((1..RUNS_PER_TICK_MAX).contains(&begun), "{begun}");
    for _ in 0..5 {
        bank.wait(1_000);
        assert_eq!(bank.tick().begun, 0);
    }
    bank.service.ledger.is_down.set(false);
    bank.wait(60_000);
    bank.tick();
    bank.tick();
    assert_eq!(bank.paid().len(), 300);
}

proptest::proptest! {
    /// The ids of a schedule's transfers are those of its dates and attempts, and no client's.
    #[test]
    fn each_attempt_at_each_date_of_each_schedule_has_an_id_of_its_own(
        parts in proptest::collection::hash_set((0_u128..3, 1_u8..29, 1_u32..4), 1..40),
    ) {
        let ids: std::collections::HashSet<Uuid> = parts.iter().map(|(schedule, date, attempt)| {
            let key = IdempotencyKey::of_schedule(Uuid::from_u128(*schedule), &format!("2027-01-{date:02}"), *attempt);
            assert!(IdempotencyKey::from_header([key.as_str().as_bytes()]).is_err());
            crate::idempotency::transfer_id(ALICE, crate::request::Route::Schedule, &key)
        }).collect();
        proptest::prop_assert_eq!(ids.len(), parts.len());
    }
}
