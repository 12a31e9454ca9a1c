//! Goal: SQLite finds a past page without a scan of the journal or the entries.
//! Method: the plans of the queries. `api::tests::books` tests the pages.

use super::*;
use crate::schema::MIGRATIONS;
use strongroom_sdk::store::{SqliteStore, migrate};

#[test]
fn a_page_is_found_by_keys_alone() {
    let store = SqliteStore::in_memory().unwrap();
    migrate(&store, MIGRATIONS).unwrap();
    for (sql, params) in [(AFTER, 2), (ENTRIES, 2), (HASH_AT, 1)] {
        let params = vec![Value::from(1_i64); params];
        let plan = store
            .query(&format!("EXPLAIN QUERY PLAN {sql}"), &params)
            .unwrap();
        let steps: Vec<_> = plan.into_iter().map(|row| row.text(3).unwrap()).collect();
        assert!(
            steps.iter().all(|step| !step.starts_with("SCAN")),
            "{steps:?}"
        );
    }
}
