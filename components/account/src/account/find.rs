//! Finding accounts and their entries; each is one query.

use super::record::{Account, AccountEntry, account_sql};
use crate::ledger::Direction;
use strongroom_sdk::store::{Row, Store, StoreError, Transaction, Value};
use uuid::Uuid;

const BY_ID: &str = account_sql!("WHERE account.id = ?1 AND account.type <> 'settlement'");

const OF_OWNER: &str = account_sql!(
    "WHERE account.owner_id = ?1 AND account.type <> 'settlement' AND account.key < ?2
     ORDER BY account.key DESC LIMIT ?3"
);

const ENTRIES_OF: &str = "\
SELECT entry.transfer_sequence, entry.account_sequence, transfer.id, entry.direction, entry.amount_minor,
    entry.balance_after_minor, transfer.recorded_at_ms, transfer.reference
FROM entry JOIN transfer ON transfer.sequence = entry.transfer_sequence
WHERE entry.account_key = ?1 AND entry.transfer_sequence < ?2
ORDER BY entry.transfer_sequence DESC LIMIT ?3";

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

/// A user's accounts, newest first, below the key `before`, at most `limit`.
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

/// An account's entries, newest first, of transfers below the journal sequence `before`, at most `limit`.
pub fn entries_of<S: Store>(
    store: &S,
    account: &Account,
    before: i64,
    limit: i64,
) -> Result<Vec<AccountEntry>, StoreError> {
    let params = [
        Value::from(account.key),
        Value::from(before),
        Value::from(limit),
    ];
    store
        .query(ENTRIES_OF, &params)?
        .into_iter()
        .map(|row| {
            Ok(AccountEntry {
                transfer_sequence: row.integer(0)?,
                sequence: row.integer(1)?,
                transaction_id: row.uuid(2)?,
                direction: Direction::from_stored(&row.text(3)?)?,
                amount_minor: row.integer(4)?,
                balance_after_minor: row.integer(5)?,
                created_at_ms: row.integer(6)?,
                reference: row.optional(7, Row::text)?,
            })
        })
        .collect()
}
