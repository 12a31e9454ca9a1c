//! Finding accounts, each with one query.

use super::record::{Account, account_sql};
use strongroom_sdk::store::{Store, StoreError, Transaction, Value};
use uuid::Uuid;

const BY_ID: &str = account_sql!("WHERE account.id = ?1 AND account.type <> 'settlement'");

const OF_OWNER: &str = account_sql!(
    "WHERE account.owner_id = ?1 AND account.type <> 'settlement' AND account.key < ?2
     ORDER BY account.key DESC LIMIT ?3"
);

/// The customer's account of an id, if there is one.
pub fn by_id<S: Store>(store: &S, id: Uuid) -> Result<Option<Account>, StoreError> {
    let row = store.query(BY_ID, &[id.into()])?.first();
    row.map(|row| Account::from_row(&row)).transpose()
}

/// As [`by_id`], inside a write transaction.
pub(super) fn by_id_within(
    transaction: &impl Transaction,
    id: Uuid,
) -> Result<Option<Account>, StoreError> {
    let row = transaction.query(BY_ID, &[id.into()])?.first();
    row.map(|row| Account::from_row(&row)).transpose()
}

/// A user's accounts, newest first, with a key below `before`, at most `limit`.
pub fn of_owner<S: Store>(
    store: &S,
    owner_id: Uuid,
    before: i64,
    limit: i64,
) -> Result<Vec<Account>, StoreError> {
    let params = [
        Value::from(owner_id),
        Value::from(before),
        Value::from(limit),
    ];
    store
        .query(OF_OWNER, &params)?
        .into_iter()
        .map(|row| Account::from_row(&row))
        .collect()
}
