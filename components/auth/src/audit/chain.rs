//! The hash chain of the audit log, in a table of its own: the log's rows stay as they were before there was a chain.
//!
//! ```text
//! hash(n) = SHA-256( hash(n-1)   32 bytes, all zero before the first row
//!   "SRU1"                        4 bytes, this encoding
//!   sequence u64, id 16 bytes, at ms i64, actor 16 bytes, action text, target 16 bytes,
//!   old value text?, new value text?, request id text? )
//! ```
//! Integers are big-endian; a text is 0x01, its length as u32, and its UTF-8 bytes; a text that is missing is 0x00.

use super::log::{Actor, AuditRecord, COLUMNS, CREATED, Event};
use crate::outside::Outside;
use crate::service::AuthService;
use sha2::{Digest, Sha256};
use strongroom_sdk::store::{Store, StoreError, Transaction, Value};

/// A SHA-256 hash.
pub(super) type Hash = [u8; 32];

/// The hash before the first row.
pub(super) const GENESIS: Hash = [0; 32];

const ENCODING: &[u8; 4] = b"SRU1";

pub(super) const HEAD: &str = "SELECT sequence, hash FROM audit_head WHERE singleton = 1";

const INSERT: &str = "INSERT INTO audit_chain (sequence, event, hash) VALUES (?1, ?2, ?3)";

const MOVE_HEAD: &str =
    "UPDATE audit_head SET sequence = ?1, hash = ?2 WHERE singleton = 1 AND sequence = ?1 - 1";

/// What is in the log and not in the chain: rows of a release that had none. One is at work beside this one while it is replaced.
const UNCHAINED: &str = "FROM audit_log WHERE id NOT IN (SELECT event FROM audit_chain)";

/// The first administrator, where a release that did not say so has made him.
const UNTOLD_ADMIN: &str = "SELECT id, created_at FROM user WHERE role = 'admin'
    AND NOT EXISTS (SELECT 1 FROM audit_log WHERE target = user.id AND action IN ('user.created', 'user.role'))
    ORDER BY id LIMIT 1";

/// How many rows are chained in one statement's answer.
const PAGE_ROWS: i64 = 500;

/// Appends a row of the log to the chain.
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

fn push_text(bytes: &mut Vec<u8>, text: Option<&str>) {
    bytes.push(u8::from(text.is_some()));
    if let Some(text) = text {
        // What staff can write has limits far below 4 GiB.
        bytes.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
}

impl<O: Outside> AuthService<O> {
    /// Appends what an earlier release has logged without a chain. For `start`.
    ///
    /// Whoever adds a row to the file behind the bank's back could append it to the chain as well: a chain tells what was changed or left
    /// out of what it had, and not who appends.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn chain_older_events(&self) -> Result<(), StoreError> {
        let is_any = format!("SELECT 1 {UNCHAINED} LIMIT 1");
        let begun = self
            .store
            .query("SELECT 1 FROM audit_head WHERE sequence > 0", &[])?;
        let begun = begun.first().is_some();
        // Reading first: most starts find nothing, and then do not take the writer's turn.
        if begun && self.store.query(&is_any, &[])?.first().is_none() {
            return Ok(());
        }
        let transaction = self.store.begin()?;
        if !begun {
            self.tell_of_first_admin(&transaction)?;
        }
        let page = format!("SELECT {COLUMNS} {UNCHAINED} ORDER BY id LIMIT ?1");
        loop {
            let rows = transaction.query(&page, &[Value::from(PAGE_ROWS)])?.rows;
            if rows.is_empty() {
                return transaction.commit();
            }
            for row in &rows {
                append(&transaction, &Event::from_row(row)?)?;
            }
        }
    }

    fn tell_of_first_admin(&self, transaction: &impl Transaction) -> Result<(), StoreError> {
        let Some(admin) = transaction.query(UNTOLD_ADMIN, &[])?.first() else {
            return Ok(());
        };
        AuditRecord {
            id: self.new_id(),
            at_ms: admin.integer(1)?,
            actor: &Actor::BANK,
            action: CREATED,
            target: admin.uuid(0)?,
            old_value: None,
            new_value: Some("admin".to_owned()),
        }
        .insert(transaction)
    }
}
