//! The ledger of record: double entry, one commit per decision.
//!
//! Read in this order: [`transfer`] (what is asked and what is answered), [`situation`] (what the store says before the decision),
//! [`decide`] (the decision, pure), [`movement`] (what it does to balances, pure), [`write`] (its rows), [`post`] (the whole), [`chain`]
//! (the tamper evidence), [`read`] (questions later). [`batch`] does the same for many at once, on a [`book`] in memory; [`expire`] ends holds.

mod batch;
mod book;
mod chain;
mod decide;
mod error;
mod expire;
mod journal;
mod movement;
mod post;
mod read;
mod situation;
mod transfer;
mod write;

pub use batch::{BATCH_TRANSFERS_MAX, Outcomes, fence_batch, post_batch};
pub use chain::{GENESIS, Hash};
pub use error::{LedgerError, Side};
pub use expire::{EXPIRIES_MAX, expire_holds};
pub use journal::{Direction, Entry, JournalRow, Party, Subject};
pub use post::{fence, post};
pub use read::{history, journal, lookup};
pub(crate) use situation::Standing;
pub use transfer::{
    AccountRef, DebitAuthority, Decline, HOLD_SECONDS_MAX, Kind, Posting, PostingParty, Resolution,
    Status, Transfer,
};

pub(crate) use chain::{hash as chain_hash, push_text};
pub(crate) use journal::{JOURNAL_ROW_COLUMNS, journal_row_sql};

/// The largest value of a counter, in minor units. Above it a transfer is declined with `limit_exceeded`; `i64` reaches a little
/// further, so that no sum in SQL can overflow.
pub const COUNTER_MINOR_MAX: i64 = 9_000_000_000_000_000_000;

/// The owner of the bank's own accounts: the nil UUID, which no user has.
pub const BANK_OWNER: uuid::Uuid = uuid::Uuid::nil();

#[cfg(test)]
mod tests;
