//! The row of a batch, and its hash chain.
//!
//! ```text
//! hash(n) = SHA-256( hash(n-1)                       32 bytes, all zero before the first row
//!   "SRB1"                                            4 bytes, this encoding
//!   sequence         u64    id          16 bytes      fingerprint  32 bytes
//!   actor            kind u8, id 16 bytes
//!   on behalf of     id?
//!   atomic           u8     lines       u16
//!   refusals         text?, a JSON list of {index, code, pointer, detail}
//!   requested at ms  i64    recorded at ms  i64 )
//! ```
//!
//! Integers are big-endian; [`strongroom_sdk::hash_chain`] defines `text?` and `id?`. The transfers
//! of a batch are rows of the journal, in the journal's chain. Their ids and fingerprints are
//! derived from the batch's.

use crate::ledger::columns::actor;
use crate::ledger::head::Head;
use crate::ledger::journal::{JournalRow, journal_row_sql};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use strongroom_ledger_api::{
    Actor, BATCH_LINES_MAX, Batch, BatchRecord, LedgerError, LineOutcome, Posting, Refusal, line_id,
};
use strongroom_sdk::hash_chain::{Hash, push_id, push_text};
use strongroom_sdk::store::{Reader, Row, StoreError, Transaction, Value};
use uuid::Uuid;

const ENCODING: &[u8; 4] = b"SRB1";

/// The longest list of refusals, in bytes: the store's limit for one value, with room for the rest
/// of the row.
const REFUSALS_BYTES_MAX: usize = 500 << 10;

const HEADS: &str = "\
SELECT journal.transfer_sequence, journal.entry_sequence, journal.recorded_at_ms, journal.hash,
    head.sequence, head.hash,
    coalesce(known.fingerprint, (SELECT fingerprint FROM transfer WHERE id = ?1))
FROM journal_head AS journal JOIN batch_head AS head ON head.singleton = 1
LEFT JOIN batch AS known ON known.id = ?1
WHERE journal.singleton = 1";

const INSERT: &str = "\
INSERT INTO batch (sequence, id, fingerprint, actor_kind, actor_id, on_behalf_of_id, atomic, lines,
    refusals, requested_at_ms, recorded_at_ms, hash)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";

const MOVE_HEAD: &str =
    "UPDATE batch_head SET sequence = ?1, hash = ?2 WHERE singleton = 1 AND sequence = ?1 - 1";

/// The columns that [`BatchRow::from_row`] reads.
pub(crate) const BATCH_COLUMNS: &str = "\
sequence, id, fingerprint, actor_kind, actor_id, on_behalf_of_id, atomic, lines, refusals, \
requested_at_ms, recorded_at_ms, hash";

/// The column of the hash among them.
pub(crate) const BATCH_HASH_COLUMN: usize = 11;

/// A batch's transfers: their ids differ in the last four bytes alone.
const LINES: &str = journal_row_sql!("WHERE transfer.id BETWEEN ?1 AND ?2 ORDER BY transfer.id");

/// The ends of both chains before a batch, and whether it is known.
pub(super) struct BatchHead {
    pub journal: Head,
    sequence: i64,
    hash: Hash,
    /// The fingerprint of the batch or transfer that has this id already, if there is one.
    pub known: Option<[u8; 32]>,
}

impl BatchHead {
    pub fn read(transaction: &impl Transaction, id: Uuid) -> Result<Self, StoreError> {
        let row = transaction
            .query(HEADS, &[id.into()])?
            .first_or("the journal has no head")?;
        Ok(Self {
            journal: Head::from_row(&row, 0)?,
            sequence: row.integer(4)?,
            hash: row.bytes32(5)?,
            known: row.optional(6, Row::bytes32)?,
        })
    }
}

/// A batch as it is stored.
#[derive(Debug)]
pub(crate) struct BatchRow {
    pub sequence: i64,
    pub id: Uuid,
    pub fingerprint: [u8; 32],
    pub actor: Actor,
    pub on_behalf_of: Option<Uuid>,
    pub atomic: bool,
    pub lines: usize,
    /// JSON; [`BatchRow::refusals`] reads it.
    refusals: String,
    pub requested_at_ms: i64,
    pub recorded_at_ms: i64,
}

/// One element of the column `refusals`.
#[derive(Serialize, Deserialize)]
pub(super) struct RefusedLine {
    pub index: usize,
    #[serde(flatten)]
    pub refusal: Refusal,
}

impl BatchRow {
    /// Reads a row of [`BATCH_COLUMNS`].
    pub fn from_row(row: &Row) -> Result<Self, StoreError> {
        let lines = usize::try_from(row.integer(7)?).unwrap_or(0);
        if !(1..=BATCH_LINES_MAX).contains(&lines) {
            return Err(StoreError::Row(
                "the number of lines is out of range".to_owned(),
            ));
        }
        let atomic = match row.integer(6)? {
            0 => false,
            1 => true,
            _ => return Err(StoreError::Row("`atomic` is neither 0 nor 1".to_owned())),
        };
        Ok(Self {
            sequence: row.integer(0)?,
            id: row.uuid(1)?,
            fingerprint: row.bytes32(2)?,
            actor: actor(row, 3)?,
            on_behalf_of: row.optional(5, Row::uuid)?,
            atomic,
            lines,
            refusals: row.text(8)?,
            requested_at_ms: row.integer(9)?,
            recorded_at_ms: row.integer(10)?,
        })
    }

    /// The refused lines, by their index.
    pub fn refusals(&self) -> Result<HashMap<usize, Refusal>, StoreError> {
        let stored: Vec<RefusedLine> = serde_json::from_str(&self.refusals)
            .map_err(|error| StoreError::Row(format!("refusals: {error}")))?;
        let stored = stored.into_iter();
        Ok(stored.map(|one| (one.index, one.refusal)).collect())
    }

    /// The smallest and the largest id that a line of it can have.
    pub fn ids_of_lines(&self) -> [Value; 2] {
        [0, BATCH_LINES_MAX - 1].map(|index| Value::from(line_id(self.id, index)))
    }

    /// The hash of the row after one with the hash `previous`.
    pub fn hash(&self, previous: &Hash) -> Hash {
        let mut bytes = Vec::with_capacity(256 + self.refusals.len());
        bytes.extend_from_slice(previous);
        bytes.extend_from_slice(ENCODING);
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        bytes.extend_from_slice(self.id.as_bytes());
        bytes.extend_from_slice(&self.fingerprint);
        bytes.push(self.actor.kind.chain_code());
        bytes.extend_from_slice(self.actor.id.as_bytes());
        push_id(&mut bytes, self.on_behalf_of);
        bytes.push(u8::from(self.atomic));
        let lines = u16::try_from(self.lines).unwrap_or(u16::MAX);
        bytes.extend_from_slice(&lines.to_be_bytes());
        push_text(&mut bytes, Some(&self.refusals));
        bytes.extend_from_slice(&self.requested_at_ms.to_be_bytes());
        bytes.extend_from_slice(&self.recorded_at_ms.to_be_bytes());
        Sha256::digest(&bytes).into()
    }
}

pub(super) fn insert(
    transaction: &impl Transaction,
    head: &BatchHead,
    batch: &Batch,
    refusals: &[RefusedLine],
    recorded_at_ms: i64,
) -> Result<(), LedgerError> {
    // Strings and integers always serialize.
    let refusals = serde_json::to_string(refusals).unwrap_or_default();
    if refusals.len() > REFUSALS_BYTES_MAX {
        return Err(LedgerError::invalid("lines"));
    }
    let row = BatchRow {
        sequence: head.sequence + 1,
        id: batch.id,
        fingerprint: batch.fingerprint,
        actor: batch.actor,
        on_behalf_of: batch.on_behalf_of,
        atomic: batch.instruction.atomic,
        lines: batch.instruction.lines.len(),
        refusals,
        requested_at_ms: batch.requested_at_ms,
        recorded_at_ms,
    };
    let hash = row.hash(&head.hash);
    let values = vec![
        Value::from(row.sequence),
        Value::from(row.id),
        Value::from(row.fingerprint.as_slice()),
        Value::from(row.actor.kind.as_str()),
        Value::from(row.actor.id),
        Value::from(row.on_behalf_of),
        Value::from(row.atomic),
        Value::from(row.lines as i64),
        Value::from(row.refusals),
        Value::from(row.requested_at_ms),
        Value::from(row.recorded_at_ms),
        Value::from(hash.as_slice()),
    ];
    transaction.change(INSERT, values, 1)?;
    let moved = vec![Value::from(row.sequence), Value::from(hash.as_slice())];
    Ok(transaction.change(MOVE_HEAD, moved, 1)?)
}

pub(crate) fn find(from: &impl Reader, id: Uuid) -> Result<Option<BatchRecord>, StoreError> {
    let sql = format!("SELECT {BATCH_COLUMNS} FROM batch WHERE id = ?1");
    let Some(row) = from.query(&sql, &[id.into()])?.first() else {
        return Ok(None);
    };
    let batch = BatchRow::from_row(&row)?;
    let mut refusals = batch.refusals()?;
    let mut postings: HashMap<Uuid, Posting> = HashMap::new();
    for row in from.query(LINES, &batch.ids_of_lines())? {
        let posting = JournalRow::from_row(&row)?.posting;
        postings.insert(posting.id, posting);
    }
    let outcomes = (0..batch.lines).map(|index| {
        if let Some(refusal) = refusals.remove(&index) {
            return Ok(LineOutcome::Refused(refusal));
        }
        let posting = postings.remove(&line_id(batch.id, index));
        let posting = posting
            .ok_or_else(|| StoreError::Row(format!("batch {id} has no row of line {index}")))?;
        Ok(LineOutcome::Recorded(Box::new(posting)))
    });
    Ok(Some(BatchRecord {
        id: batch.id,
        fingerprint: batch.fingerprint,
        actor: batch.actor,
        on_behalf_of: batch.on_behalf_of,
        atomic: batch.atomic,
        outcomes: outcomes.collect::<Result<_, StoreError>>()?,
        requested_at_ms: batch.requested_at_ms,
        recorded_at_ms: batch.recorded_at_ms,
    }))
}
