//! An account's statement: what it had when a period began, everything that was booked meanwhile, and what it had when the period ended.
//!
//! Entries are only ever appended, so what was booked by a moment that is over never changes: the statement of a past period is the same
//! for ever, byte for byte. It may have hundreds of thousands of entries, and is never whole in memory. What is said of all of them
//! together, and what the store must agree with, is found before the first byte; then they are read, checked, and written a page at a time.
//!
//! The parts, in the order of a request: [`period`] (which days), [`summary`] (balances and totals), [`line`] (the entries), [`body`] (the
//! whole, as it is sent), and the forms it may have: [`json`], [`csv`], [`camt053`], [`ofx`], the latter two through [`xml`].

mod body;
mod camt053;
mod csv;
mod format;
mod json;
mod line;
mod ofx;
mod period;
mod summary;
mod xml;

pub use body::Body;
pub use format::Format;
pub use line::Line;
pub use period::Period;
pub use summary::{ENTRIES_MAX, Mark, Summary, Total};

use strongroom_sdk::store::StoreError;

/// Why there is no statement, or no more of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// The period has more entries than [`ENTRIES_MAX`].
    #[error("the period has {0} entries, which are too many for one statement")]
    TooLong(i64),
    /// The form has no room for amounts as large as these.
    #[error("the form has no room for amounts as large as those of this period")]
    TooLarge,
    /// The store contradicts itself.
    #[error("the ledger contradicts itself: {0}")]
    Contradiction(String),
    /// What is to be said cannot be written.
    #[error("cannot be written: {0}")]
    Unwritable(String),
    /// The store did not answer.
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
