//! An account's statement: its balance at the start of a period, all entries of the period, and its
//! balance at the end.
//!
//! The ledger only appends entries, so the statement of a past period never changes, not by a byte.
//! It may have hundreds of thousands of entries, and is never whole in memory. The balances and
//! totals are read before the first byte; then the entries are read, checked against these, and
//! written page by page.
//!
//! The parts, in the order of a request: [`period`] (which days), [`summary`] (balances and
//! totals), [`line`] (the entries), [`body`] (the whole, as it is sent), and the formats: [`json`],
//! [`csv`], [`camt053`] and [`ofx`] (both through [`xml`]).

mod body;
mod camt053;
mod csv;
mod format;
mod json;
mod layout;
mod line;
mod ofx;
mod period;
mod summary;
mod xml;

pub use body::Body;
pub use format::Format;
pub use json::Statement;
pub use line::Line;
pub use period::Period;
pub use summary::{ENTRIES_MAX, Mark, Summary, Total};

use strongroom_sdk::store::StoreError;

/// Why there is no statement, or why it breaks off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// The period has more entries than [`ENTRIES_MAX`].
    #[error("The period has {0} entries; a statement has at most {max}.", max = ENTRIES_MAX)]
    TooLong(i64),
    /// The format has no room for amounts as large as these.
    #[error("This format has no room for amounts as large as those of this period.")]
    TooLarge,
    /// The store contradicts itself.
    #[error("the ledger contradicts itself: {0}")]
    Contradiction(String),
    /// A value cannot be written in this format.
    #[error("cannot be written: {0}")]
    Unwritable(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<std::io::Error> for StatementError {
    fn from(error: std::io::Error) -> Self {
        Self::Unwritable(error.to_string())
    }
}

#[cfg(test)]
mod tests;
