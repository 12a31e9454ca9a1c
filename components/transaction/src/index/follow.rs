//! Following the journal.

use super::rows;
use super::search::Read;
use crate::service::{Env, Service};
use strongroom_ledger_api::{JOURNAL_LIMIT_MAX, Journal, LedgerError};
use strongroom_sdk::store::{Rows, Store, StoreError, Transaction};

/// How many pages of the journal one tick follows.
pub const PAGES_PER_TICK_MAX: usize = 10;

/// How often a transaction that was lost with others is begun again.
const ATTEMPTS_MAX: usize = 4;

const HEAD: &str = "SELECT sequence FROM listed_head";

/// Why the journal could not be followed.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The store does not respond.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal is further ahead than one call follows.
    #[error("the journal is too far ahead")]
    Behind,
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
    for _ in 0..pages_max {
        let after = head(&store.query(HEAD, &[])?)?;
        let postings = ledger.journal(after.unsigned_abs(), JOURNAL_LIMIT_MAX)?;
        if postings.is_empty() {
            return Ok(true);
        }
        let transaction = store.begin()?;
        // Another call may have followed the same page.
        if head(&transaction.query(HEAD, &[])?)? == after {
            rows::insert(&transaction, &postings)?;
        }
        transaction.commit()?;
    }
    Ok(false)
}

/// Reads the index as it is at the end of the journal.
///
/// Where the store cannot keep what is missing, as the disk is full, that is in a transaction which
/// is rolled back: a bank without room goes on reading.
///
/// # Errors
/// [`FollowError`].
pub(crate) fn at_the_end<E: Env, T>(
    service: &Service<E>,
    pages_max: usize,
    read: impl Fn(Read<'_>) -> Result<T, StoreError>,
) -> Result<T, FollowError> {
    match follow(&service.store, &service.ledger, pages_max) {
        Ok(true) => Ok(read(&|sql, values| service.store.query(sql, values))?),
        Ok(false) => Err(FollowError::Behind),
        Err(FollowError::Store(_)) => {
            // A commit of others that fails takes the transaction with it.
            let mut outcome = read_ahead(service, pages_max, &read);
            for _ in 1..ATTEMPTS_MAX {
                if !matches!(outcome, Err(FollowError::Store(StoreError::Aborted(_)))) {
                    break;
                }
                outcome = read_ahead(service, pages_max, &read);
            }
            outcome
        }
        Err(error) => Err(error),
    }
}

fn read_ahead<E: Env, T>(
    service: &Service<E>,
    pages_max: usize,
    read: &impl Fn(Read<'_>) -> Result<T, StoreError>,
) -> Result<T, FollowError> {
    let transaction = service.store.begin()?;
    for _ in 0..pages_max {
        let after = head(&transaction.query(HEAD, &[])?)?;
        let postings = service
            .ledger
            .journal(after.unsigned_abs(), JOURNAL_LIMIT_MAX)?;
        if postings.is_empty() {
            return Ok(read(&|sql, values| transaction.query(sql, values))?);
        }
        rows::insert(&transaction, &postings)?;
    }
    Err(FollowError::Behind)
}

fn head(rows: &Rows) -> Result<i64, StoreError> {
    rows.rows.first().map_or(Ok(0), |row| row.integer(0))
}
