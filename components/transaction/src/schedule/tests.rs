//! Goal: each date of a standing order is paid once, whatever crashes, stands still, or comes late,
//! and none is paid after the end.
//! Method: the calls and the tick before the account service's own ledger. A crash is a statement
//! that fails or a reply that is lost; a race is a call that comes while the ledger decides.

mod stops;

use super::*;
use crate::api::{SCHEDULES_PER_USER_MAX, Service, get_schedule, list_schedules, schedule_events};
use crate::tests::kit::*;
use serde_json::{Value, json};
use strongroom_account::account;
use strongroom_account::account::Account;
use strongroom_account::ledger::LocalLedger;
use strongroom_ledger_api::{Decline, Journal, Ledger, LedgerError, Posting, Side, Status};
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::calendar::Day;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::idempotency::IdempotencyKey;
use strongroom_sdk::identity::Role;
use strongroom_sdk::page::Page;
use strongroom_sdk::store::{Ending, WatchedStore};
use uuid::Uuid;

fn day(text: &str) -> i64 {
    Day::parse(text).unwrap().first_ms()
}

/// Eight in the morning, with 1,000.00 EUR of Alice's.
fn bank_on(date: &str) -> Bank {
    Bank::with(day(date) + 8 * HOUR_MS, "1000")
}

/// With 9.99 EUR of Alice's, which is one cent too few.
fn short_bank_on(date: &str) -> Bank {
    Bank::with(day(date) + 8 * HOUR_MS, "9.99")
}

impl Bank {
    fn show(&self, id: Uuid) -> Value {
        let view = get_schedule(&self.service, &alice(), id).unwrap();
        serde_json::to_value(view).unwrap()
    }

    /// What the audit log says, newest first.
    fn logged(&self, query: &str) -> Vec<Value> {
        let page = Page::from_query(query).unwrap();
        let log = schedule_events(&self.service, &auditor(), &page).unwrap();
        serde_json::from_value(serde_json::to_value(log.data).unwrap()).unwrap()
    }

    fn last_run(&self, id: Uuid) -> Value {
        self.show(id)["last_run"].clone()
    }

    /// Status and code of the latest run.
    fn run_of(&self, id: Uuid) -> (String, Option<String>) {
        let run = self.last_run(id);
        let code = run["decline_code"].as_str().map(str::to_owned);
        (run["status"].as_str().unwrap().to_owned(), code)
    }

    /// The ledger's rows of standing orders' payments.
    fn payments(&self) -> Vec<Posting> {
        let rows = self.service.ledger.ledger.journal(0, 1_000).unwrap();
        let is_payment = |row: &Posting| row.metadata.is_some();
        rows.into_iter().filter(is_payment).collect()
    }

    /// The dates that were paid, in the order in which they were.
    fn paid(&self) -> Vec<String> {
        let rows = self.payments().into_iter();
        let posted = rows.filter(|row| row.status == Status::Posted);
        let note = posted.map(|row| serde_json::from_str(&row.metadata.unwrap()).unwrap());
        note.map(|note: Value| note["schedule_due"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The transfer that the tick posts for an open run.
    fn transfer_of_open_run(&self) -> strongroom_ledger_api::Transfer {
        let open = rows::open_runs(&self.service.store, None, 1).unwrap();
        let (schedule, run) = &open[0];
        transfer_of(schedule, run.due, run.attempts, run.begun_at_ms)
    }
}

fn is(status: &str, code: &str) -> (String, Option<String>) {
    (status.to_owned(), Some(code.to_owned()))
}

fn is_posted() -> (String, Option<String>) {
    ("posted".to_owned(), None)
}

fn is_open() -> (String, Option<String>) {
    ("pending".to_owned(), None)
}

#[test]
fn a_standing_order_is_shown_with_what_became_of_it() {
    let bank = bank_on("2027-01-15");
    let reply = bank.ask_for_order("k", &json!({})).unwrap();
    let id = id_of(&reply);
    let expected = json!({
        "id": id, "status": "active", "ended_because": null, "from_account_id": bank.alice.id, "to_account_id": bank.bob.id,
        "to_account_number": null, "amount": "10.00", "currency": "EUR", "reference": "rent", "start": "2027-01-31",
        "interval": "monthly", "every": 1, "until": null, "count": null, "on_insufficient_funds": "skip",
        "next_due": "2027-01-31", "runs": 0, "last_run": null, "created_at": "2027-01-15T08:00:00.000Z",
    });
    assert_eq!((reply.status, reply.repeated), (201, false));
    assert_eq!((&json_of(&reply), &bank.show(id)), (&expected, &expected));
    assert_eq!(bank.tick(), Summary::default());
    bank.go_to(day("2027-01-31"));
    let summary = Summary {
        begun: 1,
        settled: 1,
        failed: 0,
    };
    assert_eq!(bank.tick(), summary);
    let run = json!({"due": "2027-01-31", "status": "posted", "attempts": 1, "transaction_id": bank.payments()[0].id,
        "decline_code": null, "at": "2027-01-31T00:00:00.000Z"});
    let changes = json!({"next_due": "2027-02-28", "runs": 1, "last_run": run});
    assert_eq!(bank.show(id), changed_to(&expected, &changes));
    // The same request gets the reply that it had.
    let again = bank.ask_for_order("k", &json!({})).unwrap();
    assert_eq!((again.body, again.repeated), (reply.body, true));
    let other = bank.ask_for_order("k", &json!({"amount": "11"}));
    assert_eq!(outcome(&other), (422, "idempotency_key_reused".into()));
}

/// `base` with other values.
fn changed_to(base: &Value, changes: &Value) -> Value {
    changed(base.clone(), changes)
}

#[test]
fn who_may_see_and_end_a_standing_order() {
    let admin = identity(Uuid::from_u128(0xAD), Role::Admin);
    for (who, listed, is_shown, refused) in [
        (alice(), 1, true, None),
        (identity(ALICE, Role::Teller), 1, true, None),
        (bob(), 0, false, Some((404, "not_found"))),
        (auditor(), 0, true, Some((403, "forbidden"))),
        (teller(), 0, true, None),
        (admin, 0, true, None),
    ] {
        let bank = bank_on("2027-01-15");
        let id = bank.order("k", &json!({}));
        let page = Page::from_query("").unwrap();
        let list = list_schedules(&bank.service, &who, &page).unwrap();
        assert_eq!(list.data.len(), listed, "{who:?}");
        let shown = get_schedule(&bank.service, &who, id);
        assert_eq!(shown.is_ok(), is_shown, "{who:?}");
        let problem = bank.delete_as(&who, id).err();
        let found = problem.as_ref().map(|it| (it.status().as_u16(), it.code()));
        assert_eq!(found, refused, "{who:?}");
        let status = refused.map_or("cancelled", |_| "active");
        assert_eq!(bank.show(id)["status"], status, "{who:?}");
        // Staff end their own orders as their owners, of whom the log says nothing.
        let is_logged = refused.is_none() && who.subject != ALICE;
        assert_eq!(bank.logged("").len(), usize::from(is_logged), "{who:?}");
        assert_sound(&bank);
    }
}

#[test]
fn the_audit_log_says_which_order_staff_have_ended_and_in_which_request() {
    let bank = bank_on("2027-01-31");
    let [once, own, open] = ["a", "b", "c"].map(|key| bank.order(key, &json!({"count": 1})));
    bank.link(LinkState::down());
    bank.tick();
    // The end holds, although what is under way cannot be cancelled yet.
    assert_eq!(bank.delete_as(&teller(), once).unwrap_err().status(), 503);
    bank.link(LinkState::Works);
    bank.delete(own).unwrap();
    for id in [once, once, own] {
        bank.delete_as(&teller(), id).unwrap();
    }
    assert_eq!(bank.run_of(once), is("declined", "cancelled"));
    let log = bank.logged("");
    let expected = json!({
        "sequence": 1, "schedule_id": once, "action": "schedule.cancelled", "actor_id": TELLER,
        "actor_role": "teller", "request_id": REQUEST_ID, "old_value": "completed",
        "new_value": "cancelled", "created_at": "2027-01-31T08:00:00.000Z", "hash": log[0]["hash"],
    });
    assert_eq!(log, [expected]);
    assert_eq!(
        bank.logged(&format!("schedule_id={open}")),
        Vec::<Value>::new()
    );
    assert_eq!(bank.logged(&format!("schedule_id={once}")), log);
    let page = Page::from_query("").unwrap();
    for who in [alice(), teller()] {
        let refused = schedule_events(&bank.service, &who, &page).unwrap_err();
        assert_eq!(refused.code(), "forbidden");
    }
    bank.tick();
    assert_sound(&bank);
}

#[test]
fn what_cannot_be_is_refused_with_its_field() {
    const INVALID: &str = "validation_failed";
    const UNKNOWN: &str = "account_not_found";
    let bank = bank_on("2027-01-15");
    let alices = bank.alice.id;
    let from_bob = json!({"from_account_id": bank.bob.id, "to_account_id": alices});
    for (pointer, code, changes) in [
        ("/start", "schedule_in_past", json!({"start": "2027-01-14"})),
        ("/start", INVALID, json!({"start": "14.1.2027"})),
        ("/start", INVALID, json!({"start": null})),
        ("/interval", INVALID, json!({"interval": "hourly"})),
        ("/every", INVALID, json!({"every": 0})),
        ("/every", INVALID, json!({"every": 367})),
        ("/count", INVALID, json!({"count": 0})),
        ("/count", INVALID, json!({"count": 10_001})),
        (
            "/count",
            INVALID,
            json!({"count": 2, "until": "2028-01-01"}),
        ),
        ("/until", INVALID, json!({"until": "2027-01-30"})),
        ("/amount", "amount_invalid", json!({"amount": "1.234"})),
        ("/amount", "amount_invalid", json!({"amount": 10})),
        ("/currency", INVALID, json!({"currency": "XYZ"})),
        ("/to_account_id", INVALID, json!({"to_account_id": "me"})),
        ("/to_account_id", INVALID, json!({"to_account_id": alices})),
        (
            "/on_insufficient_funds",
            INVALID,
            json!({"on_insufficient_funds": "borrow"}),
        ),
        ("/metadata", INVALID, json!({"metadata": {}})),
        ("/from_account_id", UNKNOWN, from_bob),
    ] {
        let problem = bank.ask_for_order("k", &changes).unwrap_err();
        assert_eq!(problem.code(), code, "{changes}");
        assert_eq!(problem.errors()[0].pointer, pointer, "{changes}");
    }
    let recorded = bank.recorded();
    let closed = bank.open_for_bob("EUR");
    let LocalLedger { store, clock } = &bank.service.ledger.ledger;
    account::close(store, clock, closed, &Actor::BANK).unwrap();
    let numbered =
        |account: &Account| json!({"to_account_id": null, "to_account_number": account.number});
    let of_closed = account::by_id(store, closed).unwrap().unwrap();
    for (pointer, code, changes) in [
        ("/currency", "currency_mismatch", json!({"currency": "USD"})),
        (
            "/currency",
            "currency_mismatch",
            json!({"to_account_id": bank.open_for_bob("USD")}),
        ),
        (
            "/to_account_id",
            "account_closed",
            json!({"to_account_id": closed}),
        ),
        ("/to_account_number", "account_closed", numbered(&of_closed)),
        ("/to_account_number", INVALID, numbered(&bank.alice)),
        (
            "/to_account_id",
            UNKNOWN,
            json!({"to_account_id": Uuid::from_u128(404)}),
        ),
    ] {
        let problem = bank.ask_for_order("k", &changes).unwrap_err();
        assert_eq!(problem.code(), code, "{changes}");
        assert_eq!(problem.errors()[0].pointer, pointer, "{changes}");
    }
    assert_eq!(bank.recorded(), recorded);
    bank.link(LinkState::down());
    let unknown = bank.ask_for_order("k", &json!({}));
    assert_eq!(outcome(&unknown), (503, "service_unavailable".into()));
    bank.link(LinkState::Works);
    // Today is not past.
    bank.order("k", &json!({"start": "2027-01-15"}));
    assert_eq!(bank.tick().begun, 1);
    // A payer whose account is closed.
    let own = bank.open_for(ALICE, "EUR");
    account::close(store, clock, own, &Actor::BANK).unwrap();
    let from_closed = bank
        .ask_for_order("c", &json!({"from_account_id": own}))
        .unwrap_err();
    assert_eq!(from_closed.code(), "account_closed");
    assert_eq!(from_closed.errors()[0].pointer, "/from_account_id");
}

#[test]
fn a_users_standing_orders_are_bounded() {
    let bank = bank_on("2027-01-15");
    bank.order("first", &json!({}));
    bank.execute(&format!(
        "WITH RECURSIVE number (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM number WHERE n < {SCHEDULES_PER_USER_MAX})
         INSERT INTO schedule (id, owner_id, fingerprint, request, state, dates_behind, next_due_at_ms, created_at_ms)
         SELECT randomblob(16), owner_id, fingerprint, request, state, dates_behind, next_due_at_ms, created_at_ms FROM schedule, number"
    ));
    let one_more = bank.ask_for_order("one-more", &json!({}));
    assert_eq!(outcome(&one_more), (422, "schedules_too_many".into()));
}

#[test]
fn the_end_of_a_month_is_paid_on_its_last_day_through_a_leap_year() {
    let bank = bank_on("2027-12-31");
    let id = bank.order("k", &json!({"start": "2027-12-31", "count": 4}));
    for days in 0..150 {
        bank.go_to(day("2027-12-31") + days * DAY_MS);
        bank.tick();
    }
    let dates = ["2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31"];
    assert_eq!(bank.paid(), dates);
    let shown = bank.show(id);
    assert_eq!(shown["status"], "completed");
    assert_eq!(shown["next_due"], Value::Null);
}

#[test]
fn dates_that_were_missed_are_caught_up_one_by_one() {
    let bank = bank_on("2027-01-01");
    let daily = json!({"start": "2027-01-01", "interval": "daily", "until": "2027-01-20"});
    bank.order("k", &daily);
    bank.go_to(day("2027-03-01"));
    let summary = bank.tick();
    assert_eq!((summary.begun, summary.settled), (20, 20));
    let expected: Vec<String> = (1..=20).map(|date| format!("2027-01-{date:02}")).collect();
    assert_eq!(bank.paid(), expected);
    assert_eq!(bank.tick(), Summary::default());
}

#[test]
fn a_tick_begins_a_bounded_number() {
    let bank = bank_on("2027-01-01");
    bank.order(
        "k",
        &json!({"start": "2027-01-01", "interval": "daily", "amount": "0.01"}),
    );
    bank.go_to(day("2028-12-31"));
    let begun: Vec<usize> = (0..4).map(|_| bank.tick().begun).collect();
    assert_eq!(begun, [256, 256, 731 - 2 * 256, 0]);
    assert_eq!(RUNS_PER_TICK_MAX, 256);
}

#[test]
fn a_crash_between_a_run_and_the_next_date_leaves_neither() {
    let bank = bank_on("2027-01-31");
    let id = bank.order("k", &json!({}));
    bank.execute(
        "CREATE TRIGGER crash BEFORE UPDATE ON schedule BEGIN SELECT RAISE(ABORT, 'crash'); END",
    );
    for _ in 0..3 {
        assert!(bank.try_tick().is_err());
        let shown = bank.show(id);
        assert_eq!(
            (&shown["runs"], &shown["last_run"]),
            (&json!(0), &Value::Null)
        );
    }
    assert!(bank.payments().is_empty());
    bank.execute("DROP TRIGGER crash");
    bank.tick();
    assert_eq!(bank.paid(), ["2027-01-31"]);
}

#[test]
fn a_run_is_on_disk_before_the_ledger_is_asked() {
    let bank = bank_on("2027-01-30");
    let id = bank.order("k", &json!({}));
    bank.tick();
    bank.go_to(day("2027-01-31"));
    let store = WatchedStore::new(bank.service.store.clone());
    let watched = store.clone();
    let meanwhile = bank.interrupt(Moment::BeforeDecision, move |bank| {
        (
            watched.take_endings(),
            bank.show(id)["runs"].clone(),
            bank.run_of(id),
        )
    });
    tick(
        &store,
        &bank.service.ledger,
        &bank.users,
        &bank.service.clock,
    )
    .unwrap();
    assert_eq!(
        meanwhile.take().unwrap(),
        (vec![Ending::OnDisk], json!(1), is_open())
    );
    assert_eq!(store.take_endings(), [Ending::OnDisk]);
}

#[test]
fn an_end_is_on_disk_before_the_ledger_is_asked() {
    let bank = bank_on("2027-01-31");
    let id = bank.order("k", &json!({}));
    bank.link(LinkState::down());
    bank.tick();
    bank.link(LinkState::Works);
    let store = WatchedStore::new(bank.service.store.clone());
    let watched = store.clone();
    let meanwhile = bank.interrupt(Moment::BeforeDecision, move |bank| {
        (watched.take_endings(), bank.show(id)["status"].clone())
    });
    let Service { ledger, clock, .. } = &bank.service;
    cancel(&store, ledger, clock, id, None).unwrap();
    let ended = (vec![Ending::OnDisk], json!("cancelled"));
    assert_eq!(meanwhile.take().unwrap(), ended);
    assert_eq!(store.take_endings(), [Ending::OnDisk]);
}

#[test]
fn a_run_that_a_crash_cuts_off_goes_on_under_its_id_and_is_paid_once() {
    const CRASH: &str = "CREATE TRIGGER crash BEFORE UPDATE ON schedule_run BEGIN SELECT RAISE(ABORT, 'crash'); END";
    for (before, cut, payments) in [
        ("the ledger is asked", LinkState::down(), 0),
        ("there is a clock", LinkState::Fails(LedgerError::Clock), 0),
        ("its reply arrives", LinkState::LosesReplies, 1),
        ("the reply is noted", LinkState::Works, 1),
    ] {
        let bank = bank_on("2027-01-31");
        let id = bank.order("k", &json!({}));
        bank.link(cut);
        bank.execute(CRASH);
        let crashed = bank.try_tick();
        assert!(crashed.is_err() || crashed.unwrap().failed == 1, "{before}");
        bank.link(LinkState::Works);
        bank.execute("DROP TRIGGER crash");
        assert_eq!(bank.run_of(id), is_open(), "{before}");
        assert_eq!(bank.payments().len(), payments, "{before}");
        let transfer = bank.last_run(id)["transaction_id"].clone();
        bank.wait(HOUR_MS);
        assert_eq!(bank.tick().settled, 1, "{before}");
        assert_eq!(bank.run_of(id), is_posted(), "{before}");
        assert_eq!(bank.last_run(id)["transaction_id"], transfer, "{before}");
        assert_eq!(bank.paid(), ["2027-01-31"], "{before}");
        assert_eq!(json!(bank.payments()[0].id), transfer, "{before}");
    }
}

#[test]
fn while_the_ledger_is_down_little_is_begun_and_nothing_is_lost() {
    let bank = bank_on("2027-01-01");
    for number in 0..300 {
        let once = json!({"start": "2027-01-01", "amount": "1", "count": 1});
        bank.order(&format!("k-{number}"), &once);
    }
    bank.link(LinkState::down());
    let begun = bank.tick().begun;
    assert!((1..RUNS_PER_TICK_MAX).contains(&begun), "{begun}");
    for _ in 0..5 {
        bank.wait(1_000);
        assert_eq!(bank.tick().begun, 0);
    }
    bank.link(LinkState::Works);
    bank.tick();
    bank.tick();
    assert_eq!(bank.paid().len(), 300);
}

#[test]
fn a_payment_without_a_verdict_waits_for_one() {
    let bank = bank_on("2027-01-31");
    let id = bank.order("k", &json!({}));
    let no_verdict = LedgerError::NotScreened("no verdict".to_owned());
    bank.link(LinkState::Fails(no_verdict));
    assert_eq!(bank.tick().failed, 1);
    assert_eq!(bank.run_of(id), is_open());
    bank.link(LinkState::Denies);
    bank.tick();
    assert_eq!(bank.run_of(id), is("declined", "screening_denied"));
    assert!(bank.paid().is_empty());
}

#[test]
fn an_error_that_says_nothing_of_the_accounts_ends_no_order() {
    for error in [
        LedgerError::SubjectNotFound,
        LedgerError::IdReused,
        LedgerError::SameAccount(Side::DestinationId),
        LedgerError::OwnAccount,
        LedgerError::invalid("amount"),
    ] {
        let bank = bank_on("2027-01-31");
        let id = bank.order("k", &json!({}));
        bank.link(LinkState::Fails(error));
        assert_eq!(bank.tick().failed, 1);
        assert_eq!(bank.run_of(id), is_open());
        assert_eq!(bank.show(id)["status"], "active");
        bank.link(LinkState::Works);
        bank.tick();
        assert_eq!(bank.run_of(id), is_posted());
    }
}

#[test]
fn payments_that_never_get_a_verdict_do_not_hold_up_the_others() {
    let bank = bank_on("2027-01-31");
    for key in ["a", "b", "c", "d"] {
        bank.order(key, &json!({"reference": "odd"}));
    }
    let other = bank.order("e", &json!({"reference": "rent"}));
    bank.link(LinkState::HasNoVerdictOn("odd"));
    for _ in 0..3 {
        bank.wait(1_000);
        bank.tick();
    }
    assert_eq!(bank.run_of(other), is_posted());
}

#[test]
fn a_date_without_money_is_skipped() {
    let bank = short_bank_on("2027-01-31");
    let id = bank.order("k", &json!({}));
    bank.tick();
    assert_eq!(bank.run_of(id), is("declined", "insufficient_funds"));
    bank.deposit("a-cent", "0.01").unwrap();
    bank.wait(5 * DAY_MS);
    bank.tick();
    assert!(bank.paid().is_empty());
    bank.go_to(day("2027-02-28"));
    bank.tick();
    assert_eq!(bank.paid(), ["2027-02-28"]);
}

/// To whom does not matter then, nor whether there is such an account.
#[test]
fn a_date_without_money_tells_nothing_of_the_payee() {
    let bank = short_bank_on("2027-01-31");
    let nobody = Uuid::from_u128(404);
    let payees = [
        json!({"to_account_id": nobody}),
        json!({"to_account_id": null, "to_account_number": NOBODYS_NUMBER}),
        json!({"to_account_id": null, "to_account_number": bank.bob.number}),
    ];
    let orders = payees.map(|payee| bank.order(&payee.to_string().replace(' ', ""), &payee));
    bank.tick();
    for id in orders {
        assert_eq!(bank.run_of(id), is("declined", "insufficient_funds"));
    }
    bank.deposit("more", "1000").unwrap();
    bank.go_to(day("2027-02-28"));
    bank.tick();
    let [missing, unknown, bobs] = orders.map(|id| bank.run_of(id));
    assert_eq!(
        [missing, unknown],
        [(); 2].map(|()| is("refused", "account_not_found"))
    );
    assert_eq!(bobs, is_posted());
    assert_sound(&bank);
}

#[test]
fn a_date_without_money_is_tried_again_each_hour_where_the_client_wants_it() {
    let bank = short_bank_on("2027-01-31");
    let id = bank.order("k", &json!({"on_insufficient_funds": "retry"}));
    for _ in 0..3 {
        bank.tick();
        bank.tick();
        assert_eq!(bank.run_of(id), is("retrying", "insufficient_funds"));
        bank.wait(RETRY_PAUSE_MS);
    }
    bank.deposit("a-cent", "0.01").unwrap();
    bank.tick();
    assert_eq!(bank.run_of(id), is_posted());
    assert_eq!(bank.last_run(id)["attempts"], 4);
    // Four attempts are four transfers, of which one has moved money.
    assert_eq!(bank.payments().len(), 4);
    assert_eq!(bank.paid(), ["2027-01-31"]);
}

#[test]
fn further_attempts_end_after_three_days_or_with_the_next_date() {
    for (interval, hours) in [("monthly", 72), ("daily", 16)] {
        let bank = short_bank_on("2027-01-31");
        let changes = json!({"on_insufficient_funds": "retry", "interval": interval});
        let id = bank.order("k", &changes);
        let mut attempts = 0;
        for _ in 0..hours + 10 {
            bank.tick();
            let run = bank.last_run(id);
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
fn nothing_is_paid_after_the_end_even_if_it_was_due_before() {
    let bank = bank_on("2027-01-31");
    let id = bank.order("k", &json!({"interval": "daily"}));
    bank.go_to(day("2027-02-05"));
    // To end it again changes nothing.
    for _ in 0..2 {
        bank.delete(id).unwrap();
        bank.wait(30 * DAY_MS);
        assert_eq!(bank.tick(), Summary::default());
        let shown = bank.show(id);
        assert_eq!(shown["status"], "cancelled");
        assert_eq!(shown["next_due"], Value::Null);
    }
    assert!(bank.payments().is_empty());
}

#[test]
fn a_further_attempt_does_not_come_after_the_end() {
    let bank = short_bank_on("2027-01-31");
    let id = bank.order("k", &json!({"on_insufficient_funds": "retry", "count": 1}));
    bank.tick();
    assert_eq!(bank.show(id)["status"], "completed");
    bank.delete(id).unwrap();
    bank.deposit("more", "1000").unwrap();
    bank.wait(2 * HOUR_MS);
    assert_eq!(bank.tick(), Summary::default());
    assert_eq!(bank.run_of(id), is("cancelled", "insufficient_funds"));
    assert!(bank.paid().is_empty());
}

#[test]
fn the_end_burns_what_is_under_way_and_notes_what_was_paid() {
    for (cut, noted, paid) in [
        (LinkState::down(), is("declined", "cancelled"), 0),
        (LinkState::LosesReplies, is_posted(), 1),
    ] {
        let bank = bank_on("2027-01-31");
        let id = bank.order("k", &json!({}));
        bank.link(cut);
        bank.tick();
        let transfer = bank.transfer_of_open_run();
        bank.link(LinkState::Works);
        bank.delete(id).unwrap();
        assert_eq!(bank.run_of(id), noted);
        // A tick that has read the order before its end posts late.
        let late = bank.service.ledger.post(&transfer).unwrap();
        assert!(late.repeated);
        let decline = late.posting.decline.map(Decline::as_str);
        assert_eq!(decline, noted.1.as_deref());
        bank.wait(DAY_MS);
        assert_eq!(bank.tick(), Summary::default());
        assert_eq!(bank.paid().len(), paid);
    }
}

#[test]
fn without_the_ledger_the_end_is_503_and_a_later_tick_burns_what_was_under_way() {
    for cut in [LinkState::down(), LinkState::LosesReplies] {
        let bank = bank_on("2027-01-31");
        let id = bank.order("k", &json!({}));
        bank.link(LinkState::down());
        bank.tick();
        let transfer = bank.transfer_of_open_run();
        bank.link(cut);
        for _ in 0..2 {
            let problem = bank.delete(id).unwrap_err();
            assert_eq!(problem.status(), 503);
            assert_eq!(bank.show(id)["status"], "cancelled");
            assert_eq!(bank.run_of(id), is_open());
        }
        bank.link(LinkState::Works);
        assert_eq!(bank.tick().settled, 1);
        assert_eq!(bank.run_of(id), is("declined", "cancelled"));
        let late = bank.service.ledger.post(&transfer).unwrap();
        assert_eq!(late.posting.decline, Some(Decline::Cancelled));
        bank.delete(id).unwrap();
        assert_eq!(bank.bob_has(), 0);
    }
}

#[test]
fn an_end_during_the_tick_comes_before_the_payment_or_after_it() {
    for policy in ["skip", "retry"] {
        for (moment, noted, paid) in [
            (Moment::BeforeDecision, is("declined", "cancelled"), 0),
            (Moment::AfterDecision, is_posted(), 1),
        ] {
            let bank = bank_on("2027-01-31");
            let id = bank.order("k", &json!({"on_insufficient_funds": policy}));
            let deleted = bank.interrupt(moment, move |bank| bank.delete(id));
            bank.tick();
            assert!(deleted.take().unwrap().is_ok());
            assert_eq!(bank.run_of(id), noted);
            bank.wait(60 * DAY_MS);
            assert_eq!(bank.tick(), Summary::default());
            assert_eq!(bank.paid().len(), paid);
            assert_sound(&bank);
        }
    }
}

/// The end is committed, and then the tick notes what it heard before the end burns the run.
#[test]
fn an_end_that_the_tick_overtakes_contradicts_nothing_and_pays_nothing() {
    let gone = LinkState::Fails(LedgerError::AccountNotFound(Side::DestinationNumber));
    for (heard, noted) in [
        (gone, is("refused", "account_not_found")),
        (LinkState::Works, is("cancelled", "insufficient_funds")),
    ] {
        let bank = short_bank_on("2027-01-31");
        let id = bank.order("k", &json!({"on_insufficient_funds": "retry"}));
        bank.link(LinkState::down());
        bank.tick();
        bank.link(heard);
        let open = rows::open_runs(&bank.service.store, None, 1).unwrap();
        let pass = tick::decide(&bank.service.ledger, open, |_| Ok(tick::Wish::Post));
        bank.link(LinkState::Works);
        bank.interrupt(Moment::BeforeDecision, move |bank| {
            tick::note(&bank.service.store, &pass, bank.service.clock.now_ms()).unwrap();
        });
        bank.delete(id).unwrap();
        assert_eq!(bank.run_of(id), noted);
        assert_sound(&bank);
        bank.deposit("more", "1000").unwrap();
        for _ in 0..3 {
            bank.wait(DAY_MS);
            bank.tick();
        }
        assert!(bank.paid().is_empty());
        assert_sound(&bank);
    }
}

fn assert_sound(bank: &Bank) {
    let Service { store, ledger, .. } = &bank.service;
    let report = crate::audit::check_invariants(store, ledger, &bank.users).unwrap();
    assert_eq!(report.violations().collect::<Vec<_>>(), Vec::new());
    bank.bob_has();
}

#[test]
fn each_attempt_at_each_date_of_each_schedule_has_an_id_of_its_own_that_never_changes() {
    let bank = bank_on("2027-01-15");
    bank.order("k", &json!({}));
    let (base, _) = list(&bank.service.store, ALICE, None, 1).unwrap().remove(0);
    let mut ids = std::collections::HashSet::new();
    for id in 1..=3 {
        let schedule = Schedule {
            id: Uuid::from_u128(id),
            ..base.clone()
        };
        for due in ["2027-01-31", "2027-02-28", "2027-03-31"] {
            let due = Day::parse(due).unwrap();
            ids.extend((1..=3).map(|attempt| transfer_of(&schedule, due, attempt, 0).id));
        }
    }
    assert_eq!(ids.len(), 27);
    // Computed apart from this code, for the key
    // `schedule 00000000-0000-0000-0000-000000000001 2027-01-31 1`.
    let first: Uuid = "675d4002-017a-8299-9ea1-6baca719f534".parse().unwrap();
    assert!(ids.contains(&first));
    // No client's key has a space.
    assert!(IdempotencyKey::from_header([b"schedule 1".as_slice()]).is_err());
}
