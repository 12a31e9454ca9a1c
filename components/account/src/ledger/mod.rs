//! The ledger of record: double entry, one commit per decision.
//!
//! Read in this order: [`validate`] (what a transfer must look like), [`situation`] (what the store
//! says before the decision), [`decide`] (the decision, pure), [`movement`] (what it does to
//! balances, pure), [`write`] (its rows), [`post`] (the whole), [`chain`] (the tamper evidence),
//! [`read`] (questions later). [`batch`] does the same for many at once, on a [`book`] in memory,
//! and [`batch_record`] keeps what a batch was; [`judge`] decides without recording; [`expire`]
//! ends holds; [`local`] is all of it behind the ledger's interfaces.

mod batch;
mod chain;
mod decide;
mod expire;
mod journal;
mod judge;
mod local;
mod movement;
mod post;
mod read;
mod settlement;
mod state;
mod validate;
mod write;

pub use batch::post_batch;
pub(crate) use batch::{BATCH_COLUMNS, BATCH_HASH_COLUMN, BatchRow, LINES};
pub(crate) use chain::hash as chain_hash;
pub use expire::{EXPIRIES_MAX, expire_holds};
pub use journal::{AccountOfRow, Direction, Entry, JournalRow, OriginalRef};
pub(crate) use journal::{JOURNAL_ROW_COLUMNS, journal_row_sql};
pub use local::LocalLedger;
pub use post::{cancel, post};
pub use read::{history, journal, journal_of, lookup_many};

/// The largest value of a counter, in minor units. Above it a transfer is declined with `limit_exceeded`; `i64` reaches a little
/// further, so that no sum in SQL can overflow.
pub const COUNTER_MINOR_MAX: i64 = 9_000_000_000_000_000_000;

/// The owner of the bank's own accounts: the nil UUID, which no user has.
pub const BANK_OWNER: uuid::Uuid = uuid::Uuid::nil();

#[cfg(test)]
mod tests;
