//! The hash chain of the audit log, in a table of its own.
//!
//! ```text
//! hash(n) = SHA-256( hash(n-1)   32 bytes, all zero before the first row
//!   "SRU1"                        4 bytes, this encoding
//!   sequence u64, id 16 bytes, at ms i64, actor 16 bytes, action text, target 16 bytes,
//!   old value text?, new value text?, request id text? )
//! ```
//! Integers are big-endian; a text is 0x01, its length as u32, and its UTF-8 bytes; a text that is missing is 0x00.

use super::record::Event;
use crate::hash_chain::{Hash, push_text};
use crate::store::{StoreError, Transaction, Value};
use sha2::{Digest, Sha256};

const ENCODING: &[u8; 4] = b"SRU1";

pub(super) const HEAD: &str = "SELECT sequence, hash FROM audit_head WHERE singleton = 1";

const INSERT: &str = "INSERT INTO audit_chain (sequence, event, hash) VALUES (?1, ?2, ?3)";

const MOVE_HEAD: &str =
    "UPDATE audit_head SET sequence = ?1, hash = ?2 WHERE singleton = 1 AND sequence = ?1 - 1";

/// Appends a row of the log to the chain.
///
/// # Errors
/// [`StoreError`].
///
/// # Panics
/// If the chain does not end where its head says. Then the transaction must not commit.
pub(super) fn append(transaction: &impl Transaction, event: &Event) -> Result<(), StoreError> {
    let head = transaction
        .query(HEAD, &[])?
        .first()
        .ok_or_else(|| StoreError::Row("the audit log has no head".to_owned()))?;
    let sequence = head.integer(0)? + 1;
    let hash = hash(&head.bytes32(1)?, sequence, event);
    transaction.execute(
        INSERT,
        &[
            Value::from(sequence),
            Value::from(event.id),
            Value::from(hash.as_slice()),
        ],
    )?;
    let moved = transaction.execute(
        MOVE_HEAD,
        &[Value::from(sequence), Value::from(hash.as_slice())],
    )?;
    assert_eq!(moved, 1, "the log has one head, at the row before");
    Ok(())
}

/// The hash of a row that follows the row with the hash `previous`.
pub(super) fn hash(previous: &Hash, sequence: i64, event: &Event) -> Hash {
    let mut bytes = Vec::with_capacity(256);
    bytes.extend_from_slice(previous);
    bytes.extend_from_slice(ENCODING);
    bytes.extend_from_slice(&sequence.to_be_bytes());
    bytes.extend_from_slice(event.id.as_bytes());
    bytes.extend_from_slice(&event.at_ms.to_be_bytes());
    bytes.extend_from_slice(event.actor.as_bytes());
    push_text(&mut bytes, Some(&event.action));
    bytes.extend_from_slice(event.target.as_bytes());
    push_text(&mut bytes, event.old_value.as_deref());
    push_text(&mut bytes, event.new_value.as_deref());
    push_text(&mut bytes, event.request_id.as_deref());
    Sha256::digest(&bytes).into()
}
