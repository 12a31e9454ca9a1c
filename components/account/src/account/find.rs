//! Finding an account by its id.

use super::record::{Account, account_sql};
use strongroom_sdk::store::{Reader, StoreError};
use uuid::Uuid;

const BY_ID: &str = account_sql!("WHERE account.id = ?1 AND account.type <> 'settlement'");

/// The account of an id, if there is one. It is never a settlement account.
pub fn by_id(from: &impl Reader, id: Uuid) -> Result<Option<Account>, StoreError> {
    from.query(BY_ID, &[id.into()])?.one(Account::from_row)
}
