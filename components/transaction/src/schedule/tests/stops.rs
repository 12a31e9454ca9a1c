//! Goal: an order whose account is closed, or of which no date can be paid, ends; one whose owner
//! may not log in is paused, and skips what passes meanwhile; and neither pays anything any more.
//! Method: accounts are closed and users disabled at each moment of an order's life. What the
//! ledger has recorded is counted.

use super::*;
use crate::users::{ChangeKind, UserChange};
use strongroom_account::account::{Account, close};
use strongroom_ledger_api::Directory;
use strongroom_sdk::store::Store;

impl Bank {
    fn close(&self, account: &Account) {
        let LocalLedger { store, clock } = &self.service.ledger.ledger;
        close(store, clock, account.id, &Actor::BANK).unwrap();
    }

    /// Alice's account, emptied.
    fn close_payer(&self) {
        let all = json!({"account_id": self.alice.id, "amount": "1000", "currency": "EUR"});
        let taken = self.request(&alice(), Call::Withdraw, "all", &all);
        assert_eq!(outcome(&taken).0, 201);
        self.close(&self.alice);
    }

    fn staff_did(&self, kind: ChangeKind) {
        let mut changes = self.users.changes.borrow_mut();
        let sequence = changes.len() as u64 + 1;
        changes.push(UserChange {
            sequence,
            user_id: ALICE,
            kind,
            at_ms: self.service.clock.now_ms(),
        });
    }

    fn status(&self, id: Uuid) -> String {
        self.show(id)["status"].as_str().unwrap().to_owned()
    }

    /// Through a year of ticks nothing is recorded any more.
    fn assert_records_nothing(&self) {
        let before = self.recorded();
        for _ in 0..365 {
            self.wait(DAY_MS);
            assert_eq!(self.tick(), Summary::default());
        }
        assert_eq!(self.recorded(), before);
        assert_sound(self);
    }
}

/// What an order is that has ended.
fn ended(because: &str) -> Value {
    json!({"status": "ended", "ended_because": because, "next_due": null})
}

fn end_of(bank: &Bank, id: Uuid) -> Value {
    let shown = bank.show(id);
    let members = ["status", "ended_because", "next_due"];
    members
        .iter()
        .map(|name| ((*name).to_owned(), shown[name].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[test]
fn an_order_ends_with_its_payers_or_its_payees_account() {
    type Close = fn(&Bank);
    let by_number =
        |bank: &Bank| json!({"to_account_id": null, "to_account_number": bank.bob.number});
    for (close, is_by_number) in [
        (Bank::close_payer as Close, false),
        (|bank: &Bank| bank.close(&bank.bob), false),
        (|bank: &Bank| bank.close(&bank.bob), true),
    ] {
        let bank = bank_on("2027-01-15");
        let payee = if is_by_number {
            by_number(&bank)
        } else {
            json!({})
        };
        let id = bank.order("k", &payee);
        bank.tick();
        assert_eq!(bank.status(id), "active");
        close(&bank);
        bank.wait(1_000);
        bank.tick();
        assert_eq!(end_of(&bank, id), ended("account_closed"));
        bank.assert_records_nothing();
        // To end it again is no error, and changes nothing.
        bank.delete(id).unwrap();
        assert_eq!(end_of(&bank, id), ended("account_closed"));
        // The response to the request stays what it was.
        let again = bank.ask_for_order("k", &payee).unwrap();
        assert_eq!(
            (json_of(&again)["status"].clone(), again.repeated),
            (json!("active"), true)
        );
    }
}

#[test]
fn an_order_that_is_asked_for_while_its_account_is_closed_is_refused_or_ends() {
    for is_followed in [true, false] {
        let bank = bank_on("2027-01-15");
        bank.interrupt(Moment::AfterDecision, move |bank| {
            bank.close(&bank.bob);
            if is_followed {
                bank.tick();
            }
        });
        let asked = bank.ask_for_order("k", &json!({}));
        if is_followed {
            assert_eq!(outcome(&asked), (422, "account_closed".into()));
            continue;
        }
        bank.tick();
        assert_eq!(
            end_of(&bank, id_of(&asked.unwrap())),
            ended("account_closed")
        );
    }
}

#[test]
fn an_account_that_is_not_closed_ends_no_order() {
    let bank = bank_on("2027-01-31");
    let id = bank.order("k", &json!({}));
    let LocalLedger { store, clock } = &bank.service.ledger.ledger;
    let stops = account::Freeze::Both;
    account::freeze(store, clock, bank.bob.id, stops, &Actor::BANK).unwrap();
    let other = account::Freeze::Credits;
    account::freeze(store, clock, bank.alice.id, other, &Actor::BANK).unwrap();
    bank.tick();
    assert_eq!(bank.run_of(id), is("declined", "account_frozen"));
    assert_eq!(bank.status(id), "active");
    account::unfreeze(store, clock, bank.bob.id, &Actor::BANK).unwrap();
    bank.go_to(day("2027-02-28"));
    bank.tick();
    assert_eq!(bank.paid(), ["2027-02-28"]);
}

#[test]
fn a_date_that_is_due_when_an_account_is_closed_is_not_begun() {
    let bank = bank_on("2027-01-15");
    let id = bank.order("k", &json!({}));
    bank.go_to(day("2027-01-31"));
    bank.close(&bank.bob);
    assert_eq!(bank.tick(), Summary::default());
    assert_eq!(end_of(&bank, id), ended("account_closed"));
    assert_eq!(bank.show(id)["runs"], 0);
}

#[test]
fn a_date_that_is_under_way_when_an_account_is_closed_is_burnt() {
    let bank = bank_on("2027-01-31");
    let id = bank.order("k", &json!({}));
    bank.link(LinkState::down());
    bank.tick();
    let transfer = bank.transfer_of_open_run();
    bank.link(LinkState::Works);
    bank.close(&bank.bob);
    assert_eq!(bank.tick().settled, 1);
    assert_eq!(bank.run_of(id), is("declined", "cancelled"));
    let late = bank.service.ledger.post(&transfer).unwrap();
    assert_eq!(late.posting.decline, Some(Decline::Cancelled));
    bank.assert_records_nothing();
}

#[test]
fn no_date_is_tried_again_once_an_account_is_closed_or_the_owner_disabled() {
    type Stop = fn(&Bank);
    for (count, stop, status) in [
        (json!(null), (|bank| bank.close(&bank.bob)) as Stop, "ended"),
        (json!(1), |bank| bank.close(&bank.bob), "completed"),
        (
            json!(null),
            |bank| bank.staff_did(ChangeKind::Disabled),
            "paused",
        ),
        (
            json!(1),
            |bank| bank.staff_did(ChangeKind::Disabled),
            "completed",
        ),
    ] {
        let bank = short_bank_on("2027-01-31");
        let id = bank.order(
            "k",
            &json!({"on_insufficient_funds": "retry", "count": count}),
        );
        bank.tick();
        assert_eq!(bank.run_of(id), is("retrying", "insufficient_funds"));
        stop(&bank);
        bank.tick();
        assert_eq!(bank.run_of(id), is("cancelled", "insufficient_funds"));
        assert_eq!(bank.status(id), status);
        bank.deposit("more", "1000").unwrap();
        bank.assert_records_nothing();
    }
}

/// The cursor was past the close when the order was inserted, or the payer had no money then, so
/// that the ledger said nothing of the payee.
#[test]
fn an_order_that_can_never_be_paid_ends_at_the_first_date_that_says_so() {
    let nobody = json!({"to_account_id": Uuid::from_u128(404)});
    for (payee, because, state) in [
        (json!({}), "account_closed", "declined"),
        (nobody, "account_not_found", "refused"),
        (json!({"currency": "USD"}), "currency_mismatch", "declined"),
    ] {
        let bank = short_bank_on("2027-01-31");
        let mut changes = payee;
        let dollars = changes.get("currency").is_some();
        if dollars {
            changes = json!({"to_account_id": bank.open_for_bob("USD")});
        }
        let id = bank.order("k", &changes);
        bank.deposit("more", "1000").unwrap();
        bank.close(&bank.bob);
        let changes = bank.service.ledger.ledger.changes(0).unwrap();
        let last = changes.last().unwrap().sequence;
        bank.execute(&format!(
            "UPDATE followed SET sequence = {last} WHERE source = 'accounts'"
        ));
        bank.tick();
        assert_eq!(bank.run_of(id), is(state, because));
        assert_eq!(end_of(&bank, id), ended(because));
        bank.assert_records_nothing();
    }
}

#[test]
fn the_orders_of_a_disabled_owner_are_paused_and_skip_what_passes_meanwhile() {
    let bank = bank_on("2027-01-01");
    let daily = json!({"start": "2027-01-01", "interval": "daily", "count": 9});
    let id = bank.order("k", &daily);
    bank.tick();
    bank.wait(DAY_MS);
    bank.staff_did(ChangeKind::Disabled);
    bank.tick();
    let shown = bank.show(id);
    assert_eq!(
        (&shown["status"], &shown["next_due"]),
        (&json!("paused"), &Value::Null)
    );
    for _ in 0..3 {
        bank.wait(DAY_MS);
        assert_eq!(bank.tick(), Summary::default());
        assert_sound(&bank);
    }
    bank.staff_did(ChangeKind::Enabled);
    // What was due before the pause is paid after it.
    assert_eq!(bank.tick().settled, 1);
    let shown = bank.show(id);
    assert_eq!(
        (&shown["status"], &shown["next_due"]),
        (&json!("active"), &json!("2027-01-06"))
    );
    assert_eq!(shown["runs"], 2);
    for _ in 0..9 {
        bank.wait(DAY_MS);
        bank.tick();
    }
    assert_eq!(
        bank.paid(),
        [
            "2027-01-01",
            "2027-01-02",
            "2027-01-06",
            "2027-01-07",
            "2027-01-08",
            "2027-01-09"
        ]
    );
    let shown = bank.show(id);
    assert_eq!(
        (&shown["status"], &shown["runs"]),
        (&json!("completed"), &json!(6))
    );
    assert_sound(&bank);
}

#[test]
fn a_pause_that_the_bank_reads_when_it_is_over_has_skipped_its_dates_too() {
    let bank = bank_on("2027-01-01");
    let id = bank.order("k", &json!({"start": "2027-01-02", "interval": "daily"}));
    bank.staff_did(ChangeKind::Disabled);
    bank.go_to(day("2027-01-04"));
    bank.staff_did(ChangeKind::Enabled);
    // While the bank was down the owner was enabled: those dates are caught up.
    bank.go_to(day("2027-01-06"));
    bank.tick();
    assert_eq!(bank.paid(), ["2027-01-05", "2027-01-06"]);
    assert_eq!(bank.status(id), "active");
    assert_sound(&bank);
}

#[test]
fn dates_that_were_due_before_a_pause_are_paid_after_it() {
    for count in [json!(null), json!(2)] {
        let bank = bank_on("2027-01-01");
        let daily = json!({"start": "2027-01-02", "interval": "daily", "count": count});
        let id = bank.order("k", &daily);
        // The bank is down, and then auth is.
        bank.go_to(day("2027-01-03"));
        bank.users.is_down.set(true);
        bank.try_tick().unwrap_err();
        bank.wait(HOUR_MS);
        bank.staff_did(ChangeKind::Disabled);
        bank.users.is_down.set(false);
        for _ in 0..2 {
            bank.wait(DAY_MS);
            assert_eq!(bank.tick(), Summary::default());
        }
        assert_eq!(bank.status(id), "paused");
        bank.staff_did(ChangeKind::Enabled);
        bank.tick();
        assert_eq!(bank.paid(), ["2027-01-02", "2027-01-03"]);
        assert_sound(&bank);
        bank.wait(DAY_MS);
        bank.tick();
        let all = ["2027-01-02", "2027-01-03", "2027-01-06"];
        let is_over = count == json!(2);
        assert_eq!(bank.paid(), if is_over { &all[..2] } else { &all });
        assert_eq!(
            bank.status(id),
            if is_over { "completed" } else { "active" }
        );
        assert_sound(&bank);
    }
}

#[test]
fn an_order_whose_last_date_passes_in_a_pause_is_completed_after_it() {
    let bank = bank_on("2027-01-01");
    let id = bank.order(
        "k",
        &json!({"start": "2027-01-02", "interval": "daily", "count": 2}),
    );
    bank.staff_did(ChangeKind::Disabled);
    bank.tick();
    bank.wait(30 * DAY_MS);
    bank.staff_did(ChangeKind::Enabled);
    bank.tick();
    assert_eq!(
        (bank.status(id), &bank.show(id)["runs"]),
        ("completed".to_owned(), &json!(0))
    );
    bank.assert_records_nothing();
}

#[test]
fn a_paused_order_ends_with_its_account_or_by_its_owner_and_is_not_resumed() {
    type End = fn(&Bank, Uuid);
    for (end, status) in [
        ((|bank, _| bank.close(&bank.bob)) as End, "ended"),
        (|bank, id| bank.delete(id).unwrap(), "cancelled"),
    ] {
        let bank = bank_on("2027-01-15");
        let id = bank.order("k", &json!({}));
        bank.staff_did(ChangeKind::Disabled);
        bank.tick();
        assert_eq!(bank.status(id), "paused");
        end(&bank, id);
        bank.tick();
        bank.staff_did(ChangeKind::Enabled);
        bank.tick();
        assert_eq!(bank.status(id), status);
        bank.assert_records_nothing();
    }
}

#[test]
fn a_date_that_is_under_way_when_its_owner_is_disabled_is_burnt() {
    for count in [json!(null), json!(1)] {
        let bank = bank_on("2027-01-31");
        let id = bank.order("k", &json!({"count": count}));
        bank.link(LinkState::down());
        bank.tick();
        bank.staff_did(ChangeKind::Disabled);
        bank.link(LinkState::Works);
        assert_eq!(bank.tick().settled, 1);
        assert_eq!(bank.run_of(id), is("declined", "cancelled"));
        bank.assert_records_nothing();
    }
}

/// The order was made at the moment of disabling, when the cursor was past it.
#[test]
fn the_owner_is_looked_up_when_a_date_is_due() {
    let bank = bank_on("2027-01-15");
    bank.staff_did(ChangeKind::Disabled);
    bank.tick();
    let ids = ["a", "b"].map(|key| bank.order(key, &json!({})));
    bank.tick();
    bank.go_to(day("2027-01-31"));
    bank.tick();
    for id in ids {
        assert_eq!(bank.run_of(id), is("declined", "cancelled"));
        assert_eq!(bank.status(id), "paused");
    }
    bank.assert_records_nothing();
}

#[test]
fn an_owner_whom_auth_does_not_know_is_paused_and_holds_up_nobody() {
    let bank = bank_on("2027-01-31");
    let unknown = ["a", "b", "c", "d"].map(|key| bank.order(key, &json!({})));
    let bobs = json!({"account_id": bank.bob.id, "amount": "10", "currency": "EUR"});
    bank.request(&teller(), Call::Deposit, "bobs", &bobs)
        .unwrap();
    let bobs = json!({"from_account_id": bank.bob.id, "to_account_id": bank.alice.id, "amount": "10",
        "currency": "EUR", "start": "2027-01-31", "interval": "monthly"});
    bank.request(&bob(), Call::Schedule, "bobs", &bobs).unwrap();
    bank.users.unknown.set(Some(ALICE));
    assert_eq!(bank.tick().settled, 5);
    for id in unknown {
        assert_eq!(bank.run_of(id), is("declined", "cancelled"));
        assert_eq!(bank.status(id), "paused");
    }
    assert_eq!(bank.bob_has(), 0);
}

#[test]
fn without_auth_a_date_waits() {
    let bank = bank_on("2027-01-31");
    let id = bank.order("k", &json!({}));
    bank.users.is_down.set(true);
    for _ in 0..3 {
        let error = bank.try_tick().unwrap_err();
        assert_eq!(error.to_string(), "the users: auth is down");
        let shown = bank.show(id);
        assert_eq!(
            (&shown["runs"], &shown["status"]),
            (&json!(0), &json!("active"))
        );
        bank.wait(DAY_MS);
    }
    bank.users.is_down.set(false);
    bank.tick();
    assert_eq!(bank.paid(), ["2027-01-31"]);
}

#[test]
fn without_auth_a_date_that_is_under_way_waits_too_and_an_end_does_not() {
    let bank = bank_on("2027-01-31");
    let [ended, waiting] = ["a", "b"].map(|key| bank.order(key, &json!({})));
    bank.link(LinkState::down());
    bank.tick();
    bank.delete(ended).unwrap_err();
    bank.link(LinkState::Works);
    bank.users.is_down.set(true);
    bank.try_tick().unwrap_err();
    assert_eq!(bank.run_of(ended), is("declined", "cancelled"));
    assert_eq!(bank.run_of(waiting), is_open());
    bank.users.is_down.set(false);
    bank.tick();
    assert_eq!(bank.run_of(waiting), is_posted());
}

#[test]
fn a_crash_while_changes_are_followed_leaves_them_to_the_next_tick() {
    for table in ["followed", "schedule"] {
        let bank = bank_on("2027-01-15");
        let id = bank.order("k", &json!({}));
        bank.close(&bank.bob);
        bank.execute(&format!(
            "CREATE TRIGGER crash BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, 'crash'); END"
        ));
        assert!(bank.try_tick().is_err());
        assert_eq!(bank.status(id), "active");
        bank.execute("DROP TRIGGER crash");
        bank.tick();
        assert_eq!(end_of(&bank, id), ended("account_closed"));
    }
}

#[test]
fn an_end_behind_many_other_changes_is_found() {
    let bank = bank_on("2027-01-15");
    let id = bank.order("k", &json!({}));
    let LocalLedger { store, clock } = &bank.service.ledger.ledger;
    for _ in 0..1_200 {
        let stops = account::Freeze::Both;
        account::freeze(store, clock, bank.alice.id, stops, &Actor::BANK).unwrap();
        account::unfreeze(store, clock, bank.alice.id, &Actor::BANK).unwrap();
    }
    bank.close(&bank.bob);
    bank.tick();
    assert_eq!(end_of(&bank, id), ended("account_closed"));
}

/// A copy of the bank's one order for each number from 2 to `last`, of owners of their own or of
/// the same one, and a date of each that is to be tried again.
fn copy_order(bank: &Bank, last: u32, owner: &str) {
    bank.execute(&format!(
        "WITH RECURSIVE number (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM number WHERE n < {last})
         INSERT INTO schedule (id, owner_id, fingerprint, request, state, dates_behind, next_due_at_ms, created_at_ms)
         SELECT randomblob(16), {owner}, fingerprint, request, state, dates_behind, next_due_at_ms, created_at_ms
         FROM schedule, number"
    ));
    bank.execute(
        "INSERT INTO schedule_run
             (schedule_id, due, attempts, transfer_id, state, decline_code, next_attempt_at_ms, retry_until_ms, begun_at_ms, changed_at_ms)
         SELECT id, '2027-01-15', 1, randomblob(16), 'retrying', 'insufficient_funds', next_due_at_ms, next_due_at_ms, 0, 0
         FROM schedule",
    );
}

/// Counts the rows that each commit which moves or holds a cursor has changed.
fn count_rows_of_commits(bank: &Bank) {
    bank.execute("CREATE TABLE counted (changed INTEGER)");
    bank.execute("CREATE TABLE commits (changed INTEGER)");
    for table in ["schedule", "schedule_run"] {
        bank.execute(&format!(
            "CREATE TRIGGER count_{table} AFTER UPDATE ON {table} BEGIN INSERT INTO counted VALUES (1); END"
        ));
    }
    bank.execute(
        "CREATE TRIGGER end_count AFTER UPDATE ON followed BEGIN
             INSERT INTO commits SELECT count(*) FROM counted;
             DELETE FROM counted;
         END",
    );
}

fn number(bank: &Bank, sql: &str) -> u64 {
    let row = bank.service.store.query(sql, &[]).unwrap().first().unwrap();
    row.integer(0).unwrap().unsigned_abs()
}

#[test]
fn what_becomes_of_many_orders_is_done_in_small_commits() {
    type Stop = fn(&Bank);
    let disable: Stop = |bank| bank.staff_did(ChangeKind::Disabled);
    for (last, owner, stop, status) in [
        (
            6_000,
            "randomblob(16)",
            (|bank| bank.close(&bank.bob)) as Stop,
            "ended",
        ),
        (4_000, "randomblob(16)", Bank::close_payer, "ended"),
        (2_000, "owner_id", disable, "paused"),
    ] {
        let bank = bank_on("2027-01-15");
        bank.order("k", &json!({}));
        copy_order(&bank, last, owner);
        count_rows_of_commits(&bank);
        stop(&bank);
        let mut ticks = 0;
        let left = "SELECT (SELECT count(*) FROM schedule WHERE state = 'active')
            + (SELECT count(*) FROM schedule_run WHERE state = 'retrying')";
        while number(&bank, left) > 0 {
            assert_eq!(bank.tick(), Summary::default());
            ticks += 1;
        }
        // 12,000 rows are more than one tick changes.
        assert_eq!(ticks, if last == 6_000 { 2 } else { 1 });
        let most = number(&bank, "SELECT max(changed) FROM commits");
        assert_eq!(most, states::ROWS_PER_COMMIT_MAX);
        let all = number(&bank, "SELECT sum(changed) FROM commits");
        assert_eq!(all, 2 * u64::from(last));
        let stopped = format!("SELECT count(*) FROM schedule WHERE state = '{status}'");
        assert_eq!(number(&bank, &stopped), u64::from(last));
        if status == "paused" {
            bank.staff_did(ChangeKind::Enabled);
            bank.tick();
            let active = "SELECT count(*) FROM schedule WHERE state = 'active'";
            assert_eq!(number(&bank, active), u64::from(last));
            let most = number(&bank, "SELECT max(changed) FROM commits");
            assert_eq!(most, states::ROWS_PER_COMMIT_MAX);
        }
    }
}

#[test]
fn nothing_begins_before_the_end_of_what_is_followed() {
    let bank = bank_on("2027-01-15");
    bank.order("k", &json!({}));
    copy_order(&bank, 6_000, "randomblob(16)");
    let other = json!({"to_account_id": bank.open_for_bob("EUR"), "start": "2027-01-15"});
    let other = bank.order("other", &other);
    bank.close(&bank.bob);
    assert_eq!(bank.tick().begun, 0);
    assert_eq!(bank.show(other)["runs"], 0);
    assert_eq!(bank.tick().begun, 1);
    assert_eq!(bank.run_of(other), is_posted());
    bank.go_to(day("2027-02-15"));
    for _ in 0..11_000 {
        bank.staff_did(ChangeKind::Other);
    }
    let begun = [(); 3].map(|()| bank.tick().begun);
    assert_eq!(begun, [0, 1, 0]);
}

#[test]
fn each_owner_who_may_not_log_in_is_paused_once_in_a_pass() {
    let bank = bank_on("2027-01-15");
    bank.staff_did(ChangeKind::Disabled);
    bank.tick();
    for key in ["a", "b", "c", "d"] {
        bank.order(key, &json!({}));
    }
    bank.go_to(day("2027-01-31"));
    let store = WatchedStore::new(bank.service.store.clone());
    let (ledger, clock) = (&bank.service.ledger, &bank.service.clock);
    assert_eq!(tick(&store, ledger, &bank.users, clock).unwrap().settled, 4);
    // They begin, their owner is paused, and what the ledger decided is noted.
    assert_eq!(store.take_endings(), [Ending::OnDisk; 3]);
}

/// The store of accounts, or of users, is an older one, and other changes come where the cursor is.
#[test]
fn a_log_that_is_shorter_than_what_was_followed_is_followed_from_its_beginning() {
    for source in ["accounts", "users"] {
        let bank = bank_on("2027-01-15");
        let id = bank.order("k", &json!({}));
        bank.execute(&format!(
            "UPDATE followed SET sequence = 1000 WHERE source = '{source}'"
        ));
        let status = if source == "accounts" {
            bank.close(&bank.bob);
            "ended"
        } else {
            bank.staff_did(ChangeKind::Disabled);
            "paused"
        };
        bank.go_to(day("2027-02-15"));
        assert_eq!([(); 2].map(|()| bank.tick()), [Summary::default(); 2]);
        assert_eq!(bank.status(id), status);
        bank.assert_records_nothing();
    }
}

#[test]
fn what_stops_orders_is_found_by_an_index_and_reads_no_run_that_is_over() {
    let bank = bank_on("2027-01-15");
    for (sql, parameters) in [
        (states::END_OF_ACCOUNT, 3),
        (states::CANCEL_RETRIES_OF_ACCOUNT, 4),
        (states::PAUSE, 3),
        (states::CANCEL_RETRIES_OF_OWNER, 3),
        (rows::CANCEL_RETRIES, 2),
    ] {
        let nulls = vec![strongroom_sdk::store::Value::Null; parameters];
        let explain = format!("EXPLAIN QUERY PLAN {sql}");
        let plan = bank.service.store.query(&explain, &nulls).unwrap();
        for step in plan {
            let step = step.text(3).unwrap();
            assert!(!step.starts_with("SCAN"), "{sql}: {step}");
            let reads_runs = step.contains("run ") || step.contains("schedule_run ");
            let is_narrow = step.contains("schedule_run_retrying") || step.contains("rowid");
            assert!(!reads_runs || is_narrow, "{sql}: {step}");
        }
    }
}
