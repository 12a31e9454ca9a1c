//! Goal: each date of a standing order is paid once, whatever crashes or comes late.
//! Method: a crash is a failing statement or a lost reply; a race, a call while the ledger decides.

mod cancel;
mod stops;

use super::pay::{Action, pay, record};
use super::*;
use crate::api::SCHEDULES_PER_USER_MAX;
use crate::service::Service;
use crate::tests::kit::*;
use strongroom_sdk::calendar::Day;
use strongroom_sdk::store::{Ending, WatchedStore};

const POSTED: &str = "posted";
const OPEN: &str = "pending";
const CUT_OFF: &str = "declined cancelled";
const SHORT: &str = "declined insufficient_funds";
const RETRYING: &str = "retrying insufficient_funds";
const NO_RETRY: &str = "cancelled insufficient_funds";

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

type Act = fn(&Bank);

fn ordered(bank: Bank, changes: Value) -> (Bank, Uuid) {
    let id = bank.order("k", &changes);
    (bank, id)
}

impl Bank {
    fn show(&self, id: Uuid) -> Value {
        json!(self.service.get_schedule(&alice(), id).unwrap())
    }

    fn status(&self, id: Uuid) -> String {
        self.show(id)["status"].as_str().unwrap().to_owned()
    }

    fn last_run(&self, id: Uuid) -> Value {
        self.show(id)["last_run"].clone()
    }

    /// The status of the latest run, and its code if it has one.
    fn run_of(&self, id: Uuid) -> String {
        let run = self.last_run(id);
        let status = run["status"].as_str().unwrap();
        match run["decline_code"].as_str() {
            Some(code) => format!("{status} {code}"),
            None => status.to_owned(),
        }
    }

    /// The ledger's rows of standing orders' payments.
    fn payments(&self) -> Vec<Posting> {
        let mut rows = self.ledger().journal(0, 1_000).unwrap();
        rows.retain(|row| row.metadata.is_some());
        rows
    }

    /// The dates that were paid, in the order of their payments.
    fn paid(&self) -> Vec<String> {
        let rows = self.payments().into_iter();
        let posted = rows.filter(|row| row.status == Status::Posted);
        let due_of = |row: Posting| {
            let note: Value = serde_json::from_str(&row.metadata.unwrap()).unwrap();
            note["schedule_due"].as_str().unwrap().to_owned()
        };
        posted.map(due_of).collect()
    }

    /// An order of which a date was begun while the ledger was down, and its transfer.
    fn cut_off_order(&self, key: &str, changes: &Value) -> (Uuid, Transfer) {
        let id = self.order(key, changes);
        self.link(LinkState::down());
        self.tick();
        self.link(LinkState::Works);
        let open = run_rows::open(&self.service.store, None, 1).unwrap();
        let run_rows::ScheduledRun { schedule, run } = &open[0];
        let transfer = transfer_of(schedule, run.due, run.attempts, run.begun_at_ms);
        (id, transfer)
    }

    /// Posts as a tick that has read the order before its end; returns the decline.
    fn post_late(&self, transfer: &Transfer) -> Option<Decline> {
        let late = self.service.ledger.post(transfer).unwrap();
        assert!(late.repeated);
        late.posting.decline
    }

    /// The same service on a store that notes how transactions end.
    fn watched(&self) -> (WatchedStore, Service<TestEnv<WatchedStore>>) {
        let store = WatchedStore::new(self.service.store.clone());
        let given = self.service.clone();
        let service = Service {
            store: store.clone(),
            ledger: given.ledger,
            users: given.users,
            clock: given.clock,
        };
        (store, service)
    }

    fn assert_sound(&self) {
        let report = crate::audit::check_invariants(&self.service).unwrap();
        assert_eq!(report.violations().collect::<Vec<_>>(), Vec::new());
        self.bob_has();
    }

    fn number(&self, sql: &str) -> u64 {
        let row = self.service.store.query(sql, &[]).unwrap().first().unwrap();
        row.integer(0).unwrap().unsigned_abs()
    }

    /// Copies the bank's one order for each number from 2 to `last`, for this owner.
    fn copy_order(&self, last: i64, owner: &str) {
        const COPIED: &str =
            "fingerprint, request, state, dates_behind, next_due_at_ms, created_at_ms";
        self.execute(&format!(
            "WITH RECURSIVE number (n) AS
                 (SELECT 2 UNION ALL SELECT n + 1 FROM number WHERE n < {last})
             INSERT INTO schedule (id, owner_id, {COPIED})
             SELECT randomblob(16), {owner}, {COPIED} FROM schedule, number"
        ));
    }
}

#[test]
fn a_standing_order_is_shown_with_what_became_of_it() {
    let bank = bank_on("2027-01-15");
    let reply = bank.request_order("k", &json!({})).unwrap();
    let id = id_of(&reply);
    let expected = json!({
        "id": id, "status": "active", "ended_because": null, "from_account_id": bank.alice.id,
        "to_account_id": bank.bob.id, "to_account_number": null, "amount": "10.00",
        "currency": "EUR", "reference": "rent", "start": "2027-01-31", "interval": "monthly",
        "every": 1, "until": null, "count": null, "on_insufficient_funds": "skip",
        "next_due": "2027-01-31", "runs": 0, "last_run": null,
        "created_at": "2027-01-15T08:00:00.000Z",
    });
    assert_eq!((reply.status, reply.repeated), (201, false));
    assert_eq!((&json_of(&reply), &bank.show(id)), (&expected, &expected));
    assert_eq!(bank.tick(), Summary::default());
    bank.go_to(day("2027-01-31"));
    let summary = bank.tick();
    assert_eq!((summary.begun, summary.paid, summary.failed), (1, 1, 0));
    let run = json!({
        "due": "2027-01-31", "status": "posted", "attempts": 1, "decline_code": null,
        "transaction_id": bank.payments()[0].id, "at": "2027-01-31T00:00:00.000Z",
    });
    let changes = json!({"next_due": "2027-02-28", "runs": 1, "last_run": run});
    assert_eq!(bank.show(id), changed(expected, &changes));
    // The same request gets the reply that it had.
    let again = bank.request_order("k", &json!({})).unwrap();
    assert_eq!(again, repeated(&reply));
    let other = bank.request_order("k", &json!({"amount": "11"}));
    assert_eq!(outcome(&other), "422 idempotency_key_reused");
}

#[test]
fn what_cannot_be_is_refused_with_its_field() {
    let bank = bank_on("2027-01-15");
    let recorded = bank.recorded();
    let dollars = bank.open_for(BOB, "USD").id;
    let [closed, closed_own] = [BOB, ALICE].map(|owner| bank.open_for(owner, "EUR"));
    for account in [&closed, &closed_own] {
        bank.close(account);
    }
    let from_bob = json!({"from_account_id": bank.bob.id, "to_account_id": bank.alice.id});
    for (changes, expected) in rows! {
        (json!({"start": "2027-01-14"}), "422 schedule_in_past /start"),
        (json!({"start": "14.1.2027"}), "422 validation_failed /start"),
        (json!({"start": null}), "422 validation_failed /start"),
        (json!({"interval": "hourly"}), "422 validation_failed /interval"),
        (json!({"every": 0}), "422 validation_failed /every"),
        (json!({"every": 367}), "422 validation_failed /every"),
        (json!({"count": 0}), "422 validation_failed /count"),
        (json!({"count": 10_001}), "422 validation_failed /count"),
        (json!({"count": 2, "until": "2028-01-01"}), "422 validation_failed /count"),
        (json!({"until": "2027-01-30"}), "422 validation_failed /until"),
        (json!({"amount": "1.234"}), "422 amount_invalid /amount"),
        (json!({"on_insufficient_funds": "?"}), "422 validation_failed /on_insufficient_funds"),
        (json!({"metadata": {}}), "422 validation_failed /metadata"),
        (from_bob, "404 account_not_found /from_account_id"),
        (json!({"from_account_id": closed_own.id}), "422 account_closed /from_account_id"),
        (json!({"currency": "USD"}), "422 currency_mismatch /currency"),
        (json!({"to_account_id": dollars}), "422 currency_mismatch /currency"),
        (json!({"to_account_id": closed.id}), "422 account_closed /to_account_id"),
        (to_number(&closed.number), "422 account_closed /to_account_number"),
        (to_number(&bank.alice.number), "422 validation_failed /to_account_number"),
        (json!({"to_account_id": NOWHERE}), "404 account_not_found /to_account_id"),
    } {
        let answered = bank.request_order("k", &changes);
        assert_eq!(outcome(&answered), expected, "{changes}");
    }
    assert_eq!(bank.recorded(), recorded);
    bank.link(LinkState::down());
    let unknown = bank.request_order("k", &json!({}));
    assert_eq!(outcome(&unknown), "503 service_unavailable");
    bank.link(LinkState::Works);
    // Today is not past.
    bank.order("k", &json!({"start": "2027-01-15"}));
    assert_eq!(bank.tick().begun, 1);
    // A user's orders are bounded.
    bank.copy_order(SCHEDULES_PER_USER_MAX, "owner_id");
    let one_more = bank.request_order("one-more", &json!({}));
    assert_eq!(outcome(&one_more), "422 schedules_too_many");
}

#[test]
fn dates_that_were_missed_are_caught_up_one_by_one_and_a_tick_begins_a_bounded_number() {
    let daily = json!({
        "start": "2027-01-01", "interval": "daily", "until": "2028-12-31", "amount": "0.01",
    });
    let (bank, _) = ordered(bank_on("2027-01-01"), daily);
    bank.go_to(day("2029-03-01"));
    let begun = [(); 4].map(|()| bank.tick().begun);
    assert_eq!(begun, [256, 256, 731 - 2 * 256, 0]);
    assert_eq!(RUNS_PER_TICK_MAX, 256);
    let date = |number| Day::at(day("2027-01-01") + number * DAY_MS).unwrap();
    let dates: Vec<String> = (0..731).map(|number| date(number).to_string()).collect();
    assert_eq!(bank.paid(), dates);
}

#[test]
fn a_crash_between_a_run_and_the_next_date_leaves_neither() {
    let (bank, id) = ordered(bank_on("2027-01-31"), json!({}));
    bank.crash_at_change_of("schedule");
    for _ in 0..3 {
        assert!(bank.service.tick().is_err());
        assert_json!(bank.show(id), {"runs": 0, "last_run": null});
    }
    assert!(bank.payments().is_empty());
    bank.end_crash();
    bank.tick();
    assert_eq!(bank.paid(), ["2027-01-31"]);
}

#[test]
fn a_run_is_on_disk_before_the_ledger_is_asked() {
    let (bank, id) = ordered(bank_on("2027-01-30"), json!({}));
    bank.tick();
    bank.go_to(day("2027-01-31"));
    let (store, service) = bank.watched();
    let watched = store.clone();
    let meanwhile = bank.interrupt(Moment::BeforeDecision, move |bank| {
        let runs = bank.show(id)["runs"].clone();
        (watched.take_endings(), runs, bank.run_of(id))
    });
    service.tick().unwrap();
    let begun = (vec![Ending::OnDisk], json!(1), OPEN.to_owned());
    assert_eq!(meanwhile.take().unwrap(), begun);
    assert_eq!(store.take_endings(), [Ending::OnDisk]);
}

#[test]
fn a_run_that_a_crash_cuts_off_goes_on_under_its_id_and_is_paid_once() {
    for (before, cut, payments) in [
        ("the ledger is asked", LinkState::down(), 0),
        ("there is a clock", LinkState::Fails(LedgerError::Clock), 0),
        ("its reply arrives", LinkState::LosesReplies, 1),
        ("the reply is recorded", LinkState::Works, 1),
    ] {
        let (bank, id) = ordered(bank_on("2027-01-31"), json!({}));
        bank.link(cut);
        bank.crash_at_change_of("schedule_run");
        let crashed = bank.service.tick();
        assert!(crashed.is_err() || crashed.unwrap().failed == 1, "{before}");
        bank.link(LinkState::Works);
        bank.end_crash();
        assert_eq!(bank.run_of(id), OPEN, "{before}");
        assert_eq!(bank.payments().len(), payments, "{before}");
        let transfer = bank.last_run(id)["transaction_id"].clone();
        bank.wait(HOUR_MS);
        assert_eq!(bank.tick().paid, 1, "{before}");
        assert_eq!(bank.paid(), ["2027-01-31"], "{before}");
        assert_eq!(json!(bank.payments()[0].id), transfer, "{before}");
        assert_json!(bank.last_run(id), {"status": "posted", "transaction_id": transfer});
    }
}

#[test]
fn while_the_ledger_is_down_little_is_begun_and_nothing_is_lost() {
    let bank = bank_on("2027-01-01");
    let once = json!({"start": "2027-01-01", "amount": "1", "count": 1});
    for number in 0..300 {
        bank.order(&number.to_string(), &once);
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
fn an_error_that_says_nothing_of_the_accounts_ends_no_order_and_delays_no_other() {
    for error in rows! {
        LedgerError::OriginalNotFound, LedgerError::IdReused, LedgerError::OwnAccount,
        LedgerError::SameAccount(Side::DestinationId), LedgerError::invalid("amount"),
    } {
        let bank = bank_on("2027-01-31");
        let orders = ["a", "b", "c", "d", "e"].map(|key| bank.order(key, &json!({})));
        bank.link(LinkState::Fails(error));
        assert_eq!(bank.tick().failed, orders.len());
        for id in orders {
            assert_json!(bank.show(id), {"status": "active", "last_run": {"status": "pending"}});
        }
        bank.link(LinkState::Works);
        bank.tick();
        assert_eq!(orders.map(|id| bank.run_of(id)), [POSTED; 5]);
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
    // Nor do they keep what is due later from its beginning.
    let later = bank.order("f", &json!({"reference": "later", "start": "2027-02-02"}));
    for (date, order) in [("2027-02-01", other), ("2027-02-02", later)] {
        bank.go_to(day(date));
        for _ in 0..3 {
            bank.wait(1_000);
            bank.tick();
        }
        assert_eq!(bank.run_of(order), POSTED);
    }
}

#[test]
fn retries_leave_new_dates_their_turn() {
    let bank = short_bank_on("2027-01-31");
    let retried = json!({"on_insufficient_funds": "retry"});
    for number in 0..RUNS_PER_TICK_MAX {
        bank.order(&format!("retried-{number}"), &retried);
    }
    bank.tick();
    bank.wait(RETRY_PAUSE_MS);
    let new = bank.order("new", &json!({"start": "2027-02-01"}));
    bank.go_to(day("2027-02-01"));
    bank.tick();
    assert_eq!(bank.run_of(new), SHORT);
}

#[test]
fn a_date_is_over_with_the_ledgers_decision_and_the_next_one_comes() {
    const FROZEN: &str = "declined account_frozen";
    const DENIED: &str = "declined screening_denied";
    let no_verdict: Act = |bank| {
        let error = LedgerError::NotScreened("no verdict".to_owned());
        bank.link(LinkState::Fails(error));
    };
    let freeze: Act = |bank| {
        bank.freeze(&bank.bob, Freeze::Both);
        bank.freeze(&bank.alice, Freeze::Credits);
    };
    let add_a_cent: Act = |bank| drop(bank.deposit("a-cent", "0.01").unwrap());
    // The customer of a client need not be a user of the bank.
    let forget: Act = |bank| bank.service.users.unknown.set(Some(ALICE));
    let unfreeze: Act = |bank| bank.unfreeze(&bank.bob);
    let deny: Act = |bank| bank.link(LinkState::Denies);
    let nothing: Act = |_| ();
    for (money, before, run, after, later, dates) in rows! {
        ("9.99", nothing, SHORT, add_a_cent, SHORT, &["2027-02-28"][..]),
        ("1000", freeze, FROZEN, unfreeze, FROZEN, &["2027-02-28"]),
        ("1000", no_verdict, OPEN, deny, DENIED, &[]),
        ("1000", forget, POSTED, nothing, POSTED, &["2027-01-31", "2027-02-28"]),
    } {
        let bank = Bank::with(day("2027-01-31") + 8 * HOUR_MS, money);
        let id = bank.order("k", &json!({}));
        before(&bank);
        bank.tick();
        assert_eq!(bank.run_of(id), run);
        after(&bank);
        bank.wait(5 * DAY_MS);
        bank.tick();
        assert_eq!(bank.run_of(id), later);
        assert_eq!(bank.status(id), "active");
        bank.go_to(day("2027-02-28"));
        bank.tick();
        assert_eq!(bank.paid(), dates);
    }
}

#[test]
fn a_date_without_money_reveals_nothing_of_the_payee() {
    let bank = short_bank_on("2027-01-31");
    let missing = bank.order("missing", &json!({"to_account_id": NOWHERE}));
    let numbers = [FOREIGN_NUMBER, &bank.bob.number];
    let [foreign, bobs] = numbers.map(|number| bank.order(number, &to_number(number)));
    let runs = || [missing, foreign, bobs].map(|id| bank.run_of(id));
    bank.tick();
    assert_eq!(runs(), [SHORT; 3]);
    bank.deposit("more", "1000").unwrap();
    bank.go_to(day("2027-02-28"));
    bank.tick();
    let unknown = "refused account_not_found";
    assert_eq!(runs(), [unknown, unknown, POSTED]);
    bank.assert_sound();
}

#[test]
fn a_date_without_money_is_retried_each_hour_where_the_client_wants_it() {
    let bank = short_bank_on("2027-01-31");
    let id = bank.order("k", &json!({"on_insufficient_funds": "retry"}));
    for _ in 0..3 {
        bank.tick();
        bank.tick();
        assert_eq!(bank.run_of(id), RETRYING);
        bank.wait(RETRY_PAUSE_MS);
    }
    bank.deposit("a-cent", "0.01").unwrap();
    bank.tick();
    assert_json!(bank.last_run(id), {"status": "posted", "attempts": 4});
    // Four attempts are four transfers, of which one has moved money.
    assert_eq!(bank.payments().len(), 4);
    assert_eq!(bank.paid(), ["2027-01-31"]);
}

#[test]
fn retries_end_after_three_days_or_with_the_next_date() {
    for (interval, hours) in [("monthly", 72), ("daily", 16)] {
        let bank = short_bank_on("2027-01-31");
        let changes = json!({"on_insufficient_funds": "retry", "interval": interval});
        let id = bank.order("k", &changes);
        let mut attempts = Value::Null;
        for _ in 0..hours + 10 {
            bank.tick();
            let mut run = bank.last_run(id);
            if run["due"] == "2027-01-31" {
                attempts = run["attempts"].take();
            }
            bank.wait(HOUR_MS);
        }
        assert_eq!(attempts, hours, "{interval}");
        assert!(bank.paid().is_empty());
    }
}

#[test]
fn each_attempt_at_each_date_of_each_order_has_an_id_of_its_own_that_never_changes() {
    let (bank, id) = ordered(bank_on("2027-01-15"), json!({}));
    let mut schedule = read(&bank.service.store, id).unwrap().unwrap().schedule;
    let mut ids = std::collections::HashSet::new();
    for id in 1..=3 {
        schedule.id = Uuid::from_u128(id);
        for due in ["2027-01-31", "2027-02-28", "2027-03-31"].map(|due| Day::parse(due).unwrap()) {
            ids.extend((1..=3).map(|attempt| transfer_of(&schedule, due, attempt, 0).id));
        }
    }
    assert_eq!(ids.len(), 27);
    // Computed apart from this code, for the key
    // `schedule 00000000-0000-0000-0000-000000000001 2027-01-31 1`.
    let first: Uuid = "ab1192ad-f5ad-838b-8022-5d6ab2d1be90".parse().unwrap();
    assert!(ids.contains(&first));
    // No client's key has a space.
    assert!(IdempotencyKey::from_header([b"schedule 1".as_slice()]).is_err());
}
