//! A delivery, as it is stored.

use strongroom_sdk::store::{Row, StoreError};
use strongroom_sdk::stored_enum;

stored_enum! {
    /// What became of a delivery.
    pub enum DeliveryState {
        /// It is sent when its next attempt is due.
        Pending = "pending";
        /// The receiver returned 2xx.
        Delivered = "delivered";
        /// It is not sent any more, unless an administrator requests it.
        Dead = "dead";
    }
}

/// One event for one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The key of its webhook.
    pub webhook_key: i64,
    /// The event's place in the journal.
    pub sequence: u64,
    /// The event's type, such as `transfer.posted`.
    pub event_type: String,
    /// What became of it.
    pub state: DeliveryState,
    /// How often it was sent since `since_ms`.
    pub attempts: u32,
    /// When it is sent next.
    pub next_attempt_at_ms: Option<i64>,
    /// When it was made, or an administrator requested it last. The time for which it is tried
    /// begins then.
    pub since_ms: i64,
    /// The status of the last response.
    pub last_status: Option<i64>,
    /// Why there was no response.
    pub last_error: Option<String>,
    /// When the webhook's cursor passed its event.
    pub created_at_ms: i64,
    /// When the receiver returned 2xx.
    pub delivered_at_ms: Option<i64>,
}

/// The columns that [`Delivery::from_row`] reads.
pub(super) const COLUMNS: &str = "\
webhook_key, sequence, type, state, attempts, next_attempt_at_ms, since_ms, last_status, \
last_error, created_at_ms, delivered_at_ms";

impl Delivery {
    pub(super) fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            webhook_key: row.integer(0)?,
            sequence: row.integer(1)?.unsigned_abs(),
            event_type: row.text(2)?,
            state: DeliveryState::from_row(row, 3)?,
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
