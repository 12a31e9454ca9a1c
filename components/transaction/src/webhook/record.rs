//! A webhook and its deliveries, as they are stored.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use strongroom_sdk::store::{Row, StoreError};
use uuid::Uuid;

/// What a secret's text begins with.
const PREFIX: &str = "whsec_";

/// The key of a webhook's signatures. It is shown once, to the one who made the webhook, and is in no log.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// A secret of these bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// Reads `whsec_` and base64.
    pub fn parse(text: &str) -> Option<Self> {
        STANDARD.decode(text.strip_prefix(PREFIX)?).ok().map(Self)
    }

    /// The text that [`Secret::parse`] reads.
    pub fn to_text(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// The key.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its place among all.
    pub key: i64,
    /// Derived from the client's idempotency key.
    pub id: Uuid,
    /// Of the request.
    pub fingerprint: [u8; 32],
    /// Where to.
    pub url: String,
    /// What signs.
    pub secret: Secret,
    /// The types of events that it wants; none for all.
    pub events: Option<Vec<String>>,
    /// The administrator who made it.
    pub created_by: Uuid,
    /// When, in milliseconds since 1970 UTC.
    pub created_at_ms: i64,
    /// The place up to which it has passed the journal.
    pub cursor: u64,
    /// Whether it was deleted: then nothing is sent.
    pub is_deleted: bool,
}

/// The columns that [`Webhook::from_row`] reads.
pub(crate) const WEBHOOK_COLUMNS: &str =
    "key, id, fingerprint, url, secret, events, created_by, created_at_ms, cursor, deleted_at_ms";

/// How many these are.
pub(super) const WEBHOOK_COLUMN_COUNT: usize = 10;

impl Webhook {
    pub(crate) fn from_row(row: &Row) -> Result<Self, StoreError> {
        let events = row.optional(5, Row::text)?;
        let events = events.map(|text| serde_json::from_str(&text)).transpose();
        Ok(Self {
            key: row.integer(0)?,
            id: row.uuid(1)?,
            fingerprint: row.bytes32(2)?,
            url: row.text(3)?,
            secret: Secret(row.blob(4)?),
            events: events.map_err(|error| StoreError::Row(format!("events: {error}")))?,
            created_by: row.uuid(6)?,
            created_at_ms: row.integer(7)?,
            cursor: row.integer(8)?.unsigned_abs(),
            is_deleted: !row.is_null(9)?,
        })
    }

    /// Whether it wants events of this type.
    pub fn wants(&self, event_type: &str) -> bool {
        self.events
            .as_ref()
            .is_none_or(|events| events.iter().any(|wanted| wanted == event_type))
    }
}

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// To be sent, for the first time or again.
    Pending,
    /// Answered with 2xx.
    Delivered,
    /// Given up.
    Dead,
}

impl DeliveryState {
    /// The word that the store and clients see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }

    fn from_text(text: &str) -> Result<Self, StoreError> {
        [Self::Pending, Self::Delivered, Self::Dead]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| StoreError::Row(format!("`{text}` is no state of a delivery")))
    }
}

/// One event for one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Of which webhook.
    pub webhook_key: i64,
    /// The event's place in the journal.
    pub sequence: u64,
    /// The event's type.
    pub event_type: String,
    /// How far it is.
    pub state: DeliveryState,
    /// How often it was sent since it was asked for.
    pub attempts: u32,
    /// When it is sent next.
    pub next_attempt_at_ms: Option<i64>,
    /// When it was asked for, first or again: the time for which it is tried begins here.
    pub since_ms: i64,
    /// The status of the latest answer.
    pub last_status: Option<i64>,
    /// Why there was no answer.
    pub last_error: Option<String>,
    /// When the cursor passed it.
    pub created_at_ms: i64,
    /// When it was answered with 2xx.
    pub delivered_at_ms: Option<i64>,
}

/// The columns that [`Delivery::from_row`] reads.
pub(super) const DELIVERY_COLUMNS: &str = "webhook_key, sequence, type, state, attempts, next_attempt_at_ms, since_ms, last_status, \
     last_error, created_at_ms, delivered_at_ms";

impl Delivery {
    pub(super) fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            webhook_key: row.integer(0)?,
            sequence: row.integer(1)?.unsigned_abs(),
            event_type: row.text(2)?,
            state: DeliveryState::from_text(&row.text(3)?)?,
            attempts: u32::try_from(row.integer(4)?).unwrap_or(u32::MAX),
            next_attempt_at_ms: row.optional(5, Row::integer)?,
            since_ms: row.integer(6)?,
            last_status: row.optional(7, Row::integer)?,
            last_error: row.optional(8, Row::text)?,
            created_at_ms: row.integer(9)?,
            delivered_at_ms: row.optional(10, Row::integer)?,
        })
    }
}
