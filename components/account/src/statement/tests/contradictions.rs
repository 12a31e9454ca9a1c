//! A store that contradicts itself: no wrong statement looks whole.

use super::*;
use strongroom_sdk::rows;

/// Ten deposits of 1.00.
fn scene() -> Scene {
    let scene = Scene::new();
    for _ in 0..10 {
        scene.deposit(100);
    }
    scene.go_to("2026-11-21", 0);
    scene
}

/// Changes the account's entry with this number, which the service never does.
fn change(scene: &Scene, statement: &str, number: i64) {
    let transaction = scene.store.begin().unwrap();
    for trigger in ["entry_no_update", "entry_no_delete"] {
        let drop = format!("DROP TRIGGER IF EXISTS {trigger}");
        transaction.execute(&drop, &[]).unwrap();
    }
    let change = format!("{statement} WHERE account_key = ?1 AND account_sequence = ?2");
    let params = [scene.own.key, number].map(Value::from);
    assert_eq!(transaction.execute(&change, &params), Ok(1), "{change}");
    transaction.commit().unwrap();
}

#[test]
fn a_changed_or_missing_entry_is_found_in_every_format() {
    // The totals show some of them before the first byte.
    let change_of_balance = ("UPDATE entry SET balance_after_minor = 501", 5);
    let more = ("UPDATE entry SET amount_minor = 101", 3);
    let less = ("UPDATE entry SET amount_minor = 99", 4);
    for (changes, is_found_at_once, words) in rows! {
        (&[change_of_balance][..], false, "after entry 5 does not follow"),
        (&[less], true, "add up to 999"),
        (&[more, less], false, "after entry 3"),
        (&[("DELETE FROM entry", 5)], true, "10 entries are numbered, and 9"),
        (&[("UPDATE entry SET account_sequence = 4", 5)], false, "entry 4 comes after entry 4"),
        (&[("UPDATE entry SET direction = 'debit'", 10)], true, "add up to 800"),
    } {
        let scene = scene();
        for (statement, number) in changes {
            change(&scene, statement, *number);
        }
        assert_eq!(scene.summary(whole()).is_err(), is_found_at_once, "{words}");
        for format in Format::ALL {
            let error = scene.statement(whole(), format).unwrap_err();
            assert!(matches!(error, StatementError::Contradiction(_)), "{error}");
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}

#[test]
fn a_period_of_too_many_entries_has_no_statement() {
    let scene = scene();
    let many = ENTRIES_MAX + 1;
    let statement = format!("UPDATE entry SET account_sequence = {many}");
    change(&scene, &statement, 10);
    assert_eq!(scene.summary(whole()), Err(StatementError::TooLong(many)));
}
