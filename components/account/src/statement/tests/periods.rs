//! The end of a period, and when its statement is final. `histories` has the entries of a period.

use super::*;
use strongroom_sdk::store::{Ending, WatchedStore};

/// Movements on three days, the last of them on 2026-11-24.
fn scene() -> Scene {
    let scene = Scene::new();
    scene.deposit(1_000);
    scene.go_to("2026-11-22", DAY_MS - 1);
    scene.send(25, "last of the day");
    scene.go_to("2026-11-24", 1);
    scene.withdraw(830);
    scene.go_to("2026-11-26", 0);
    scene
}

#[test]
fn a_period_that_is_not_over_ends_with_the_moment_of_the_request() {
    let scene = scene();
    let end = |from, to| {
        let summary = scene.summary(period(from, to)).unwrap();
        (summary.is_final, summary.as_of_ms)
    };
    scene.go_to("2026-11-24", 2);
    let now = (false, scene.clock.now_ms());
    assert_eq!(end("2026-11-22", "2026-11-24"), now);
    let over = (true, day("2026-11-23").last_ms());
    assert_eq!(end("2026-11-22", "2026-11-23"), over);
    scene.go_to("2026-11-24", DAY_MS - 1);
    assert!(!end("2026-11-24", "2026-11-24").0);
    scene.go_to("2026-11-25", 0);
    assert!(end("2026-11-24", "2026-11-24").0);
}

#[test]
fn the_statement_of_a_past_period_never_changes() {
    let scene = scene();
    let past = || period("2026-11-20", "2026-11-22");
    let statements = || Format::ALL.map(|format| scene.statement(past(), format).unwrap());
    let first = statements();
    scene.deposit(1_000);
    assert_eq!(statements(), first);
    scene.go_to("2031-01-01", 5);
    scene.send(3, "years later");
    assert_eq!(statements(), first);
}

#[test]
fn each_period_and_each_moment_of_an_unfinished_one_has_its_own_id() {
    let scene = scene();
    let id = |from, to| scene.summary(period(from, to)).unwrap().id();
    let past = id("2026-11-20", "2026-11-25");
    let now = id("2026-11-20", "2026-11-26");
    scene.go_to("2026-11-26", 1);
    assert_eq!(id("2026-11-20", "2026-11-25"), past);
    assert_ne!(id("2026-11-20", "2026-11-26"), now);
    assert_ne!(id("2026-11-21", "2026-11-25"), past);
}

#[test]
fn a_final_statement_waits_for_rows_that_are_not_on_disk_yet() {
    let scene = scene();
    let store = WatchedStore::new(scene.store.clone());
    let read = |from, to| {
        Summary::read(&store, &scene.clock, scene.account(), period(from, to)).unwrap();
        store.take_endings()
    };
    // The journal has passed this period.
    assert_eq!(read("2026-11-20", "2026-11-23"), []);
    // The period is over, and the journal has not passed it.
    assert_eq!(read("2026-11-20", "2026-11-24"), [Ending::OnDisk]);
    assert_eq!(read("2026-11-20", "2026-11-25"), [Ending::OnDisk]);
    // The day goes on: the statement has what is on disk.
    assert_eq!(read("2026-11-20", "2026-11-26"), []);
}
