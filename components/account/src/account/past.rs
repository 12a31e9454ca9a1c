//! An account's balance at a moment in the past: two searches of an index, however long its
//! history.
//!
//! The journal's times never go back, so the rows recorded by a moment are those up to one
//! sequence. The account's newest entry up to that sequence has the balance after it.
//!
//! A moment that the journal has passed is final. Where nothing was recorded since, a written row
//! of that moment may not be on disk yet: then the query runs in a write transaction, whose commit
//! waits for the disk. Either way the balance of a moment never changes.

use super::record::Account;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::store::{Reader, Rows, Store, StoreError, Transaction, Value};

/// `?1` is the account's key, `?2` the moment.
const AT: &str = "\
SELECT head.recorded_at_ms > ?2,
    coalesce((SELECT balance_after_minor FROM entry
        WHERE account_key = ?1 AND transfer_sequence <=
            (SELECT sequence FROM transfer WHERE recorded_at_ms <= ?2
            ORDER BY recorded_at_ms DESC, sequence DESC LIMIT 1)
        ORDER BY transfer_sequence DESC LIMIT 1), 0)
FROM journal_head AS head WHERE head.singleton = 1";

/// The account's balance at the end of the millisecond `at_ms`, in minor units; zero before its
/// first entry. None where the millisecond is not over.
pub fn balance_at<S: Store>(
    store: &S,
    clock: &impl Clock,
    account: &Account,
    at_ms: i64,
) -> Result<Option<i64>, StoreError> {
    if at_ms >= clock.now_ms() {
        return Ok(None);
    }
    let params = [Value::from(account.key), Value::from(at_ms)];
    let (is_passed, balance_minor) = read(store.query(AT, &params)?)?;
    if is_passed {
        return Ok(Some(balance_minor));
    }
    let transaction = store.begin()?;
    let (_, balance_minor) = read(transaction.query(AT, &params)?)?;
    // The row that was read may not be on disk yet: the commit waits for the disk.
    transaction.commit()?;
    Ok(Some(balance_minor))
}

fn read(rows: Rows) -> Result<(bool, i64), StoreError> {
    let row = rows.first_or("the journal has no head")?;
    Ok((row.integer(0)? != 0, row.integer(1)?))
}

#[cfg(test)]
mod tests;
