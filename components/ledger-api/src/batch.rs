//! Many transfers under one idempotency key.

use crate::posting::Posting;
use crate::transfer::{Actor, DebitAuthority, Instruction, Transfer};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The most lines of one batch.
pub const BATCH_LINES_MAX: usize = 1_000;

/// Why nothing is recorded of a line, in the words that its client reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The stable code.
    pub code: String,
    /// RFC 6901 pointer into the line; empty for the whole.
    pub pointer: String,
    /// A sentence for a human.
    pub detail: String,
}

impl Refusal {
    /// The refusal of a line that goes down with another of its atomic batch.
    pub fn with_the_batch() -> Self {
        Self {
            code: Self::BATCH_REFUSED.to_owned(),
            pointer: String::new(),
            detail: "Another transfer of the atomic batch was refused.".to_owned(),
        }
    }

    /// The code of [`Refusal::with_the_batch`].
    pub const BATCH_REFUSED: &str = "batch_refused";
}

/// One line of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchLine {
    /// To be posted: of kind `transfer`.
    Transfer {
        /// What is asked.
        #[serde(flatten)]
        instruction: Instruction,
        /// The rule of a screening that denies it; no part of the request.
        #[serde(skip)]
        denied_by: Option<String>,
    },
    /// No transfer: nothing of it is recorded.
    Refused(Refusal),
}

/// What a client asks, in its canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BatchInstruction {
    /// Whether all are posted, or none.
    pub atomic: bool,
    /// The lines, in their order: at least 1, at most [`BATCH_LINES_MAX`].
    pub lines: Vec<BatchLine>,
}

impl BatchInstruction {
    /// SHA-256 of the canonical JSON.
    pub fn fingerprint(&self) -> [u8; 32] {
        // Strings, integers, and UUIDs always serialize.
        Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).into()
    }
}

/// A batch. The same `id` is recorded at most once, for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Derived from the client's idempotency key; the ids of its transfers derive from it.
    pub id: Uuid,
    /// SHA-256 of the canonical request.
    pub fingerprint: [u8; 32],
    /// Whose accounts may be debited.
    pub authority: DebitAuthority,
    /// Who asks.
    pub actor: Actor,
    /// The customer for whom the actor asks, if they are not the same.
    pub on_behalf_of: Option<Uuid>,
    /// What is asked.
    pub instruction: BatchInstruction,
    /// When the client asked, in milliseconds since 1970 UTC.
    pub requested_at_ms: i64,
}

impl Batch {
    /// The transfer of the line at `index`, if the line is one.
    pub fn transfer(&self, index: usize) -> Option<Transfer> {
        match self.instruction.lines.get(index)? {
            BatchLine::Transfer {
                instruction,
                denied_by,
            } => Some(Transfer {
                id: line_id(self.id, index),
                fingerprint: line_fingerprint(&self.fingerprint, index),
                authority: self.authority,
                actor: self.actor,
                on_behalf_of: self.on_behalf_of,
                request_id: None,
                instruction: instruction.clone(),
                denied_by: denied_by.clone(),
                requested_at_ms: self.requested_at_ms,
            }),
            BatchLine::Refused(_) => None,
        }
    }
}

/// What became of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineOutcome {
    /// The ledger has posted or declined it.
    Recorded(Box<Posting>),
    /// Nothing is recorded.
    Refused(Refusal),
}

/// What the ledger replies to a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchReply {
    /// One for each line, in their order.
    pub outcomes: Vec<LineOutcome>,
    /// Whether the batch was recorded before: then these are the outcomes of that time.
    pub repeated: bool,
}

/// The ledger's record of a batch. It never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRecord {
    /// The batch's id.
    pub id: Uuid,
    /// SHA-256 of the canonical request.
    pub fingerprint: [u8; 32],
    /// Who asked.
    pub actor: Actor,
    /// The customer for whom the actor asked, if they are not the same.
    pub on_behalf_of: Option<Uuid>,
    /// Whether all were to be posted, or none.
    pub atomic: bool,
    /// One for each line, in their order.
    pub outcomes: Vec<LineOutcome>,
    /// When the client asked, in milliseconds since 1970 UTC.
    pub requested_at_ms: i64,
    /// When the ledger decided, in milliseconds since 1970 UTC.
    pub recorded_at_ms: i64,
}

/// The id of a line (UUID v8): the first 12 bytes of SHA-256 over `line` and the batch's id, and the line's place, counted from 0, as 32
/// bits big-endian. The lines of a batch are neighbours in the ledger's index of ids: a hash for each would be a page to write for each.
pub fn line_id(batch: Uuid, index: usize) -> Uuid {
    let digest = Sha256::new()
        .chain_update(b"line")
        .chain_update(batch.as_bytes())
        .finalize();
    let mut bytes = [0; 16];
    bytes[..12].copy_from_slice(&digest[..12]);
    bytes[12..].copy_from_slice(&place(index));
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// The fingerprint of a line: SHA-256 over `line`, the batch's fingerprint, and the line's place as 32 bits big-endian. It is that of the
/// whole batch, so that no line is taken for one of a batch with other lines.
pub fn line_fingerprint(batch: &[u8; 32], index: usize) -> [u8; 32] {
    Sha256::new()
        .chain_update(b"line")
        .chain_update(batch)
        .chain_update(place(index))
        .finalize()
        .into()
}

fn place(index: usize) -> [u8; 4] {
    u32::try_from(index).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests;
