//! Goal: a change of a webhook, a delivery, or the log in the file is found, and its row is named.

use super::check_invariants;
use crate::tests::kit::*;
use strongroom_sdk::store::drop_guards;

/// One webhook that was changed and has followed the journal to its end, and one that was deleted.
fn busy() -> Bank {
    let bank = Bank::new();
    let body = json!({"url": "https://hooks.example/in", "events": ["transfer.posted"]});
    let changed = bank.make("k", body);
    bank.change(changed, &json!({"events": null})).unwrap();
    bank.happen(5);
    assert_eq!(bank.tick(), 5);
    let deleted = bank.make("d", json!({"url": "https://hooks.example/in"}));
    bank.delete(deleted).unwrap();
    bank
}

#[test]
fn a_store_in_order_is_sound() {
    let bank = busy();
    bank.assert_sound();
    let report = check_invariants(&bank.0).unwrap();
    let examined: Vec<_> = report.checks.iter().map(|check| check.examined).collect();
    assert_eq!(examined, [4, 2, 2]);
    assert!(report.totals[0].value.starts_with("4, "));
}

#[test]
fn each_change_of_a_row_is_found_and_named() {
    const IS_NOT: &str = "is not what the audit log made of it";
    const COLUMNS: &str = "id, url, secret, created_by, created_at_ms, cursor";
    let bank = busy();
    drop_guards(&bank.0.store).unwrap();
    let copied = "url, secret, created_by, created_at_ms, cursor FROM webhook";
    let added = format!("INSERT INTO webhook ({COLUMNS}) SELECT zeroblob(16), {copied} LIMIT 1");
    let moved = "UPDATE webhook_delivery SET sequence = sequence + 100 WHERE sequence = 1";
    for (change, words) in rows! {
        ("UPDATE webhook SET cursor = cursor + 100", "webhook 1: stands at 105"),
        ("UPDATE webhook SET cursor = 3", "is not one of that webhook, or not yet"),
        ("UPDATE webhook SET cursor = 4", "where it has passed another transaction"),
        (moved, "webhook delivery 101 of webhook 1"),
        ("UPDATE webhook_delivery SET state = 'pending'", "webhook delivery 1 of webhook 1"),
        ("UPDATE webhook SET url = 'https://elsewhere.example/'", IS_NOT),
        ("UPDATE webhook SET events = '[]'", IS_NOT),
        ("UPDATE webhook SET created_by = zeroblob(16)", IS_NOT),
        ("UPDATE webhook SET deleted_at_ms = 1, secret = zeroblob(0)", IS_NOT),
        ("UPDATE webhook SET deleted_at_ms = NULL", IS_NOT),
        ("UPDATE webhook SET ended_at_ms = 1", IS_NOT),
        (added.as_str(), "webhook 00000000-0000-0000-0000-000000000000: is not what"),
        ("UPDATE webhook SET id = zeroblob(16) WHERE key = 1", "there is no webhook "),
        ("UPDATE webhook SET events = 'none'", ": row: events: "),
        ("UPDATE audit_log SET request_id = 'r-1'", "it is not what its hash was made of"),
        ("DELETE FROM audit_log", IS_NOT),
    } {
        let transaction = bank.0.store.begin().unwrap();
        assert_ne!(transaction.execute(change, &[]).unwrap(), 0, "{change}");
        // The store has one connection: the audit reads what the transaction has changed.
        assert_found(check_invariants(&bank.0), words, change);
    }
}
