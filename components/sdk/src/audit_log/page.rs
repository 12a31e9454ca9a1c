//! The log as an auditor reads it: newest first, of all or of one target.

use super::record::{COLUMNS, Event};
use crate::page::{List, Page};
use crate::store::{Store, StoreError, Value};
use uuid::Uuid;

/// Newest first, as ids are of version 7, before the event `?1`.
const ALL: &str = "FROM audit_log WHERE id < ?1 ORDER BY id DESC LIMIT ?2";

const OF_TARGET: &str = "FROM audit_log WHERE target = ?3 AND id < ?1 ORDER BY id DESC LIMIT ?2";

/// A page of what was done, newest first; to `target` alone, if there is one.
///
/// # Errors
/// [`StoreError`].
pub fn page<S: Store, F>(
    store: &S,
    page: &Page<Uuid, F>,
    target: Option<Uuid>,
) -> Result<List<Event>, StoreError> {
    let mut params = vec![
        Value::from(page.after.unwrap_or(Uuid::max())),
        Value::from(page.fetch()),
    ];
    let tail = match target {
        None => ALL,
        Some(target) => {
            params.push(target.into());
            OF_TARGET
        }
    };
    let rows = store.query(&format!("SELECT {COLUMNS} {tail}"), &params)?;
    let events = rows
        .into_iter()
        .map(|row| Event::from_row(&row))
        .collect::<Result<_, _>>()?;
    Ok(List::new(events, page, |event: &Event| event.id))
}
