//! The link to the ledger: the words of `strongroom:account/ledger`, as far as they are needed here.

use uuid::Uuid;

/// What a row of the journal means for those who are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Money has moved: a deposit, a withdrawal, a transfer, a capture, or a reversal.
    Moved,
    /// It was asked for, and did not.
    Declined,
    /// Nothing has moved: a hold, or the end of one without a capture.
    Held,
}

/// A customer's account of a posting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Party {
    /// The account's id.
    pub account_id: Uuid,
    /// Its owner.
    pub owner_id: Uuid,
}

/// The ledger's record of a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// The transfer's id.
    pub id: Uuid,
    /// The place in the journal: 1, 2, 3, .. without gaps.
    pub sequence: u64,
    /// Whether money has moved.
    pub outcome: Outcome,
    /// The customer's account to debit; none where it is the bank's own.
    pub source: Option<Party>,
    /// The customer's account to credit; none where it is the bank's own.
    pub destination: Option<Party>,
    /// Minor units of `currency`.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// What the parties see.
    pub reference: Option<String>,
    /// When the ledger decided, in milliseconds since 1970 UTC.
    pub recorded_at_ms: i64,
}

/// Why the journal could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the journal: {0}")]
pub struct JournalError(pub String);

/// The one who records.
pub trait Journal {
    /// The postings with a sequence above `after`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`JournalError`].
    fn read(&self, after: u64, limit: u32) -> Result<Vec<Posting>, JournalError>;
}
