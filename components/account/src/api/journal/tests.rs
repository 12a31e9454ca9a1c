//! Goal: SQLite finds a past page without a scan of the journal or the entries.
//! Method: the plans of the queries. `api::tests::books` tests the pages.

use super::*;
use crate::tests::kit;
use strongroom_sdk::store::Reader;

#[test]
fn a_page_is_found_by_keys_alone() {
    let store = kit::store();
    for (sql, params) in [(AFTER, 2), (ENTRIES, 2), (HASH_AT, 1)] {
        let params = vec![Value::from(1_i64); params];
        let plan = store.query(&format!("EXPLAIN QUERY PLAN {sql}"), &params);
        let plan = plan.unwrap().into_iter();
        let steps: Vec<_> = plan.map(|row| row.text(3).unwrap()).collect();
        let scan = steps.iter().find(|step| step.starts_with("SCAN"));
        assert_eq!(scan, None, "{steps:?}");
    }
}
