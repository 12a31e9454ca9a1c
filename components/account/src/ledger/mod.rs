//! The ledger of record: double entry, one commit per decision.
//!
//! Read in this order: [`transfer`] (what is asked and what is answered), [`situation`] (what the store says before the decision),
//! [`decide`] (the decision, pure), [`write`] (its rows), [`post`] (the whole), [`chain`] (the tamper evidence), [`read`] (questions later).

mod chain;
mod decide;
mod error;
mod journal;
mod post;
mod read;
mod situation;
mod transfer;
mod write;

pub use chain::{GENESIS, Hash};
pub use error::{LedgerError, Side};
pub use journal::{Direction, Entry, JournalRow, Party};
pub use post::{fence, post};
pub use read::{history, journal, lookup};
pub(crate) use situation::Standing;
pub use transfer::{
    AccountRef, DebitAuthority, Decline, Kind, Posting, PostingParty, Status, Transfer,
};

pub(crate) use chain::{hash as chain_hash, push_text};
pub(crate) use journal::{bytes32, journal_row_sql};

/// The largest value of a counter, in minor units. Above it a transfer is declined with `limit_exceeded`; `i64` reaches a little
/// further, so that no sum in SQL can overflow.
pub const COUNTER_MINOR_MAX: i64 = 9_000_000_000_000_000_000;

/// The owner of the bank's own accounts: the nil UUID, which no user has.
pub const BANK_OWNER: uuid::Uuid = uuid::Uuid::nil();

#[cfg(test)]
mod tests;
