//! Finding an account by its id.

use super::record::{Account, account_sql};
use strongroom_sdk::store::{Store, StoreError, Transaction};
use uuid::Uuid;

const BY_ID: &str = account_sql!("WHERE account.id = ?1 AND account.type <> 'settlement'");

/// The account of an id, if there is one. It is never a settlement account.
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
