//! Goal: the log has every change, only grows, and an audit finds each change of its file.

use super::read::NEWEST_OF_TARGET;
use super::record::COLUMNS;
use super::*;
use crate::audit::Report;
use crate::onward::{OnwardList, OnwardQuery};
use crate::page::Page;
use crate::rows;
use crate::store::{SqliteStore, Store, StoreError, Transaction, drop_guards};
use crate::testing::{self, TestStore, violations};
use sha2::{Digest, Sha256};
use uuid::Uuid;

const TARGETS: [Uuid; 2] = [Uuid::from_u128(0xA), Uuid::from_u128(0xB)];

/// The record at a place: of one target or the other, by a teller or by the bank.
fn record(sequence: i64) -> Record {
    let is_odd = sequence % 2 == 1;
    let teller = Actor {
        id: Uuid::from_u128(0x7),
        role: "teller".into(),
        on_behalf_of: Some(Uuid::from_u128(0xC)),
        request_id: Some("request-7".to_owned()),
    };
    Record {
        at_ms: 1_800_000_000_000 + sequence,
        actor: if is_odd { teller } else { Actor::BANK },
        action: "frozen".into(),
        target: TARGETS[usize::from(!is_odd)],
        old_value: is_odd.then(|| "open".to_owned()),
        new_value: Some(format!("caf\u{e9} {sequence}")),
    }
}

fn store_of(records: i64) -> SqliteStore {
    let store = testing::store_of(&[migration(1)]);
    let transaction = store.begin().unwrap();
    for sequence in 1..=records {
        record(sequence).append(&transaction).unwrap();
    }
    transaction.commit().unwrap();
    store
}

fn checked(store: &SqliteStore) -> Result<Report, StoreError> {
    let mut report = Report::default();
    check_chain(store, &mut report).map(|()| report)
}

fn sequences(store: &SqliteStore, query: &str, target: Option<Uuid>) -> Vec<i64> {
    let list = page(store, &Page::<i64>::from_query("/", query).unwrap(), target).unwrap();
    list.data.iter().map(|event| event.sequence).collect()
}

fn fed(store: &SqliteStore, after: u64, limit: u64) -> OnwardList<EventView> {
    let query = OnwardQuery {
        after_sequence: Some(after),
        limit: Some(limit),
    };
    let view = |event: Event| event.view("account_id");
    feed(store, &query.page().unwrap(), view).unwrap()
}

#[test]
fn an_event_is_the_record_in_its_place() {
    let events = after(&store_of(7), 2, 4).unwrap();
    let expected: Vec<_> = (3..=6).map(|place| (place, record(place))).collect();
    let found = events.into_iter();
    let found = found.map(|event| (event.sequence, event.record));
    assert_eq!(found.collect::<Vec<_>>(), expected);
}

#[test]
fn pages_are_newest_first_of_all_or_of_one_target() {
    let store = store_of(7);
    assert_eq!(sequences(&store, "limit=3", None), [7, 6, 5]);
    let [odd, even] = TARGETS.map(Some);
    assert_eq!(sequences(&store, "", odd), [7, 5, 3, 1]);
    assert_eq!(sequences(&store, "", even), [6, 4, 2]);
    assert!(sequences(&store, "", Some(Uuid::nil())).is_empty());
    let page = Page::<i64>::from_query("/", "limit=2").unwrap();
    let list = super::page(&store, &page, odd).unwrap();
    let next = format!("cursor={}", list.next_cursor.unwrap());
    assert_eq!(sequences(&store, &next, odd), [3, 1]);
}

/// The host returns at most 4 MiB at once, and an event's values may have 8 KiB.
#[test]
fn long_events_are_read_in_pieces_and_a_page_of_the_feed_may_be_short() {
    let store = store_of(0);
    let transaction = store.begin().unwrap();
    for sequence in 1..=600 {
        let mut long = record(sequence);
        long.new_value = Some("x".repeat(8_192));
        long.append(&transaction).unwrap();
    }
    transaction.commit().unwrap();
    let newest: Vec<i64> = (101..=600).rev().collect();
    assert_eq!(sequences(&store, "limit=500", None), newest);
    let (mut pages, mut found, mut has_more) = (0, 0, true);
    while has_more {
        let list = fed(&store, found, 1_000);
        let page = list.data.len() as u64;
        assert_eq!(list.next_after_sequence, found + page);
        (pages, found, has_more) = (pages + 1, found + page, list.has_more);
    }
    assert_eq!((pages, found), (5, 600));
    assert_eq!(violations(checked(&store)), [""; 0]);
}

#[test]
fn a_page_of_the_feed_has_at_most_its_limit() {
    let store = store_of(7);
    for (limit, more) in [(3, true), (6, true), (7, false), (8, false)] {
        let list = fed(&store, 0, limit);
        let page = (list.data.len() as u64, list.has_more);
        assert_eq!(page, (limit.min(7), more));
    }
}

#[test]
fn one_target_s_events_are_read_without_those_of_others() {
    let store = store_of(0);
    let first = Page::<i64>::from_query("/", "").unwrap().window();
    let of_target = first.sql(NEWEST_OF_TARGET);
    let steps = store.plan(&format!("SELECT {COLUMNS} {of_target}"), 3);
    let is_search = |step: &String| step.starts_with("SEARCH") && step.contains("by_target");
    assert!(steps.len() == 1 && steps.iter().all(is_search), "{steps:?}");
}

/// The encoding of `docs/audit-the-books.md`, written by hand.
#[test]
fn a_hash_is_of_these_bytes() {
    let events = after(&store_of(2), 0, 2).unwrap();
    let text = |text: &str| {
        let length = u32::try_from(text.len()).unwrap().to_be_bytes();
        [[1].as_slice(), &length, text.as_bytes()].concat()
    };
    let first = rows! {
        [0_u8; 32].as_slice(), b"SRU1", &1_u64.to_be_bytes(),
        &1_800_000_000_001_i64.to_be_bytes(), Uuid::from_u128(0x7).as_bytes(), &text("teller"),
        &[1], Uuid::from_u128(0xC).as_bytes(), &text("frozen"), TARGETS[0].as_bytes(),
        &text("open"), &text("caf\u{e9} 1"), &text("request-7"),
    }
    .concat();
    let second = rows! {
        &events[0].hash[..], b"SRU1", &2_u64.to_be_bytes(),
        &1_800_000_000_002_i64.to_be_bytes(), Uuid::nil().as_bytes(), &text("bank"),
        &[0], &text("frozen"), TARGETS[1].as_bytes(),
        &[0], &text("caf\u{e9} 2"), &[0],
    }
    .concat();
    for (event, bytes) in events.iter().zip([first, second]) {
        assert_eq!(event.hash[..], Sha256::digest(bytes)[..]);
    }
}

#[test]
fn the_log_only_grows_and_only_behind_its_head() {
    let store = store_of(2);
    let transaction = store.begin().unwrap();
    let changed = "UPDATE audit_log SET actor_role = 'x'";
    for change in [changed, "DELETE FROM audit_log"] {
        let refused = transaction.execute(change, &[]).unwrap_err();
        assert!(matches!(refused, StoreError::Constraint(_)), "{change}");
    }
    transaction.execute("DELETE FROM audit_head", &[]).unwrap();
    let refused = record(3).append(&transaction);
    assert!(matches!(refused, Err(StoreError::Row(_))), "{refused:?}");
}

/// What the check of the chain finds after a change of the file, past triggers and constraints.
fn found_after(change: &str) -> String {
    let store = store_of(4);
    drop_guards(&store).unwrap();
    assert_ne!(store.execute(change), 0, "{change}");
    match checked(&store) {
        Err(error) => error.to_string(),
        report => violations(report).join("\n"),
    }
}

#[test]
fn an_honest_log_verifies_up_to_its_head() {
    for records in [0, 1, 4] {
        let report = checked(&store_of(records)).unwrap();
        assert_eq!(report.violations().next(), None);
        assert_eq!(report.checks[0].examined, records.unsigned_abs());
        assert_eq!(report.totals[0].name, "the last audit event, and its hash");
        let value = &report.totals[0].value;
        assert!(value.starts_with(&format!("{records}, ")), "{value}");
    }
}

#[test]
fn each_change_of_the_log_is_found_and_named() {
    const IS_NOT: &str = "audit event 2: it is not what its hash was made of";
    for change in rows! {
        "at_ms = 1", "actor = randomblob(16)", "actor_role = 'admin'",
        "on_behalf_of = randomblob(16)", "action = 'closed'", "target = zeroblob(16)",
        "old_value = ''", "new_value = NULL", "request_id = ''", "hash = zeroblob(32)",
    } {
        let found = found_after(&format!("UPDATE audit_log SET {change} WHERE sequence = 2"));
        assert!(found.contains(IS_NOT), "{change}: {found}");
    }
    const ONE_MORE: &str =
        "INSERT INTO audit_log SELECT 5, at_ms, actor, actor_role, on_behalf_of, action, target,
        old_value, new_value, request_id, hash FROM audit_log WHERE sequence = 4";
    for (change, words) in rows! {
        ("UPDATE audit_log SET hash = zeroblob(31) WHERE sequence = 2", "not 32"),
        ("UPDATE audit_log SET target = zeroblob(9) WHERE sequence = 2", "event 2: row: "),
        ("UPDATE audit_log SET sequence = 9 WHERE sequence = 2", "event 3: follows 1, so"),
        ("UPDATE audit_log SET sequence = 0 WHERE sequence = 1", "event 0: follows 0, so"),
        ("DELETE FROM audit_log WHERE sequence = 2", "event 3: follows 1, so some are"),
        ("DELETE FROM audit_log WHERE sequence = 4", "ends at audit event 3, and its"),
        ("DELETE FROM audit_log", "ends at audit event 0, and its head says 4"),
        (ONE_MORE, "event 5: it is not what its hash was made of"),
        ("UPDATE audit_head SET sequence = 3", "its head says 3, or another hash"),
        ("UPDATE audit_head SET hash = zeroblob(32)", "its head says 4, or another hash"),
        ("DELETE FROM audit_head", "the chain has no head"),
    } {
        let found = found_after(change);
        assert!(found.contains(words), "{change}: {found}");
    }
}
