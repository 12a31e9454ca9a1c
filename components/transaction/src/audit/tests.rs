//! Goal: whatever of an order or its payments is changed in the file is found, and its row named.

use super::*;
use crate::index::{PARTS_PER_TICK_MAX, follow};
use crate::tests::kit::*;
use strongroom_ledger_api::LOOKUP_IDS_MAX;
use strongroom_sdk::store::drop_guards;

const REQUESTED: &str = "is not what was asked for";
const DATES: &str = "are not those of its dates";
const CONTRADICTS: &str = "contradict each other";
const NO_SCHEDULE: &str = "there is no schedule";
const NOT_OF_DATE: &str = "is not that of schedule";
const NOTHING: &str = "is over, and the ledger has nothing under it";
const ANOTHER: &str = "belongs to another request in the ledger";
const OTHERWISE: &str = "was decided otherwise by the ledger";
const LOGGED: &str = "is not what the audit log made of it";

/// Runs in every state, the last of them decided and not recorded; and an order that staff ended.
fn busy() -> Bank {
    let bank = Bank::new();
    let daily = json!({"start": "2027-01-15", "interval": "daily", "amount": "1"});
    let order = |key: &str, changes: Value| bank.order(key, &with(&daily, &changes));
    order("paid", json!({"count": 2}));
    order("too-dear", json!({"amount": "900"}));
    let retried = |amount: &str| json!({"amount": amount, "on_insufficient_funds": "retry"});
    order("retried", retried("800"));
    let cancelled = order("cancelled", retried("700"));
    // The ledger says nothing of the payee while there is not the money.
    let foreign = with(&to_number(FOREIGN_NUMBER), &json!({"amount": "150"}));
    order("refused", foreign);
    bank.deposit("more", "100").unwrap();
    assert_eq!(bank.tick().paid, 5);
    bank.cancel_as(&teller(), cancelled).unwrap();
    bank.wait(HOUR_MS);
    assert_eq!(bank.tick().paid, 1);
    bank.wait(DAY_MS);
    bank.tick();
    order("open", json!({"start": "2027-01-16", "count": 1}));
    bank.link(LinkState::LosesReplies);
    bank.tick();
    bank.link(LinkState::Works);
    let (store, ledger) = (&bank.service.store, &bank.service.ledger);
    follow(store, ledger, PARTS_PER_TICK_MAX).unwrap();
    bank
}

/// `base` with the members of `changes`, nulls too.
fn with(base: &Value, changes: &Value) -> Value {
    let mut members = base.as_object().unwrap().clone();
    members.append(&mut changes.as_object().unwrap().clone());
    Value::Object(members)
}

fn report(bank: &Bank) -> Report {
    check_invariants(&bank.service).unwrap()
}

/// A store as somebody with the file in hand has it: without triggers, checks, and references.
fn open_file(store: &SqliteStore) {
    store.query("PRAGMA foreign_keys = OFF", &[]).unwrap();
    drop_guards(store).unwrap();
}

/// What the audit finds after the statements, which are rolled back.
fn found_after(bank: &Bank, store: &SqliteStore, statements: &[&str]) -> Vec<String> {
    let transaction = store.begin().unwrap();
    for statement in statements {
        let changed = transaction.execute(statement, &[]).unwrap();
        assert!(changed > 0 || statement.contains("TABLE"), "{statement}");
    }
    // The store has one connection: the audit reads what the transaction has changed.
    let report = report(bank);
    let violations = report.violations().map(|(_, text)| text.to_owned());
    violations.collect()
}

fn assert_found(found: &[String], words: &str, change: &str) {
    let is_named = |text: &String| text.starts_with("schedule ") && text.contains(words);
    assert!(found.iter().any(is_named), "{change}: {found:?}");
}

#[test]
fn a_bank_whose_orders_ended_in_every_way_is_sound() {
    let bank = busy();
    let states = "SELECT count(DISTINCT state) FROM schedule_run";
    let states = bank.service.store.query(states, &[]).unwrap().first();
    assert_eq!(states.unwrap().integer(0), Ok(6));
    let report = report(&bank);
    assert_eq!(report.violations().collect::<Vec<_>>(), Vec::new());
    let mut checks = report.checks.iter();
    assert!(checks.all(|check| check.examined > 0), "{report:?}");
    // What the ledger decided after this store was read contradicts nothing.
    assert_eq!(report.totals[0].value, "1");
}

#[test]
fn each_change_of_an_order_or_a_run_is_found_and_named() {
    let bank = busy();
    let store = &bank.service.store;
    open_file(store);
    let of_orders = rows! {
        (REQUESTED, "fingerprint = zeroblob(32)"),
        (REQUESTED, "request = replace(request, '90000', '90001')"),
        ("schedule 1: ", "request = '{}'"), ("schedule 1: ", "state = 'lost'"),
        ("schedule 1: ", "ended_because = 'rain'"),
        (CONTRADICTS, "ended_because = 'account_closed'"),
        (CONTRADICTS, "state = 'ended', next_due_at_ms = NULL"),
        (DATES, "state = iif(state = 'completed', 'paused', state)"),
        (DATES, "state = 'active', next_due_at_ms = 0"),
        (DATES, "state = iif(state = 'active', 'completed', state)"),
        (DATES, "next_due_at_ms = next_due_at_ms + 1"),
        ("2 dates are behind, and 2 were begun and 1 skipped", "dates_skipped = dates_skipped + 1"),
        ("3 dates are behind, and 2 were begun", "dates_behind = dates_behind + 1"),
        ("2 dates are behind, and 0 were begun", "id = randomblob(16)"),
        ("and it never paused", "dates_skipped = 1, paused_at_ms = NULL"),
        (NO_SCHEDULE, "id = randomblob(16)"), (NOT_OF_DATE, "owner_id = randomblob(16)"),
        (LOGGED, "state = iif(state = 'cancelled', 'completed', state)"),
        (LOGGED, "state = 'cancelled', next_due_at_ms = NULL"),
        (LOGGED, "owner_id = randomblob(16)"),
        (LOGGED, "request = replace(request, '90000', '90001')"),
    };
    let of_runs = rows! {
        (NO_SCHEDULE, "schedule_id = randomblob(16)"),
        ("has no such date", "due = date(due, '+1 month')"),
        ("is not a date", "due = '2027-02-30' WHERE sequence = 1"),
        (NOT_OF_DATE, "transfer_id = randomblob(16)"), (NOT_OF_DATE, "attempts = attempts + 1"),
        ("is no RunState", "state = 'lost'"),
        ("is retried after its time", "next_attempt_at_ms = retry_until_ms"),
        ("is retried after its time", "retry_until_ms = retry_until_ms + 86400000 * 4"),
        (CONTRADICTS, "decline_code = NULL"), (CONTRADICTS, "decline_code = 'cancelled'"),
        (OTHERWISE, "decline_code = 'account_closed'"),
        (OTHERWISE, "state = 'declined', decline_code = 'insufficient_funds'"),
        (OTHERWISE, "state = 'refused', decline_code = 'account_not_found'"),
        (OTHERWISE, "state = 'posted', decline_code = NULL"),
        (NOTHING, "state = 'posted', decline_code = NULL"),
        (NOTHING, "state = 'declined', decline_code = 'insufficient_funds'"),
    };
    let lost = rows! {
        (NO_SCHEDULE, "DELETE FROM schedule WHERE sequence = 2"),
        ("dates are behind, and", "DELETE FROM schedule_run WHERE sequence = 2"),
        (LOGGED, "UPDATE audit_log SET action = 'schedule.created'"),
        (LOGGED, "UPDATE audit_log SET new_value = 'ended'"),
    };
    let of_orders = of_orders.map(|(words, set)| (words, format!("UPDATE schedule SET {set}")));
    let of_runs = of_runs.map(|(words, set)| (words, format!("UPDATE schedule_run SET {set}")));
    let lost = lost.map(|(words, change)| (words, change.to_owned()));
    for (words, change) in of_orders.into_iter().chain(of_runs).chain(lost) {
        assert_found(&found_after(&bank, store, &[&change]), words, &change);
    }
    let doubled = rows! {
        "CREATE TABLE doubled AS SELECT * FROM schedule_run",
        "DROP TABLE schedule_run",
        "ALTER TABLE doubled RENAME TO schedule_run",
        "INSERT INTO schedule_run SELECT * FROM schedule_run WHERE sequence = 1",
        "UPDATE schedule_run SET sequence = rowid",
    };
    let found = found_after(&bank, store, &doubled);
    assert_found(&found, "has no such date, or had it before", "doubled");
    assert_eq!(report(&bank).violations().next(), None);
}

#[test]
fn each_payment_that_the_ledger_has_lost_or_changed_is_found_and_named() {
    let bank = busy();
    let books = &bank.ledger().store;
    open_file(books);
    for (words, change) in rows! {
        (NOTHING, "DELETE FROM transfer WHERE amount_minor = 100"),
        (NOTHING, "DELETE FROM transfer WHERE amount_minor = 90000"),
        (ANOTHER, "UPDATE transfer SET fingerprint = zeroblob(32)"),
        (ANOTHER, "UPDATE transfer SET actor_id = zeroblob(16)"),
        (OTHERWISE, "UPDATE transfer SET decline_code = 'account_closed'
            WHERE decline_code = 'insufficient_funds'"),
        // The first of two attempts becomes a payment, too.
        (OTHERWISE, "UPDATE transfer SET status = 'posted', decline_code = NULL
            WHERE sequence = (SELECT min(sequence) FROM transfer WHERE amount_minor = 80000)"),
    } {
        assert_found(&found_after(&bank, books, &[change]), words, change);
    }
}

#[test]
fn a_change_of_the_audit_log_or_of_what_was_followed_or_the_index_is_found() {
    const INDEX: &str = "DELETE FROM listed_head;";
    let bank = busy();
    open_file(&bank.service.store);
    for (words, change) in rows! {
        ("its hash was made of", "UPDATE audit_log SET actor = zeroblob(16)"),
        ("there is no schedule", "UPDATE audit_log SET target = zeroblob(16)"),
        ("accounts have no change 1000, which", "UPDATE followed SET sequence = 1000"),
        ("users have no change 1000, which", "UPDATE followed SET sequence = 1000"),
        // It says how to make the index again.
        (INDEX, "UPDATE listed SET id = zeroblob(16) WHERE sequence = 1"),
        (INDEX, "UPDATE listed SET type = 'hold' WHERE sequence = 1"),
        (INDEX, "UPDATE listed SET status = 'reversed' WHERE sequence = 1"),
        (INDEX, "UPDATE listed SET amount_minor = 7 WHERE sequence = 1"),
        (INDEX, "UPDATE listed SET reference = 'x' WHERE sequence = 1"),
        (INDEX, "UPDATE listed SET initiator_id = zeroblob(16) WHERE sequence = 1"),
        (INDEX, "UPDATE listed SET created_at_ms = 1 WHERE sequence = 1"),
        (INDEX, "DELETE FROM listed WHERE sequence = 2"),
        (INDEX, "DELETE FROM listed_account WHERE sequence = 2"),
        (INDEX, "UPDATE listed_account SET account_id = zeroblob(16) WHERE sequence = 1"),
        (INDEX, "INSERT INTO listed_account VALUES (zeroblob(16), 1)"),
        (INDEX, "DELETE FROM listed_metadata"),
        (INDEX, "UPDATE listed_metadata SET value = 'x'"),
        (INDEX, "UPDATE listed_head SET sequence = 10000"),
        (INDEX, "UPDATE listed_head SET delay_min_ms = 1000000000"),
        (INDEX, "UPDATE listed_head SET delay_max_ms = -1000000000"),
    } {
        let found = found_after(&bank, &bank.service.store, &[change]);
        let is_named = |text: &String| text.contains(words);
        assert!(found.iter().any(is_named), "{change}: {found:?}");
    }
}

#[test]
fn more_payments_than_one_question_has_are_all_compared() {
    let bank = Bank::new();
    let daily = json!({"start": "2027-01-15", "interval": "daily", "amount": "0.01"});
    bank.order("k", &daily);
    let days = LOOKUP_IDS_MAX + 2;
    bank.wait(DAY_MS * days as i64);
    while bank.tick().begun > 0 {}
    let payments = &report(&bank).checks[1];
    assert_eq!(payments.examined, days as u64 + 1);
    assert!(payments.violations.is_empty());
    let books = &bank.ledger().store;
    open_file(books);
    for sequence in [2, days + 2] {
        let lost = format!("DELETE FROM transfer WHERE sequence = {sequence}");
        let found = found_after(&bank, books, &[&lost]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_found(&found, NOTHING, &lost);
    }
}

#[test]
fn without_auth_all_is_checked_but_what_was_followed_of_it_and_without_the_ledger_nothing() {
    let bank = busy();
    let whole = report(&bank);
    bank.execute("UPDATE followed SET sequence = 1 WHERE source = 'users'");
    bank.service.users.is_down.set(true);
    let report = report(&bank);
    assert_eq!(report.totals, whole.totals);
    assert_eq!(report.checks[..2], whole.checks[..2]);
    let down = "schedule: what was followed of users could not be checked: the users: auth is down";
    assert_eq!(report.checks[2].violations, [down]);
    bank.link(LinkState::down());
    let error = check_invariants(&bank.service).unwrap_err();
    assert_eq!(error.to_string(), "the ledger: unavailable: down");
}
