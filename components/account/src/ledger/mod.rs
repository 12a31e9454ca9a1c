//! The ledger of record: double entry, one commit per decision.
//!
//! Read in this order:
//! - [`validate`]: the fields of a transfer;
//! - [`authority`]: which accounts a request may name;
//! - [`state`]: what a decision depends on;
//! - [`decide`]: the decision (pure);
//! - [`movement`]: its effect on the balances (pure);
//! - [`journal`], [`row_legs`], [`columns`], [`write`], [`chain`]: its rows and their hashes;
//!   [`decline_count`]: the numbers of declines;
//! - [`post`]: all of this for one transfer; [`batch`]: for many; [`legs`]: for a posting of
//!   several legs; [`judge`]: without recording;
//! - [`expire`]: the sweep of expired holds; [`settlement`]: the settlement accounts;
//! - [`read`]: queries of the journal;
//! - [`local`]: the ledger's interfaces.

mod authority;
mod batch;
mod chain;
mod columns;
mod decide;
mod decline_count;
mod expire;
mod head;
mod journal;
mod judge;
mod legs;
mod local;
mod movement;
mod post;
mod read;
mod row_legs;
mod settlement;
mod state;
mod validate;
mod write;

pub use batch::post_batch;
pub(crate) use batch::{BATCH_COLUMNS, BATCH_HASH_COLUMN, BatchRow};
pub(crate) use chain::hash as chain_hash;
pub(crate) use decline_count::{DeclineCounts, decline_counts};
pub use expire::{EXPIRIES_MAX, expire_holds};
pub use journal::{AccountOfRow, Entry, JournalRow, OriginalRef};
pub(crate) use journal::{ENTRY_COLUMNS, JOURNAL_ROW_COLUMNS, journal_row_sql};
pub use local::LocalLedger;
pub use post::{cancel, post};
pub use read::{head, journal, journal_of, lookup_many};
pub(crate) use row_legs::{from_row as legs_from_row, is_balanced, mirrored};

/// The largest value of a counter, in minor units; a transfer beyond it is declined with
/// `limit_exceeded`. `i64` reaches a little further, so that no sum in SQL overflows.
pub const COUNTER_MINOR_MAX: i64 = 9_000_000_000_000_000_000;

#[cfg(test)]
mod tests;
