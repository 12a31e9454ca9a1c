//! A webhook, as it is stored.

use super::Secret;
use strongroom_sdk::store::{Row, StoreError};
use uuid::Uuid;

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its place among all webhooks. The store chooses it.
    pub key: i64,
    /// Its id in the API.
    pub id: Uuid,
    /// The URL to which events are sent.
    pub url: String,
    /// The key of the signatures.
    pub secret: Secret,
    /// The types of the events that it gets; none for all.
    pub events: Option<Vec<String>>,
    /// The administrator who created it.
    pub created_by: Uuid,
    /// When they created it, in milliseconds since 1970 UTC.
    pub created_at_ms: i64,
    /// The last sequence of the journal that it has passed.
    pub cursor: u64,
    /// When its receiver returned 410, if it did: then nothing more is sent.
    pub ended_at_ms: Option<i64>,
    /// Whether an administrator has deleted it: then nothing more is sent.
    pub is_deleted: bool,
}

/// The columns that [`Webhook::from_row`] reads.
pub(crate) const COLUMNS: &str = "\
key, id, url, secret, events, created_by, created_at_ms, cursor, ended_at_ms, deleted_at_ms";

impl Webhook {
    pub(crate) fn from_row(row: &Row) -> Result<Self, StoreError> {
        let events = row.optional(4, Row::text)?;
        let events = events.map(|text| serde_json::from_str(&text)).transpose();
        Ok(Self {
            key: row.integer(0)?,
            id: row.uuid(1)?,
            url: row.text(2)?,
            secret: Secret::new(row.blob(3)?),
            events: events.map_err(|error| StoreError::Row(format!("events: {error}")))?,
            created_by: row.uuid(5)?,
            created_at_ms: row.integer(6)?,
            cursor: row.integer(7)?.unsigned_abs(),
            ended_at_ms: row.optional(8, Row::integer)?,
            is_deleted: !row.is_null(9)?,
        })
    }

    /// Whether events are sent to it.
    pub fn is_active(&self) -> bool {
        self.ended_at_ms.is_none() && !self.is_deleted
    }

    /// Whether it gets events of this type.
    pub fn wants(&self, event_type: &str) -> bool {
        self.events
            .as_ref()
            .is_none_or(|events| events.iter().any(|wanted| wanted == event_type))
    }

    /// What it is, without its secret, as JSON. The audit log has this value.
    pub fn facts(&self) -> String {
        serde_json::json!({
            "url": self.url,
            "events": self.events,
            "created_by": self.created_by,
            "created_at_ms": self.created_at_ms,
        })
        .to_string()
    }
}
