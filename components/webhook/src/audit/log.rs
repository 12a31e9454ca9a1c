//! Each webhook is what the audit log made of it.

use crate::api::{CREATED, DELETED};
use crate::webhook::{COLUMNS, Webhook};
use strongroom_sdk::audit::{Check, PAGE_ROWS, Pages};
use strongroom_sdk::store::{Store, StoreError, Value};

/// How often the log says that a webhook was created, how often as what it is, and how often that
/// it was deleted.
const RECORDS: &str = "\
SELECT count(*) FILTER (WHERE action = ?2), count(*) FILTER (WHERE action = ?2 AND new_value = ?3),
    count(*) FILTER (WHERE action = ?4)
FROM audit_log WHERE target = ?1";

/// Those that the log knows, and that are not there.
const MISSING: &str = "\
SELECT DISTINCT target FROM audit_log WHERE target NOT IN (SELECT id FROM webhook) LIMIT 20";

pub(super) fn check<S: Store>(store: &S) -> Result<Check, StoreError> {
    let mut check = Check::new("every webhook is what the audit log made of it");
    let sql = format!("SELECT {COLUMNS} FROM webhook WHERE key > ?1 ORDER BY key LIMIT ?2");
    for row in Pages::new(store, sql, [Value::from(i64::MIN)], PAGE_ROWS) {
        let row = row?;
        check.examine();
        let webhook = match Webhook::from_row(&row) {
            Ok(webhook) => webhook,
            Err(error) => {
                let key = row.integer(0)?;
                check.require(false, || format!("webhook {key}: {error}"));
                continue;
            }
        };
        let params = [
            webhook.id.into(),
            CREATED.into(),
            webhook.facts().into(),
            DELETED.into(),
        ];
        let records = store.query(RECORDS, &params)?.first();
        let expected = [1, 1, i64::from(webhook.is_deleted)].map(Value::from);
        check.require(records.is_some_and(|row| row.0 == expected), || {
            format!(
                "webhook {} ({}): is not what the audit log made of it",
                webhook.key, webhook.id
            )
        });
    }
    for row in store.query(MISSING, &[])? {
        let id = row.uuid(0)?;
        check.require(false, || {
            format!("webhook ({id}): is in the audit log, and is not there")
        });
    }
    Ok(check)
}
