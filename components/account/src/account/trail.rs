//! Reading the audit trail: one account's events newest first, or all of them in their order.

use super::event::{EVENT_COLUMNS, EVENT_HASH_COLUMN, EventRow};
use super::record::Account;
use strongroom_sdk::hash_chain::Hash;
use strongroom_sdk::store::{Row, Store, StoreError, Value};

const OF_ACCOUNT: &str = "\
FROM account_event JOIN account ON account.key = account_event.account_key
WHERE account_event.account_key = ?1 AND account_event.sequence < ?2 ORDER BY account_event.sequence DESC LIMIT ?3";

const AFTER: &str = "\
FROM account_event JOIN account ON account.key = account_event.account_key
WHERE account_event.sequence > ?1 ORDER BY account_event.sequence LIMIT ?2";

/// An event, its account's currency, and its hash.
#[derive(Debug)]
pub(crate) struct TrailRow {
    pub event: EventRow,
    /// Of the amounts in the event.
    pub currency: String,
    pub hash: Hash,
}

/// An account's events, newest first, below the sequence `before`, at most `limit`.
pub(crate) fn events_of<S: Store>(
    store: &S,
    account: &Account,
    before: i64,
    limit: i64,
) -> Result<Vec<TrailRow>, StoreError> {
    let params = [
        Value::from(account.key),
        Value::from(before),
        Value::from(limit),
    ];
    read(store, OF_ACCOUNT, &params)
}

/// All accounts' events above the sequence `after`, oldest first, at most `limit`.
pub(crate) fn events_after<S: Store>(
    store: &S,
    after: i64,
    limit: i64,
) -> Result<Vec<TrailRow>, StoreError> {
    read(store, AFTER, &[Value::from(after), Value::from(limit)])
}

fn read<S: Store>(store: &S, tail: &str, params: &[Value]) -> Result<Vec<TrailRow>, StoreError> {
    let sql = format!("SELECT {EVENT_COLUMNS}, account.currency {tail}");
    store
        .query(&sql, params)?
        .into_iter()
        .map(|row| TrailRow::from_row(&row))
        .collect()
}

impl TrailRow {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            event: EventRow::from_row(row)?,
            currency: row.text(EVENT_HASH_COLUMN + 1)?,
            hash: row.bytes32(EVENT_HASH_COLUMN)?,
        })
    }
}

#[cfg(test)]
mod tests;
