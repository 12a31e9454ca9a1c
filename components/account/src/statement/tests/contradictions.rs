//! A store that contradicts itself: no statement that is not true ever looks whole.

use super::*;

fn whole() -> Period {
    period("2026-11-20", "2026-11-20")
}

/// Ten deposits of 1.00.
fn scene() -> Scene {
    let scene = Scene::new();
    for _ in 0..10 {
        scene.deposit(100);
    }
    scene.go_to("2026-11-21", 0);
    scene
}

/// What comes of a statement: how it breaks off.
fn outcome(scene: &Scene) -> StatementError {
    for format in Format::ALL {
        let whole = scene.statement(whole(), format);
        assert!(
            matches!(whole, Err(StatementError::Contradiction(_))),
            "{format:?}"
        );
    }
    scene.statement(whole(), Format::Json).unwrap_err()
}

/// The entry of the account with this number.
fn entry(scene: &Scene, number: i64) -> String {
    let key = scene.own.key;
    format!("WHERE account_key = {key} AND account_sequence = {number}")
}

#[test]
fn a_balance_that_does_not_follow_is_found_at_its_entry() {
    let scene = scene();
    let entry = entry(&scene, 5);
    scene.tamper(&format!(
        "UPDATE entry SET balance_after_minor = 501 {entry}"
    ));
    let error = outcome(&scene).to_string();
    assert!(error.contains("after entry 5 does not follow"), "{error}");
}

#[test]
fn an_amount_that_was_changed_is_found_before_the_first_byte() {
    let scene = scene();
    let entry = entry(&scene, 5);
    scene.tamper(&format!("UPDATE entry SET amount_minor = 99 {entry}"));
    assert!(scene.summary(whole()).is_err());
    assert!(outcome(&scene).to_string().contains("add up to 999"));
}

#[test]
fn two_changes_that_make_up_for_each_other_are_found_at_the_first() {
    let scene = scene();
    for (number, amount_minor) in [(3, 101), (4, 99)] {
        let entry = entry(&scene, number);
        scene.tamper(&format!(
            "UPDATE entry SET amount_minor = {amount_minor} {entry}"
        ));
    }
    assert!(scene.summary(whole()).is_ok());
    assert!(outcome(&scene).to_string().contains("after entry 3"));
}

#[test]
fn an_entry_that_is_gone_is_found_before_the_first_byte() {
    let scene = scene();
    let entry = entry(&scene, 5);
    scene.tamper(&format!("DELETE FROM entry {entry}"));
    assert!(scene.summary(whole()).is_err());
    assert!(
        outcome(&scene)
            .to_string()
            .contains("10 entries are numbered, and 9")
    );
}

#[test]
fn a_number_that_is_there_twice_is_found() {
    let scene = scene();
    let entry = entry(&scene, 5);
    scene.tamper(&format!("UPDATE entry SET account_sequence = 4 {entry}"));
    assert!(
        outcome(&scene)
            .to_string()
            .contains("entry 4 comes after entry 4")
    );
}

#[test]
fn a_direction_that_was_turned_is_found() {
    let scene = scene();
    let entry = entry(&scene, 10);
    scene.tamper(&format!("UPDATE entry SET direction = 'debit' {entry}"));
    assert!(outcome(&scene).to_string().contains("add up to 800"));
}

#[test]
fn what_is_made_of_it_before_does_not_look_whole() {
    let scene = scene();
    let entry = entry(&scene, 5);
    scene.tamper(&format!(
        "UPDATE entry SET balance_after_minor = 501 {entry}"
    ));
    let summary = scene.summary(whole()).unwrap();
    let mut body = Body::new(scene.store.clone(), summary, Format::Json).unwrap();
    assert!(body.next().unwrap().is_err());
    assert_eq!(body.next(), None);
}

#[test]
fn a_period_of_too_many_entries_has_no_statement() {
    let scene = scene();
    let entry = entry(&scene, 10);
    let many = ENTRIES_MAX + 1;
    scene.tamper(&format!(
        "UPDATE entry SET account_sequence = {many} {entry}"
    ));
    assert_eq!(scene.summary(whole()), Err(StatementError::TooLong(many)));
}
