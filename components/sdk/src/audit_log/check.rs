//! The invariants: the hash chain of the log verifies, and each target is as the log says.

use super::read::ROWS_AT_ONCE;
use super::record::{COLUMNS, Event, HASH_COLUMN, HEAD};
use crate::audit::{ChainWalk, Check, PAGE_ROWS, Pages, Report};
use crate::store::{Row, Store, StoreError, Value};
use std::borrow::Cow;
use uuid::Uuid;

const BY_TARGET: &str = "\
SELECT target, sequence, action, new_value FROM audit_log
WHERE (target, sequence) > (?1, ?2) ORDER BY target, sequence LIMIT ?3";

/// Checks the log up to its head.
///
/// # Errors
/// [`StoreError`] where the store fails, or a place or a hash has another type.
pub fn check_chain<S: Store>(store: &S, report: &mut Report) -> Result<(), StoreError> {
    let mut chain = ChainWalk::new(
        "the audit log has no gaps, and its hash chain verifies up to its head",
        "audit event",
    );
    let sql =
        format!("SELECT {COLUMNS} FROM audit_log WHERE sequence > ?1 ORDER BY sequence LIMIT ?2");
    for row in Pages::new(store, sql, [Value::from(i64::MIN)], ROWS_AT_ONCE) {
        let row = row?;
        chain.step(row.integer(0)?, row.bytes32(HASH_COLUMN)?, |previous| {
            Event::from_row(&row).map(|event| event.record.hash(previous, event.sequence))
        });
    }
    chain.finish(store.query(HEAD, &[])?.first().as_ref(), report)
}

/// One change of a target.
#[derive(Debug)]
pub struct Step {
    /// As [`Record::action`](super::Record::action).
    pub action: String,
    /// As [`Record::new_value`](super::Record::new_value).
    pub new_value: Option<String>,
}

/// Compares each row of a service's own table with its events, and finds events of missing targets.
///
/// `rows` reads the table in the order of its ids, for [`Pages`]. `is_made_by` says whether a row
/// is the result of its steps, gathered in an `H`: a list, or less where a user can make any number
/// of changes. `name` is the name of the check, and `kind` the word for a row.
///
/// # Errors
/// [`StoreError`] where the store fails, or an id, an action, or a value has another type. A row
/// that `is_made_by` cannot read is a violation.
pub fn check_targets<S: Store, H: Default + Extend<Step>>(
    store: &S,
    name: &'static str,
    kind: &str,
    rows: impl Into<Cow<'static, str>>,
    is_made_by: impl Fn(&Row, H) -> Result<bool, StoreError>,
) -> Result<Check, StoreError> {
    let mut check = Check::new(name);
    let first = Value::from(Vec::new());
    let places = [first.clone(), Value::from(i64::MIN)];
    let mut events = Pages::new(store, BY_TARGET, places, PAGE_ROWS);
    for row in Pages::new(store, rows, [first], PAGE_ROWS) {
        let row = row?;
        let id = row.uuid(0)?;
        let steps = steps_of(Some(id), &mut events, kind, &mut check)?;
        check.examine();
        match is_made_by(&row, steps) {
            Ok(is_so) => check.require(is_so, || {
                format!("{kind} {id}: is not what the audit log made of it")
            }),
            Err(error) => check.violation(format!("{kind} {id}: {error}")),
        }
    }
    steps_of::<S, H>(None, &mut events, kind, &mut check)?;
    Ok(check)
}

/// The steps of `target`. The events of smaller ids have no target, and neither have the remaining
/// events after the last target.
fn steps_of<S: Store, H: Default + Extend<Step>>(
    target: Option<Uuid>,
    events: &mut Pages<'_, S>,
    kind: &str,
    check: &mut Check,
) -> Result<H, StoreError> {
    let mut steps = H::default();
    while let Some(event) = events.peek()? {
        let (id, sequence) = (event.uuid(0)?, event.integer(1)?);
        if target.is_some_and(|target| id > target) {
            break;
        }
        if target == Some(id) {
            let (action, new_value) = (event.text(2)?, event.optional(3, Row::text)?);
            steps.extend([Step { action, new_value }]);
        } else {
            check.violation(format!("audit event {sequence}: there is no {kind} {id}"));
        }
        events.next().transpose()?;
    }
    Ok(steps)
}
