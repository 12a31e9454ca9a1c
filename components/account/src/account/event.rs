//! What was done to accounts other than moving money: the audit trail, with its own hash chain.
//!
//! ```text
//! hash(n) = SHA-256( hash(n-1)  32 bytes, all zero before the first event
//!   "SRE1"                       4 bytes, this encoding
//!   sequence u64, account id 16 bytes, action u8, actor id 16 bytes, actor role text, request id text,
//!   old value: 0x00, or 0x01 and text; new value: likewise; at ms i64 )
//! ```
//! Integers are big-endian; a text is 0x01, its length as u32, and its UTF-8 bytes. An account's row is what its events add up to, so
//! that a change of its owner, number, status, or limit that bypasses this trail is found by the audit.

use super::record::Account;
use sha2::{Digest, Sha256};
use strongroom_sdk::hash_chain::{GENESIS, Hash, push_text};
use strongroom_sdk::store::{Row, StoreError, Transaction, Value};
use strongroom_sdk::stored_enum;
use uuid::Uuid;

const ENCODING: &[u8; 4] = b"SRE1";

stored_enum! {
    /// What was done.
    pub enum Action {
        /// The account was opened; the new value says as what.
        Opened = 1, "opened";
        /// Movements were stopped.
        Frozen = 2, "frozen";
        /// Movements were allowed again.
        Unfrozen = 3, "unfrozen";
        /// The overdraft limit was set, in minor units.
        OverdraftLimitChanged = 4, "overdraft_limit_changed";
        /// The account was closed.
        Closed = 5, "closed";
    }
}

/// Who does something to an account, and in which request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The user, or the nil UUID for the bank itself.
    pub id: Uuid,
    /// The user's role at that time.
    pub role: String,
    /// The `x-request-id` of the request.
    pub request_id: String,
}

/// A new event.
#[derive(Debug)]
pub(crate) struct Event<'a> {
    pub account_key: i64,
    pub account_id: Uuid,
    pub action: Action,
    pub actor: &'a Actor,
    pub old_value: Option<String>,
    pub new_value: String,
    pub at_ms: i64,
}

const HEAD: &str = "SELECT sequence, hash FROM account_event_head WHERE singleton = 1";

const INSERT: &str = "\
INSERT INTO account_event
    (sequence, account_key, action, actor_id, actor_role, request_id, old_value, new_value, at_ms, hash)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";

const MOVE_HEAD: &str = "UPDATE account_event_head SET sequence = ?1, hash = ?2 WHERE singleton = 1 AND sequence = ?1 - 1";

impl Event<'_> {
    /// Appends the event to the trail.
    pub fn record(&self, transaction: &impl Transaction) -> Result<(), StoreError> {
        let head = transaction
            .query(HEAD, &[])?
            .first()
            .ok_or_else(|| StoreError::Row("the account events have no head".to_owned()))?;
        let sequence = head.integer(0)? + 1;
        let previous = head.bytes32(1)?;
        assert!(sequence > 1 || previous == GENESIS);
        let hash = event_hash(
            &previous,
            &EventRow {
                sequence,
                account_id: self.account_id,
                action: self.action,
                actor_id: self.actor.id,
                actor_role: self.actor.role.clone(),
                request_id: self.actor.request_id.clone(),
                old_value: self.old_value.clone(),
                new_value: self.new_value.clone(),
                at_ms: self.at_ms,
            },
        );
        transaction.execute(
            INSERT,
            &[
                Value::from(sequence),
                Value::from(self.account_key),
                Value::from(self.action.as_str()),
                Value::from(self.actor.id),
                Value::from(self.actor.role.as_str()),
                Value::from(self.actor.request_id.as_str()),
                Value::from(self.old_value.as_deref()),
                Value::from(self.new_value.as_str()),
                Value::from(self.at_ms),
                Value::from(hash.as_slice()),
            ],
        )?;
        let moved = transaction.execute(
            MOVE_HEAD,
            &[Value::from(sequence), Value::from(hash.as_slice())],
        )?;
        assert_eq!(moved, 1, "the trail has one head, at the event before");
        Ok(())
    }
}

/// An event as it is stored.
#[derive(Debug)]
pub(crate) struct EventRow {
    pub sequence: i64,
    pub account_id: Uuid,
    pub action: Action,
    pub actor_id: Uuid,
    pub actor_role: String,
    pub request_id: String,
    pub old_value: Option<String>,
    pub new_value: String,
    pub at_ms: i64,
}

/// The columns that [`EventRow::from_row`] reads; `account_event` joined with `account`.
pub(crate) const EVENT_COLUMNS: &str = "\
account_event.sequence, account.id, account_event.action, account_event.actor_id, \
account_event.actor_role, account_event.request_id, account_event.old_value, account_event.new_value, \
account_event.at_ms, account_event.hash";

/// Which of them is the hash.
pub(crate) const EVENT_HASH_COLUMN: usize = 9;

impl EventRow {
    /// Reads a row of [`EVENT_COLUMNS`].
    pub fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            sequence: row.integer(0)?,
            account_id: row.uuid(1)?,
            action: Action::from_stored(&row.text(2)?)?,
            actor_id: row.uuid(3)?,
            actor_role: row.text(4)?,
            request_id: row.text(5)?,
            old_value: row.optional(6, Row::text)?,
            new_value: row.text(7)?,
            at_ms: row.integer(8)?,
        })
    }
}

/// The hash of an event that follows the event with the hash `previous`.
pub(crate) fn event_hash(previous: &Hash, event: &EventRow) -> Hash {
    let mut bytes = Vec::with_capacity(512);
    bytes.extend_from_slice(previous);
    bytes.extend_from_slice(ENCODING);
    bytes.extend_from_slice(&event.sequence.to_be_bytes());
    bytes.extend_from_slice(event.account_id.as_bytes());
    bytes.push(event.action.chain_code());
    bytes.extend_from_slice(event.actor_id.as_bytes());
    push_text(&mut bytes, Some(&event.actor_role));
    push_text(&mut bytes, Some(&event.request_id));
    push_text(&mut bytes, event.old_value.as_deref());
    push_text(&mut bytes, Some(&event.new_value));
    bytes.extend_from_slice(&event.at_ms.to_be_bytes());
    Sha256::digest(&bytes).into()
}

/// What an account was opened as: everything about it that never changes, as the new value of its first event.
pub(crate) fn opened_value(account: &Account) -> String {
    serde_json::json!({
        "id": account.id,
        "number": account.number,
        "owner_id": account.owner_id,
        "type": account.account_type.as_str(),
        "name": account.name,
        "currency": account.currency.code(),
        "scale": account.currency.scale(),
        "created_at_ms": account.created_at_ms,
    })
    .to_string()
}
