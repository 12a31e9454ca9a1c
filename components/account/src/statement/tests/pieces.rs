//! A statement of any length takes the memory of one piece, and only short queries.

use super::*;
use crate::statement::line::{PAGE, PAGE_ENTRIES};
use crate::statement::summary::{MARK, SPAN, SUMS};
use crate::tests::kit::NotingStore;
use strongroom_sdk::store::StoreError;

/// More entries than one piece has, in each format.
const ENTRIES: usize = 2_345;

fn long_scene() -> Scene {
    let scene = Scene::new();
    scene.deposit(ENTRIES as i64);
    for _ in 1..ENTRIES {
        scene.send(1, "one of many");
    }
    scene
}

fn body(scene: &Scene, store: &NotingStore, format: Format) -> Body<NotingStore> {
    let summary = Summary::read(store, &scene.clock, scene.account(), whole()).unwrap();
    Body::new(store.clone(), summary, format).unwrap()
}

#[test]
fn a_long_statement_is_whole_and_no_part_of_it_is_long() {
    let scene = long_scene();
    let store = NotingStore::new(scene.store.clone());
    let lines = scene.lines();
    for format in Format::ALL {
        let pieces: Vec<_> = body(&scene, &store, format).map(Result::unwrap).collect();
        let longest = pieces.iter().map(Vec::len).max().unwrap();
        assert!(pieces.len() > 1, "{format:?}");
        // No entry of this test has more than 2,000 bytes.
        let longest_max = 256 * 1024 + PAGE_ENTRIES as usize * 2_000;
        assert!(longest < longest_max, "{longest}");
        let text = String::from_utf8(pieces.concat()).unwrap();
        let read = read::read(format, &text, scene.own.currency);
        assert_eq!(read.lines, read::said_by(format, &lines));
    }
    assert_eq!(store.rows_max.get(), PAGE_ENTRIES as usize);
}

#[test]
fn pieces_are_made_when_they_are_asked_for() {
    let scene = long_scene();
    let store = NotingStore::new(scene.store.clone());
    let mut body = body(&scene, &store, Format::Camt053);
    let before = store.queries.get();
    body.next().unwrap().unwrap();
    let after_one = store.queries.get();
    assert!(after_one > before);
    assert!((after_one - before) * (PAGE_ENTRIES as usize) < ENTRIES);
    body.next().unwrap().unwrap();
    assert!(store.queries.get() > after_one);
}

#[test]
fn a_statement_that_ends_with_a_page_ends_once() {
    let scene = Scene::new();
    for _ in 0..2 * PAGE_ENTRIES {
        scene.deposit(1);
    }
    scene.assert_whole();
}

#[test]
fn a_busy_store_is_asked_again_but_not_without_end() {
    let scene = long_scene();
    let store = NotingStore::new(scene.store.clone());
    let [mut good, mut broken] = [(); 2].map(|()| body(&scene, &store, Format::Csv));
    store.busy.set(4);
    assert!(good.next().unwrap().is_ok());
    store.busy.set(5);
    let busy = StatementError::Store(StoreError::Busy);
    assert_eq!(broken.next(), Some(Err(busy)));
    assert_eq!(broken.next(), None);
}

#[test]
fn no_query_reads_more_than_its_result() {
    let scene = long_scene();
    for (sql, params, searches) in [(SPAN, 2, 3), (MARK, 2, 1), (SUMS, 4, 1), (PAGE, 4, 3)] {
        let steps = kit::plan(&scene.store, sql, params);
        let count = |word| steps.iter().filter(|step| step.contains(word)).count();
        assert_eq!(count("SEARCH"), searches, "{steps:?}");
        assert_eq!(count("TEMP B-TREE"), 0, "{steps:?}");
        // Only the result of the inner query is scanned.
        assert!(count("SCAN") <= usize::from(sql == SUMS), "{steps:?}");
    }
}
