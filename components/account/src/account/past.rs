//! What an account's balance was at a moment of the past, exactly: two searches of an index, whatever the length of its history.
//!
//! The journal's times never go back, so the rows that were recorded by a moment are those up to one sequence. The newest entry of the
//! account up to that sequence says the balance after it.
//!
//! A moment that the journal has passed is settled. One that it has not, as nothing was recorded since, may still see a row that is
//! written but not yet on disk; then the question takes a turn of the writer, behind whatever was recorded before. Either way the same
//! question has the same answer for ever.

use super::record::Account;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::store::{Rows, Store, StoreError, Transaction, Value};

/// `?1` the account's key, `?2` the moment.
const AT: &str = "\
SELECT head.recorded_at_ms > ?2,
    coalesce((SELECT balance_after_minor FROM entry
        WHERE account_key = ?1 AND transfer_sequence <=
            (SELECT sequence FROM transfer WHERE recorded_at_ms <= ?2 ORDER BY recorded_at_ms DESC, sequence DESC LIMIT 1)
        ORDER BY transfer_sequence DESC LIMIT 1), 0)
FROM journal_head AS head WHERE head.singleton = 1";

/// Why there is no such balance.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PastError {
    /// The moment is not over.
    #[error("the moment is not in the past")]
    NotPast,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The account's balance when the millisecond `at_ms` was over, in minor units; before its first entry, zero.
///
/// # Errors
/// [`PastError`].
pub fn balance_at<S: Store>(
    store: &S,
    clock: &impl Clock,
    account: &Account,
    at_ms: i64,
) -> Result<i64, PastError> {
    if at_ms >= clock.now_ms() {
        return Err(PastError::NotPast);
    }
    let params = [Value::from(account.key), Value::from(at_ms)];
    let (passed, balance_minor) = read(store.query(AT, &params)?)?;
    if passed {
        return Ok(balance_minor);
    }
    let transaction = store.begin()?;
    let (_, balance_minor) = read(transaction.query(AT, &params)?)?;
    // What was read may be of an earlier turn of the group: the commit waits until it is on disk.
    transaction.commit()?;
    Ok(balance_minor)
}

fn read(rows: Rows) -> Result<(bool, i64), StoreError> {
    let row = rows.first_or("the journal has no head")?;
    Ok((row.integer(0)? != 0, row.integer(1)?))
}

#[cfg(test)]
mod tests;
