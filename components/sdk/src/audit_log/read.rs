//! The log as auditors read it: newest first, or onward from a place.

use super::record::{COLUMNS, Event};
use crate::clock::format_rfc3339;
use crate::page::{List, Page};
use crate::store::{Store, StoreError, Value};
use serde::ser::{Serialize, SerializeMap, Serializer};
use uuid::Uuid;

const NEWEST: &str = "FROM audit_log WHERE sequence < ?1 ORDER BY sequence DESC LIMIT ?2";

pub(super) const NEWEST_OF_TARGET: &str = "\
FROM audit_log WHERE sequence < ?1 AND target = ?3 ORDER BY sequence DESC LIMIT ?2";

const ONWARD: &str = "FROM audit_log WHERE sequence > ?1 ORDER BY sequence LIMIT ?2";

/// A page of events, newest first: of `target`, or all.
///
/// # Errors
/// [`StoreError`].
pub fn page<S: Store, F>(
    store: &S,
    page: &Page<u64, F>,
    target: Option<Uuid>,
) -> Result<List<Event>, StoreError> {
    let mut params = vec![page.before().into(), page.fetch().into()];
    params.extend(target.map(Value::from));
    let tail = target.map_or(NEWEST, |_| NEWEST_OF_TARGET);
    let events = read(store, tail, &params)?;
    Ok(List::new(events, page, |event| {
        event.sequence.unsigned_abs()
    }))
}

/// The events after `sequence`, oldest first, at most `limit`.
///
/// # Errors
/// [`StoreError`].
pub fn after<S: Store>(store: &S, sequence: i64, limit: i64) -> Result<Vec<Event>, StoreError> {
    read(store, ONWARD, &[sequence.into(), limit.into()])
}

fn read<S: Store>(store: &S, tail: &str, params: &[Value]) -> Result<Vec<Event>, StoreError> {
    let rows = store.query(&format!("SELECT {COLUMNS} {tail}"), params)?;
    rows.into_iter().map(|row| Event::from_row(&row)).collect()
}

/// An event as JSON: everything that its hash covers, and the hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventView {
    event: Event,
    target: &'static str,
}

impl Event {
    /// The event as JSON. `target` is the member with the id of its target, such as `account_id`.
    pub fn view(self, target: &'static str) -> EventView {
        EventView {
            event: self,
            target,
        }
    }
}

impl Serialize for EventView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let record = &self.event.record;
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("sequence", &self.event.sequence)?;
        object.serialize_entry(self.target, &record.target)?;
        object.serialize_entry("action", &record.action)?;
        object.serialize_entry("actor_id", &record.actor.id)?;
        object.serialize_entry("actor_role", &record.actor.role)?;
        object.serialize_entry("on_behalf_of", &record.actor.on_behalf_of)?;
        object.serialize_entry("request_id", &record.actor.request_id)?;
        object.serialize_entry("old_value", &record.old_value)?;
        object.serialize_entry("new_value", &record.new_value)?;
        object.serialize_entry("created_at", &format_rfc3339(record.at_ms))?;
        object.serialize_entry("hash", &hex::encode(self.event.hash))?;
        object.end()
    }
}
