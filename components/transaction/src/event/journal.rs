//! The link to the ledger's journal, as a trait, so that a native test can write one by hand.

use crate::ledger::{LedgerError, Posting};

/// The longest page that a journal answers.
pub const PAGE_MAX: u32 = 1_000;

/// All that the ledger has decided, in the order in which it did.
pub trait Journal {
    /// All postings with a sequence above `after`, oldest first, at most `limit` (at most [`PAGE_MAX`]); fewer where their text is long, and
    /// none only behind the last. Sequences have no gaps.
    ///
    /// # Errors
    /// [`LedgerError::Unavailable`].
    fn journal(&self, after: u64, limit: u32) -> Result<Vec<Posting>, LedgerError>;
}
