use super::*;
use crate::store::{Reader, SqliteStore, WatchedStore};
use crate::testing::{TestStore, store_of};

const FIRST: Migration = Migration {
    number: 1,
    name: "a table",
    statements: &["CREATE TABLE a (x INTEGER) STRICT"],
};
const SECOND: Migration = Migration {
    number: 2,
    name: "another",
    statements: &[
        "CREATE TABLE b (x INTEGER) STRICT",
        "INSERT INTO b VALUES (1)",
    ],
};

#[test]
fn each_step_is_applied_once_and_in_order() {
    let store = WatchedStore::new(SqliteStore::in_memory().unwrap());
    assert_eq!(migrate(&store, &[FIRST]), Ok(1));
    assert_eq!(migrate(&store, &[FIRST, SECOND]), Ok(1));
    assert!(!store.take_endings().is_empty());
    assert_eq!(migrate(&store, &[FIRST, SECOND]), Ok(0));
    assert_eq!(store.take_endings(), [], "it has them all");
    assert_eq!(store.count("b"), 1);
}

#[test]
fn a_store_of_other_steps_is_refused_and_not_changed() {
    let store = store_of(&[FIRST]);
    let refusal = |steps: &[Migration]| migrate(&store, steps).unwrap_err().to_string();
    let other = Migration {
        statements: &["CREATE TABLE a (y INTEGER) STRICT"],
        ..FIRST
    };
    assert!(refusal(&[other, SECOND]).contains("migration 1 has other statements"));
    assert!(store.query("SELECT x FROM b", &[]).is_err());
    migrate(&store, &[FIRST, SECOND]).unwrap();
    assert!(refusal(&[FIRST]).contains("run a newer component"));
    store.execute("ALTER TABLE schema_migration DROP COLUMN digest");
    assert!(refusal(&[FIRST]).contains("has no digest"));
}

#[test]
fn a_step_that_fails_leaves_nothing_of_itself() {
    let store = SqliteStore::in_memory().unwrap();
    let broken = Migration {
        statements: &["CREATE TABLE b (x INTEGER) STRICT", "nonsense"],
        ..SECOND
    };
    assert!(migrate(&store, &[FIRST, broken]).is_err());
    assert_eq!(migrate(&store, &[FIRST, SECOND]), Ok(1));
}
