//! The rows of the audit log, and their hash chain.
//!
//! ```text
//! hash(n) = SHA-256( hash(n-1)   32 bytes, all zero before the first row
//!   "SRU1"                        4 bytes, this encoding
//!   sequence u64, at ms i64, actor 16 bytes, actor's role text, on behalf of id?, action text,
//!   target 16 bytes, old value text?, new value text?, request id text? )
//! ```
//! Integers are big-endian; an id that may be missing is 0x01 and its 16 bytes, or 0x00; a text is
//! 0x01, its length as u32, and its UTF-8 bytes; a text that is missing is 0x00.

use crate::hash_chain::{Hash, push_id, push_text};
use crate::identity::{Identity, Role};
use crate::store::{Row, StoreError, Transaction, Value};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use uuid::Uuid;

const ENCODING: &[u8; 4] = b"SRU1";

pub(super) const HEAD: &str = "SELECT sequence, hash FROM audit_head WHERE singleton = 1";

const MOVE_HEAD: &str =
    "UPDATE audit_head SET sequence = ?1, hash = ?2 WHERE singleton = 1 AND sequence = ?1 - 1";

const INSERT: &str = "\
INSERT INTO audit_log
    (sequence, at_ms, actor, actor_role, on_behalf_of, action, target, old_value, new_value,
     request_id, hash)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

/// The columns that [`Event::from_row`] reads.
pub(super) const COLUMNS: &str = "\
sequence, at_ms, actor, actor_role, on_behalf_of, action, target, old_value, new_value, request_id, \
hash";

/// The position of the hash among them.
pub(super) const HASH_COLUMN: usize = 10;

/// The actor of an event, and the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The id of the user or the client.
    pub id: Uuid,
    /// Its role at the time of the event.
    pub role: Cow<'static, str>,
    /// The customer for whom a client acts.
    pub on_behalf_of: Option<Uuid>,
    /// The id of the request in the host's log.
    pub request_id: Option<String>,
}

impl Actor {
    /// The bank itself, with the nil UUID, which no user has.
    pub const BANK: Self = Self {
        id: Uuid::nil(),
        role: Cow::Borrowed("bank"),
        on_behalf_of: None,
        request_id: None,
    };

    /// An operator who runs a command of the host. The host knows no users, so the UUID is nil.
    pub const OPERATOR: Self = Self {
        id: Uuid::nil(),
        role: Cow::Borrowed("operator"),
        on_behalf_of: None,
        request_id: None,
    };

    /// The caller of a request.
    pub fn new(caller: &Identity) -> Self {
        let role = match caller.client {
            Some(_) => Role::Service,
            None => caller.role,
        };
        Self {
            id: caller.actor(),
            role: role.as_str().into(),
            on_behalf_of: caller.on_behalf_of(),
            request_id: caller.request_id.clone(),
        }
    }
}

/// The record of one change, committed together with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The time, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Who made the change.
    pub actor: Actor,
    /// The kind of the change, such as `user.created`.
    pub action: Cow<'static, str>,
    /// The id of what was changed.
    pub target: Uuid,
    /// The value before the change.
    pub old_value: Option<String>,
    /// The value after the change.
    pub new_value: Option<String>,
}

/// A record in its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The place in the log: 1, 2, 3, .. without gaps.
    pub sequence: i64,
    /// The change.
    pub record: Record,
    /// The stored hash.
    pub hash: Hash,
}

impl Record {
    /// A record without values.
    pub fn new(at_ms: i64, actor: Actor, action: &'static str, target: Uuid) -> Self {
        Self {
            at_ms,
            actor,
            action: action.into(),
            target,
            old_value: None,
            new_value: None,
        }
    }

    /// Appends the record to the log.
    ///
    /// # Errors
    /// [`StoreError`], also where the head is not the end of the log.
    pub fn append(self, transaction: &impl Transaction) -> Result<(), StoreError> {
        let head = transaction
            .query(HEAD, &[])?
            .first_or("the audit log has no head")?;
        let sequence = head.integer(0)? + 1;
        let hash = self.hash(&head.bytes32(1)?, sequence);
        let values = vec![
            Value::from(sequence),
            Value::from(self.at_ms),
            Value::from(self.actor.id),
            Value::from(&*self.actor.role),
            Value::from(self.actor.on_behalf_of),
            Value::from(&*self.action),
            Value::from(self.target),
            Value::from(self.old_value),
            Value::from(self.new_value),
            Value::from(self.actor.request_id),
            Value::from(hash.as_slice()),
        ];
        transaction.change(INSERT, values, 1)?;
        let moved = vec![Value::from(sequence), Value::from(hash.as_slice())];
        transaction.change(MOVE_HEAD, moved, 1)
    }

    /// The record's hash at the place `sequence`, after the row with the hash `previous`.
    pub(super) fn hash(&self, previous: &Hash, sequence: i64) -> Hash {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(previous);
        bytes.extend_from_slice(ENCODING);
        bytes.extend_from_slice(&sequence.to_be_bytes());
        bytes.extend_from_slice(&self.at_ms.to_be_bytes());
        bytes.extend_from_slice(self.actor.id.as_bytes());
        push_text(&mut bytes, Some(&self.actor.role));
        push_id(&mut bytes, self.actor.on_behalf_of);
        push_text(&mut bytes, Some(&self.action));
        bytes.extend_from_slice(self.target.as_bytes());
        push_text(&mut bytes, self.old_value.as_deref());
        push_text(&mut bytes, self.new_value.as_deref());
        push_text(&mut bytes, self.actor.request_id.as_deref());
        Sha256::digest(&bytes).into()
    }
}

impl Event {
    /// Reads a row of [`COLUMNS`].
    ///
    /// # Errors
    /// [`StoreError::Row`] where a column has another type.
    pub(super) fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            sequence: row.integer(0)?,
            record: Record {
                at_ms: row.integer(1)?,
                actor: Actor {
                    id: row.uuid(2)?,
                    role: row.text(3)?.into(),
                    on_behalf_of: row.optional(4, Row::uuid)?,
                    request_id: row.optional(9, Row::text)?,
                },
                action: row.text(5)?.into(),
                target: row.uuid(6)?,
                old_value: row.optional(7, Row::text)?,
                new_value: row.optional(8, Row::text)?,
            },
            hash: row.bytes32(HASH_COLUMN)?,
        })
    }
}
