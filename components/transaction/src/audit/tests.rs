//! Goal: whatever of a standing order or of its payments is changed behind the service's back is
//! found, and the row is named.
//! Method: a bank whose orders ended in every way is audited after each of many changes, in a
//! transaction that is rolled back.

use super::*;
use crate::api::Service;
use crate::tests::kit::*;
use serde_json::{Value, json};
use strongroom_sdk::store::{SqliteStore, Transaction};

const NOTHING: &str = "is over, and the ledger has nothing under it";
const ANOTHER: &str = "is something else in the ledger";
const OTHERWISE: &str = "was decided otherwise by the ledger";

/// A bank with runs in every state. The ledger has decided the last one, and this service has not
/// noted it.
fn busy() -> Bank {
    let bank = Bank::with(MORNING_MS, "100");
    let daily = json!({"start": "2027-01-15", "interval": "daily", "amount": "1"});
    let order = |key: &str, changes: Value| {
        let mut order = daily.clone();
        let members = order.as_object_mut().unwrap();
        members.append(&mut changes.as_object().unwrap().clone());
        bank.order(key, &order)
    };
    order("paid", json!({"count": 2}));
    order("too-dear", json!({"amount": "900"}));
    let retried = |amount: &str| json!({"amount": amount, "on_insufficient_funds": "retry"});
    order("retried", retried("800"));
    let cancelled = order("cancelled", retried("700"));
    // Of the payee nothing is said while there is not the money.
    let to_nobody =
        json!({"to_account_id": null, "to_account_number": NOBODYS_NUMBER, "amount": "150"});
    order("refused", to_nobody);
    bank.deposit("more", "100").unwrap();
    assert_eq!(bank.tick().settled, 5);
    bank.delete(cancelled).unwrap();
    bank.wait(HOUR_MS);
    assert_eq!(bank.tick().settled, 1);
    bank.wait(DAY_MS);
    bank.tick();
    order("open", json!({"start": "2027-01-16", "count": 1}));
    bank.link(LinkState::LosesReplies);
    bank.tick();
    bank.link(LinkState::Works);
    bank
}

fn report(bank: &Bank) -> Report {
    let Service { store, ledger, .. } = &bank.service;
    check_invariants(store, ledger, &bank.users).unwrap()
}

/// A store as somebody with the file in hand has it: without triggers, checks, and references.
fn open_file(store: &SqliteStore) {
    for pragma in [
        "PRAGMA foreign_keys = OFF",
        "PRAGMA ignore_check_constraints = ON",
    ] {
        store.query(pragma, &[]).unwrap();
    }
    let transaction = store.begin().unwrap();
    let triggers = "SELECT name FROM sqlite_schema WHERE type = 'trigger'";
    for trigger in transaction.query(triggers, &[]).unwrap() {
        let drop = format!("DROP TRIGGER {}", trigger.text(0).unwrap());
        transaction.execute(&drop, &[]).unwrap();
    }
    transaction.commit().unwrap();
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
    assert_eq!(states.unwrap().integer(0).unwrap(), 6);
    let report = report(&bank);
    assert_eq!(report.violations().collect::<Vec<_>>(), Vec::new());
    assert!(
        report.checks.iter().all(|check| check.examined > 0),
        "{report:?}"
    );
    // What the ledger decided after this store was read contradicts nothing.
    assert_eq!(report.totals[0].value, "1");
}

#[test]
fn each_change_of_an_order_or_a_run_is_found_and_named() {
    let bank = busy();
    let store = &bank.service.store;
    open_file(store);
    let of_orders = [
        ("is not what was asked for", "fingerprint = zeroblob(32)"),
        (
            "is not what was asked for",
            "request = replace(request, '90000', '90001')",
        ),
        ("schedule 1: ", "request = '{}'"),
        ("schedule 1: ", "state = 'lost'"),
        ("schedule 1: ", "ended_because = 'rain'"),
        ("contradict each other", "ended_because = 'account_closed'"),
        (
            "contradict each other",
            "state = 'ended', next_due_at_ms = NULL",
        ),
        (
            "are not those of its dates",
            "state = iif(state = 'completed', 'paused', state)",
        ),
        (
            "2 dates are behind, and 2 were begun and 1 skipped",
            "dates_skipped = dates_skipped + 1",
        ),
        (
            "are not those of its dates",
            "state = 'active', next_due_at_ms = 0",
        ),
        (
            "are not those of its dates",
            "state = iif(state = 'active', 'completed', state)",
        ),
        (
            "are not those of its dates",
            "next_due_at_ms = next_due_at_ms + 1",
        ),
        (
            "3 dates are behind, and 2 were begun",
            "dates_behind = dates_behind + 1",
        ),
        (
            "2 dates are behind, and 0 were begun",
            "id = randomblob(16)",
        ),
        ("there is no schedule", "id = randomblob(16)"),
        ("is not that of schedule", "owner_id = randomblob(16)"),
    ];
    let of_runs = [
        ("there is no schedule", "schedule_id = randomblob(16)"),
        ("has no such date", "due = date(due, '+1 month')"),
        ("is not a date", "due = '2027-02-30' WHERE sequence = 1"),
        ("is not that of schedule", "transfer_id = randomblob(16)"),
        ("is not that of schedule", "attempts = attempts + 1"),
        ("is no RunState", "state = 'lost'"),
        ("contradict each other", "decline_code = NULL"),
        ("contradict each other", "decline_code = 'cancelled'"),
        (OTHERWISE, "decline_code = 'account_closed'"),
        (
            OTHERWISE,
            "state = 'declined', decline_code = 'insufficient_funds'",
        ),
        (
            OTHERWISE,
            "state = 'refused', decline_code = 'account_not_found'",
        ),
        (OTHERWISE, "state = 'posted', decline_code = NULL"),
        (NOTHING, "state = 'posted', decline_code = NULL"),
        (
            NOTHING,
            "state = 'declined', decline_code = 'insufficient_funds'",
        ),
    ];
    let of_orders = of_orders.map(|(words, set)| (words, format!("UPDATE schedule SET {set}")));
    let of_runs = of_runs.map(|(words, set)| (words, format!("UPDATE schedule_run SET {set}")));
    let lost = [
        (
            "there is no schedule",
            "DELETE FROM schedule WHERE sequence = 2",
        ),
        (
            "dates are behind, and",
            "DELETE FROM schedule_run WHERE sequence = 2",
        ),
    ];
    let lost = lost.map(|(words, delete)| (words, delete.to_owned()));
    for (words, change) in of_orders.into_iter().chain(of_runs).chain(lost) {
        assert_found(&found_after(&bank, store, &[&change]), words, &change);
    }
    let doubled = [
        "CREATE TABLE doubled AS SELECT * FROM schedule_run",
        "DROP TABLE schedule_run",
        "ALTER TABLE doubled RENAME TO schedule_run",
        "INSERT INTO schedule_run SELECT * FROM schedule_run WHERE sequence = 1",
        "UPDATE schedule_run SET sequence = rowid",
    ];
    let found = found_after(&bank, store, &doubled);
    assert_found(
        &found,
        "has no such date, or had it before",
        "a doubled run",
    );
    assert_eq!(report(&bank).violations().next(), None);
}

#[test]
fn each_payment_that_the_ledger_has_lost_or_changed_is_found_and_named() {
    let bank = busy();
    let books = &bank.service.ledger.ledger.store;
    open_file(books);
    // The first of two attempts becomes a payment, too.
    let paid_twice = "UPDATE transfer SET status = 'posted', decline_code = NULL
         WHERE sequence = (SELECT min(sequence) FROM transfer WHERE amount_minor = 80000)";
    let decided_otherwise = "UPDATE transfer SET decline_code = 'account_closed'
         WHERE decline_code = 'insufficient_funds'";
    for (words, change) in [
        (NOTHING, "DELETE FROM transfer WHERE amount_minor = 100"),
        (NOTHING, "DELETE FROM transfer WHERE amount_minor = 90000"),
        (ANOTHER, "UPDATE transfer SET fingerprint = zeroblob(32)"),
        (ANOTHER, "UPDATE transfer SET actor_id = zeroblob(16)"),
        (OTHERWISE, decided_otherwise),
        (OTHERWISE, paid_twice),
    ] {
        assert_found(&found_after(&bank, books, &[change]), words, change);
    }
}

#[test]
fn an_end_that_the_audit_log_and_the_order_do_not_both_have_is_found() {
    const IS_NOT: &str = "is not what the audit log made of it";
    let bank = busy();
    let ended = bank.order("ended", &json!({}));
    bank.delete_as(&teller(), ended).unwrap();
    assert_eq!(report(&bank).violations().next(), None);
    let store = &bank.service.store;
    open_file(store);
    for (words, change) in [
        (
            IS_NOT,
            "UPDATE schedule SET state = 'completed' WHERE sequence > 6",
        ),
        (IS_NOT, "UPDATE audit_log SET action = 'schedule.created'"),
        (IS_NOT, "UPDATE audit_log SET new_value = 'ended'"),
        ("hash", "UPDATE audit_log SET actor = zeroblob(16)"),
        (
            "there is no schedule",
            "UPDATE audit_log SET target = zeroblob(16)",
        ),
    ] {
        let found = found_after(&bank, store, &[change]);
        assert!(
            found.iter().any(|text| text.contains(words)),
            "{change}: {found:?}"
        );
    }
}

#[test]
fn a_change_that_was_followed_and_is_lost_is_found() {
    let bank = busy();
    let store = &bank.service.store;
    for source in ["accounts", "users"] {
        let ahead = format!("UPDATE followed SET sequence = 1000 WHERE source = '{source}'");
        let found = found_after(&bank, store, &[&ahead]);
        let words = format!("has followed {source} to change 1000");
        assert!(found.len() == 1 && found[0].contains(&words), "{found:?}");
    }
}

#[test]
fn more_payments_than_one_question_has_are_all_compared() {
    let bank = Bank::with(MORNING_MS, "100");
    let daily = json!({"start": "2027-01-15", "interval": "daily", "amount": "0.01"});
    bank.order("k", &daily);
    let days = strongroom_ledger_api::LOOKUP_IDS_MAX + 2;
    bank.wait(DAY_MS * days as i64);
    while bank.tick().begun > 0 {}
    let payments = &report(&bank).checks[1];
    assert_eq!(
        (payments.examined, &payments.violations),
        (days as u64 + 1, &Vec::new())
    );
    let books = &bank.service.ledger.ledger.store;
    open_file(books);
    for sequence in [2, days + 2] {
        let lost = format!("DELETE FROM transfer WHERE sequence = {sequence}");
        let found = found_after(&bank, books, &[&lost]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_found(&found, "the ledger has nothing under it", &lost);
    }
}

#[test]
fn without_the_ledger_nothing_is_proven() {
    let bank = busy();
    bank.link(LinkState::down());
    let Service { store, ledger, .. } = &bank.service;
    let error = check_invariants(store, ledger, &bank.users).unwrap_err();
    assert_eq!(error.to_string(), "the ledger: unavailable: down");
}

#[test]
fn without_auth_all_is_checked_but_what_was_followed_of_it() {
    let bank = busy();
    let whole = report(&bank);
    bank.execute("UPDATE followed SET sequence = 1 WHERE source = 'users'");
    bank.users.is_down.set(true);
    let report = report(&bank);
    assert_eq!(report.totals, whole.totals);
    assert_eq!(report.checks[..2], whole.checks[..2]);
    assert_eq!(
        report.checks[2].violations,
        ["schedule: what it has followed of users could not be checked: the users: auth is down"]
    );
}
