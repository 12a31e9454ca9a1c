//! Following the journal.

use super::rows;
use super::search::Read;
use crate::service::{Env, Service};
use strongroom_ledger_api::{Journal, LedgerError};
use strongroom_sdk::store::{Rows, Store, StoreError, Transaction};

/// How many pages of the journal one tick follows.
pub const PAGES_PER_TICK_MAX: usize = 40;

/// The postings of one commit. With the most metadata and legs, they are written well within the
/// time of a write transaction.
const PAGE: u32 = 250;

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
    let (ledger, end) = (&service.ledger, service.ledger.head()?);
    let transaction = service.store.begin()?;
    for _ in 0..pages_max {
        let after = head(&transaction.query(HEAD, &[])?)?.unsigned_abs();
        if is_at(after, end, ledger)? {
            return Ok(read(&|sql, values| transaction.query(sql, values))?);
        }
        rows::insert(&transaction, &ledger.journal(after, PAGE)?)?;
    }
    Err(FollowError::Behind)
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
