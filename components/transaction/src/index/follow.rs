//! Following the journal.

use super::rows;
use strongroom_ledger_api::{Journal, LedgerError};
use strongroom_sdk::store::{Rows, Store, StoreError, Transaction};

/// How many pages of the journal one tick follows.
pub const PAGES_PER_TICK_MAX: usize = 40;

/// The postings of one commit. With the most metadata and legs, they are written well within the
/// time of a write transaction.
const PAGE: u32 = 250;

const HEAD: &str = "SELECT sequence FROM listed_head";

/// Why the journal could not be followed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The store does not respond.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal ends before what was followed: it was restored without this store. `verify` says
    /// how to have the index made again.
    #[error("the index of transactions is ahead of the journal; `verify` says what to do")]
    Ahead,
    /// The ledger does not respond.
    #[error("the ledger: {0}")]
    Ledger(#[from] LedgerError),
}

/// Follows the journal to its end, or for so many pages; returns whether it came to the end.
///
/// # Errors
/// [`FollowError`]: what was committed stays, and the next call goes on from there.
pub fn follow(
    store: &impl Store,
    ledger: &impl Journal,
    pages_max: usize,
) -> Result<bool, FollowError> {
    let end = ledger.head()?;
    for _ in 0..pages_max {
        let after = head(&store.query(HEAD, &[])?)?.unsigned_abs();
        if is_at(after, end, ledger)? {
            return Ok(true);
        }
        let postings = ledger.journal(after, PAGE)?;
        let transaction = store.begin()?;
        // Another call may have followed the same page.
        if head(&transaction.query(HEAD, &[])?)?.unsigned_abs() == after {
            rows::insert(&transaction, &postings)?;
        }
        transaction.commit()?;
    }
    Ok(false)
}

/// Whether the index has all up to the end of the journal, as that was when the call began:
/// payments that come meanwhile are not waited for.
fn is_at(indexed: u64, end: u64, ledger: &impl Journal) -> Result<bool, FollowError> {
    // Another call may have followed what came meanwhile; a journal that was restored has less.
    if indexed > end && ledger.journal(indexed - 1, 1)?.is_empty() {
        return Err(FollowError::Ahead);
    }
    Ok(indexed >= end)
}

fn head(rows: &Rows) -> Result<i64, StoreError> {
    rows.rows.first().map_or(Ok(0), |row| row.integer(0))
}
