//! Many transfers under one idempotency key.

use crate::posting::Posting;
use crate::transfer::{Actor, DebitAuthority, Instruction, Transfer};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The most lines of one batch.
pub const BATCH_LINES_MAX: usize = 1_000;

/// Why the ledger records nothing of a line, in words for the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// A stable code, in snake case.
    pub code: String,
    /// RFC 6901 pointer into the line; empty for the whole.
    pub pointer: String,
    /// A sentence for a human.
    pub detail: String,
}

impl Refusal {
    /// The refusal of a line whose atomic batch has another refused line.
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchLine {
    /// A transfer to post, of kind `transfer`.
    Transfer {
        /// What to do.
        #[serde(flatten)]
        instruction: Instruction,
        /// The screening's rule that denies it; no part of the client's request.
        #[serde(skip)]
        denied_by: Option<String>,
    },
    /// No transfer: the ledger records nothing of it. The words for that are no part of the
    /// client's request.
    Refused(#[serde(skip_serializing)] Refusal),
}

/// A client's request for a batch, in its canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BatchInstruction {
    /// Whether the ledger posts all lines or none.
    pub atomic: bool,
    /// The lines, in their order: at least 1, at most [`BATCH_LINES_MAX`].
    pub lines: Vec<BatchLine>,
}

impl BatchInstruction {
    /// SHA-256 of the canonical JSON, and of what the client wrote in the refused lines, in their
    /// order.
    pub fn fingerprint(&self, refused: &[&str]) -> [u8; 32] {
        // Strings, integers, and UUIDs always serialize.
        let mut digest = Sha256::new_with_prefix(serde_json::to_vec(self).unwrap_or_default());
        for line in refused {
            digest.update(Sha256::digest(line));
        }
        digest.finalize().into()
    }
}

/// A batch. The ledger records the same `id` at most once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Derived from the client's idempotency key; [`line_id`] derives those of its transfers.
    pub id: Uuid,
    /// SHA-256 of the canonical request.
    pub fingerprint: [u8; 32],
    /// Whose accounts may be debited.
    pub authority: DebitAuthority,
    /// Who makes the request.
    pub actor: Actor,
    /// The customer for whom the actor makes it, if they differ.
    pub on_behalf_of: Option<Uuid>,
    /// The id of the HTTP request, where staff or a client made it.
    pub request_id: Option<String>,
    /// What to do.
    pub instruction: BatchInstruction,
    /// The time of the client's request, in milliseconds since 1970 UTC.
    pub requested_at_ms: i64,
}

impl Batch {
    /// The transfer of the line at `index`; none for a refused line.
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
                request_id: self.request_id.clone(),
                instruction: instruction.clone(),
                denied_by: denied_by.clone(),
                requested_at_ms: self.requested_at_ms,
            }),
            BatchLine::Refused(_) => None,
        }
    }
}

/// The outcome of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineOutcome {
    /// The ledger has posted or declined it.
    Recorded(Box<Posting>),
    /// The ledger has recorded nothing.
    Refused(Refusal),
}

/// The ledger's reply to a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchReply {
    /// One for each line, in their order.
    pub outcomes: Vec<LineOutcome>,
    /// Whether the batch was recorded earlier: these are then the recorded outcomes.
    pub repeated: bool,
}

/// The ledger's record of a batch. It never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRecord {
    /// The batch's id.
    pub id: Uuid,
    /// SHA-256 of the canonical request.
    pub fingerprint: [u8; 32],
    /// Who made the request.
    pub actor: Actor,
    /// The customer for whom the actor made it, if they differ.
    pub on_behalf_of: Option<Uuid>,
    /// Whether the ledger was to post all lines or none.
    pub atomic: bool,
    /// One for each line, in their order.
    pub outcomes: Vec<LineOutcome>,
    /// The time of the client's request, in milliseconds since 1970 UTC.
    pub requested_at_ms: i64,
    /// The time of the decision, in milliseconds since 1970 UTC.
    pub recorded_at_ms: i64,
}

/// The id of a line (UUID v8): the first 12 bytes of SHA-256 over `line` and the batch's id, then
/// the line's index as 32 bits big-endian. The lines of a batch are neighbours in the ledger's
/// index of ids: with a hash for each line, each would write a page of its own.
pub fn line_id(batch: Uuid, index: usize) -> Uuid {
    let digest = Sha256::new()
        .chain_update(b"line")
        .chain_update(batch.as_bytes())
        .finalize();
    let mut bytes = [0; 16];
    bytes[..12].copy_from_slice(&digest[..12]);
    bytes[12..].copy_from_slice(&big_endian(index));
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// The fingerprint of a line: SHA-256 over `line`, the batch's fingerprint, and the line's index as
/// 32 bits big-endian. It depends on the whole batch, so that the same line of another batch
/// differs.
pub fn line_fingerprint(batch: &[u8; 32], index: usize) -> [u8; 32] {
    Sha256::new()
        .chain_update(b"line")
        .chain_update(batch)
        .chain_update(big_endian(index))
        .finalize()
        .into()
}

fn big_endian(index: usize) -> [u8; 4] {
    u32::try_from(index).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests;
