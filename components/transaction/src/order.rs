//! What one intent asks of the ledger: one transfer, or a batch of them; and what the ledger says to it.

use crate::ledger::{DebitAuthority, Ledger, LedgerError, Posting, Transfer};
use crate::request::{BatchInstruction, Line, line_fingerprint, line_id};
use uuid::Uuid;

/// What is asked, each time in the same words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// One transfer.
    Transfer(Transfer),
    /// Many, in one commit of the ledger.
    Batch(Batch),
}

/// Many transfers under one idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Derived from the client's idempotency key; the ids of its transfers derive from it.
    pub id: Uuid,
    /// SHA-256 of the canonical request.
    pub fingerprint: [u8; 32],
    /// Whose accounts may be debited.
    pub authority: DebitAuthority,
    /// The user who asked.
    pub initiator: Uuid,
    /// What was asked.
    pub instruction: BatchInstruction,
    /// When the client asked, in milliseconds since 1970 UTC.
    pub requested_at_ms: i64,
}

/// What the ledger says to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// The record of the one transfer.
    Transfer(Box<Posting>),
    /// The outcome of each line that the ledger was asked for, in their order.
    Batch(Vec<Result<Posting, LedgerError>>),
}

impl Order {
    /// The id that the client knows it by.
    pub fn id(&self) -> Uuid {
        match self {
            Self::Transfer(transfer) => transfer.id,
            Self::Batch(batch) => batch.id,
        }
    }

    /// SHA-256 of the canonical request.
    pub fn fingerprint(&self) -> &[u8; 32] {
        match self {
            Self::Transfer(transfer) => &transfer.fingerprint,
            Self::Batch(batch) => &batch.fingerprint,
        }
    }

    /// Whose accounts may be debited.
    pub fn authority(&self) -> DebitAuthority {
        match self {
            Self::Transfer(transfer) => transfer.authority,
            Self::Batch(batch) => batch.authority,
        }
    }

    /// When the client asked, in milliseconds since 1970 UTC.
    pub fn requested_at_ms(&self) -> i64 {
        match self {
            Self::Transfer(transfer) => transfer.requested_at_ms,
            Self::Batch(batch) => batch.requested_at_ms,
        }
    }

    /// Has the ledger decide.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn post(&self, ledger: &impl Ledger) -> Result<Decided, LedgerError> {
        match self {
            Self::Transfer(transfer) => ledger.post(transfer).map(Decided::of),
            Self::Batch(batch) => {
                let transfers = batch.transfers();
                if transfers.is_empty() {
                    return Ok(Decided::Batch(Vec::new()));
                }
                ledger
                    .post_batch(&transfers, batch.instruction.atomic)
                    .map(Decided::Batch)
            }
        }
    }

    /// Has the ledger give it up.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn fence(&self, ledger: &impl Ledger) -> Result<Decided, LedgerError> {
        match self {
            Self::Transfer(transfer) => ledger.fence(transfer).map(Decided::of),
            Self::Batch(batch) => {
                let transfers = batch.transfers();
                if transfers.is_empty() {
                    return Ok(Decided::Batch(Vec::new()));
                }
                let postings = ledger.fence_batch(&transfers)?;
                Ok(Decided::Batch(postings.into_iter().map(Ok).collect()))
            }
        }
    }

    /// Whether the ledger has decided it before.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn is_decided(&self, ledger: &impl Ledger) -> Result<bool, LedgerError> {
        let id = match self {
            Self::Transfer(transfer) => Some(transfer.id),
            // They are recorded together. Where the first was refused the batch counts as open, and is asked for again.
            Self::Batch(batch) => batch.transfers().first().map(|transfer| transfer.id),
        };
        Ok(match id {
            Some(id) => ledger.lookup(id)?.is_some(),
            None => true,
        })
    }
}

impl Batch {
    /// The transfers that the ledger is asked for: the lines that are well-formed, each with its own id.
    pub fn transfers(&self) -> Vec<Transfer> {
        let lines = self.instruction.lines.iter().enumerate();
        lines
            .filter_map(|(index, line)| match line {
                Line::Transfer(instruction) => Some(Transfer {
                    id: line_id(self.id, index),
                    fingerprint: line_fingerprint(&self.fingerprint, index),
                    authority: self.authority,
                    initiator: self.initiator,
                    instruction: instruction.clone(),
                    requested_at_ms: self.requested_at_ms,
                    denied_by: None,
                }),
                Line::Refused(_) => None,
            })
            .collect()
    }
}

impl Decided {
    fn of(posting: Posting) -> Self {
        Self::Transfer(Box::new(posting))
    }

    /// When the client asked first, as far as the ledger knows.
    pub fn requested_at_ms(&self) -> Option<i64> {
        match self {
            Self::Transfer(posting) => Some(posting.requested_at_ms),
            Self::Batch(outcomes) => outcomes
                .iter()
                .find_map(|outcome| outcome.as_ref().ok())
                .map(|posting| posting.requested_at_ms),
        }
    }
}
