//! The invariant of the audit log: its hash chain verifies.

use super::chain::{HEAD, hash};
use super::record::{COLUMNS, Event};
use crate::audit::{Check, PAGE_ROWS, Pages, Report, Total};
use crate::hash_chain::GENESIS;
use crate::store::{Store, StoreError, Value};

const CHAIN_TAIL: &str = "FROM audit_chain LEFT JOIN audit_log ON audit_log.id = audit_chain.event
    WHERE audit_chain.sequence > ?1 ORDER BY audit_chain.sequence LIMIT ?2";

const UNCHAINED: &str =
    "SELECT id FROM audit_log WHERE id NOT IN (SELECT event FROM audit_chain) LIMIT 20";

/// Checks the log up to its head; `name` is the check's, and `log` what the total calls it.
///
/// # Errors
/// [`StoreError`] where the store does not answer, or the chain has a column of a type that cannot be.
pub fn check_chain<S: Store>(
    store: &S,
    name: &'static str,
    log: &str,
    report: &mut Report,
) -> Result<(), StoreError> {
    let mut check = Check::new(name);
    let (mut sequence, mut last) = (0, GENESIS);
    let sql = format!("SELECT audit_chain.sequence, audit_chain.hash, {COLUMNS} {CHAIN_TAIL}");
    for row in Pages::new(store, sql, [Value::from(i64::MIN)], PAGE_ROWS) {
        let row = row?;
        let (place, stored) = (row.integer(0)?, row.bytes32(1)?);
        check.examine();
        check.require(place == sequence + 1, || {
            format!("event {place}: follows {sequence}, so some are missing")
        });
        match Event::from_row(&row.behind(2)) {
            Ok(event) => check.require(hash(&last, place, &event) == stored, || {
                format!(
                    "event {place} ({}): it is not what its hash was made of",
                    event.id
                )
            }),
            Err(error) => check.require(false, || format!("event {place}: {error}")),
        }
        (sequence, last) = (place, stored);
    }
    let is_head = match store.query(HEAD, &[])?.first() {
        Some(head) => head.integer(0)? == sequence && head.bytes32(1)? == last,
        None => false,
    };
    check.require(is_head, || {
        format!(
            "the log ends at event {sequence}, and its head says something else, or is not there"
        )
    });
    for row in store.query(UNCHAINED, &[])? {
        let id = row.uuid(0)?;
        check.require(false, || format!("event ({id}): is in no chain"));
    }
    report.checks.push(check);
    report.totals.push(Total {
        name: format!("the {log}'s last event, and its hash"),
        value: format!("{sequence}, {}", hex::encode(last)),
    });
    Ok(())
}
