//! SQLite finds a past page without a scan; `api::tests::books` tests the pages themselves.

use super::*;
use crate::tests::kit;

#[test]
fn a_page_is_found_by_keys_alone() {
    let store = kit::store();
    let entries = format!("SELECT {ENTRY_COLUMNS} {ENTRIES}");
    for (sql, params) in [(AFTER, 2), (&*entries, 2), (HASH_AT, 1)] {
        let steps = kit::plan(&store, sql, params);
        let scan = steps.iter().find(|step| step.starts_with("SCAN"));
        assert_eq!(scan, None, "{steps:?}");
    }
}
