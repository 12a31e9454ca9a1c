use super::*;
use crate::schema::MIGRATIONS;
use strongroom_sdk::store::{SqliteStore, migrate};

#[test]
fn one_account_s_trail_is_read_without_that_of_others() {
    let store = SqliteStore::in_memory().unwrap();
    migrate(&store, MIGRATIONS).unwrap();
    let sql = format!("EXPLAIN QUERY PLAN SELECT {EVENT_COLUMNS} {OF_ACCOUNT}");
    let params = [Value::from(1_i64), Value::from(9_i64), Value::from(9_i64)];
    let plan = store.query(&sql, &params).unwrap();
    let steps: Vec<_> = plan.into_iter().map(|row| row.text(3).unwrap()).collect();
    assert!(
        steps
            .iter()
            .any(|step| step.contains("account_event_by_account"))
            && steps.iter().all(|step| step.starts_with("SEARCH")),
        "{steps:?}"
    );
}
