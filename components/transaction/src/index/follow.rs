//! Following the journal.

use super::rows;
use crate::service::{Env, Service};
use strongroom_ledger_api::{JOURNAL_LIMIT_MAX, Journal, LedgerError};
use strongroom_sdk::store::{Rows, Store, StoreError, Transaction};

/// How many pages of the journal one tick follows.
pub(crate) const PAGES_PER_TICK_MAX: usize = 10;

const HEAD: &str = "SELECT sequence FROM listed_head";

/// Why the journal could not be followed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The store does not respond.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ledger does not respond.
    #[error("the ledger: {0}")]
    Ledger(#[from] LedgerError),
}

/// Follows the journal to its end, or for so many pages; returns whether it came to the end.
///
/// # Errors
/// [`FollowError`]: what was committed stays, and the next call goes on from there.
pub(crate) fn follow<E: Env>(service: &Service<E>, pages_max: usize) -> Result<bool, FollowError> {
    for _ in 0..pages_max {
        let after = head(&service.store.query(HEAD, &[])?)?;
        let postings = service
            .ledger
            .journal(after.unsigned_abs(), JOURNAL_LIMIT_MAX)?;
        if postings.is_empty() {
            return Ok(true);
        }
        let transaction = service.store.begin()?;
        // Another call may have followed the same page.
        if head(&transaction.query(HEAD, &[])?)? == after {
            rows::insert(&transaction, &postings)?;
        }
        transaction.commit()?;
    }
    Ok(false)
}

fn head(rows: &Rows) -> Result<i64, StoreError> {
    rows.rows.first().map_or(Ok(0), |row| row.integer(0))
}
