//! The log as auditors read it: newest first, or onward from a place.

use super::record::{COLUMNS, Event};
use crate::clock::format_rfc3339;
use crate::onward::{Onward, OnwardList};
use crate::openapi::{HashText, Timestamp, id};
use crate::page::{List, Page};
use crate::store::{Store, StoreError, Value};
use serde::ser::{Serialize, SerializeMap, Serializer};
use utoipa::PartialSchema as _;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, ObjectBuilder, OneOfBuilder, Schema, Type};
use uuid::Uuid;

const NEWEST: &str = "FROM audit_log WHERE sequence {beyond} ?1 ORDER BY sequence {order} LIMIT ?2";

pub(super) const NEWEST_OF_TARGET: &str = "\
FROM audit_log WHERE sequence {beyond} ?1 AND target = ?3 ORDER BY sequence {order} LIMIT ?2";

const HEAD: &str = "SELECT coalesce(max(sequence), 0) FROM audit_log";

/// The rows of one query. With the longest values, the metadata of an object before and after, they
/// stay well below the host's limit of a result.
pub(super) const ROWS_AT_ONCE: usize = 250;

/// The bytes of values after which a page of the feed ends early.
const VALUE_BYTES_FULL: usize = 1 << 20;

const ONWARD: &str = "FROM audit_log WHERE sequence > ?1 ORDER BY sequence LIMIT ?2";

/// A page of events, newest first: of `target`, or all.
///
/// # Errors
/// [`StoreError`].
pub fn page<S: Store, F>(
    store: &S,
    page: &Page<i64, F>,
    target: Option<Uuid>,
) -> Result<List<Event>, StoreError> {
    let tail = target.map_or(NEWEST, |_| NEWEST_OF_TARGET);
    let window = page.window();
    let mut events = Events::new(store, &window.sql(tail), window.key(), target);
    let events = events.take(window.fetch, |_| false)?;
    Ok(List::new(events, page, |event| event.sequence))
}

/// The events after `sequence`, oldest first, at most `limit`.
///
/// # Errors
/// [`StoreError`].
pub fn after<S: Store>(store: &S, sequence: i64, limit: i64) -> Result<Vec<Event>, StoreError> {
    Events::new(store, ONWARD, sequence.into(), None).take(limit, |_| false)
}

/// The sequence of the last event; 0 where there is none.
///
/// # Errors
/// [`StoreError`].
pub fn head<S: Store>(store: &S) -> Result<u64, StoreError> {
    Ok(store.query(HEAD, &[])?.number()?.unsigned_abs())
}

/// A page of the feed of all events, oldest first, as `view` shows each. It is short where the
/// values are long.
///
/// # Errors
/// [`StoreError`].
pub fn feed<S: Store>(
    store: &S,
    page: &Onward,
    view: impl FnMut(Event) -> EventView,
) -> Result<OnwardList<EventView>, StoreError> {
    let mut bytes = 0;
    let mut is_full = false;
    let events =
        Events::new(store, ONWARD, page.after.into(), None).take(page.fetch(), |event| {
            let values = [&event.record.old_value, &event.record.new_value];
            bytes += values.into_iter().flatten().map(String::len).sum::<usize>();
            is_full = bytes > VALUE_BYTES_FULL;
            is_full
        })?;
    let limit = match is_full {
        // The last one shows that there are more.
        true => page.limit.min(events.len() - 1),
        false => page.limit,
    };
    let page = Onward { limit, ..*page };
    Ok(page.list(events, |event| event.sequence, view))
}

/// Reads the log in several queries. It only grows, so several snapshots are as good as one.
struct Events<'a, S> {
    store: &'a S,
    sql: String,
    place: Value,
    target: Option<Uuid>,
}

impl<'a, S: Store> Events<'a, S> {
    fn new(store: &'a S, tail: &str, place: Value, target: Option<Uuid>) -> Self {
        let sql = format!("SELECT {COLUMNS} {tail}");
        Self {
            store,
            sql,
            place,
            target,
        }
    }

    /// The next events, at most `limit`, and none behind one that is the last.
    fn take(
        &mut self,
        limit: i64,
        mut is_last: impl FnMut(&Event) -> bool,
    ) -> Result<Vec<Event>, StoreError> {
        let mut events = Vec::new();
        let mut missing = limit;
        while missing > 0 {
            let wanted = missing.min(ROWS_AT_ONCE as i64);
            let mut params = vec![self.place.clone(), wanted.into()];
            params.extend(self.target.map(Value::from));
            let rows = self.store.query(&self.sql, &params)?.rows;
            missing = if rows.len() as i64 == wanted {
                missing - wanted
            } else {
                0
            };
            for row in rows {
                let event = Event::from_row(&row)?;
                self.place = event.sequence.into();
                let ends = is_last(&event);
                events.push(event);
                if ends {
                    return Ok(events);
                }
            }
        }
        Ok(events)
    }
}

/// An event as JSON: everything that its hash covers, and the hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventView {
    event: Event,
    target: &'static str,
}

/// The schema of an [`EventView`] whose `target` is this member.
pub fn event_schema(target: &str) -> Object {
    let optional = |schema: RefOr<Schema>| {
        OneOfBuilder::new()
            .item(schema)
            .item(Object::with_type(Type::Null))
    };
    let text = String::schema;
    let members: [(&str, RefOr<Schema>); 11] = [
        ("sequence", u64::schema()),
        (target, id().into()),
        ("action", text()),
        ("actor_id", id().into()),
        ("actor_role", text()),
        ("on_behalf_of", optional(id().into()).into()),
        ("request_id", optional(text()).into()),
        ("old_value", optional(text()).into()),
        ("new_value", optional(text()).into()),
        ("created_at", Timestamp::schema()),
        ("hash", HashText::schema()),
    ];
    let event = ObjectBuilder::new().description(Some("What staff did, and to what."));
    let add = |event: ObjectBuilder, (name, schema)| event.property(name, schema).required(name);
    members.into_iter().fold(event, add).build()
}

/// Declares the schema of a service's events, by the member with the id of their target.
///
/// ```
/// strongroom_sdk::event_schema!(AccountEvent, "account_id");
/// ```
#[macro_export]
macro_rules! event_schema {
    ($name:ident, $target:literal) => {
        /// The schema of the service's events.
        #[derive(Debug)]
        pub enum $name {}

        $crate::schema!($name, $crate::audit_log::event_schema($target));
    };
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
