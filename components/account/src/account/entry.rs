//! The entries of an account, as its owner sees them.

use super::record::Account;
use sha2::{Digest, Sha256};
use strongroom_sdk::page::Window;
use strongroom_sdk::store::{Row, Store, StoreError};
use uuid::Uuid;

pub use strongroom_ledger_api::Direction;

const ENTRIES_OF: &str = "\
SELECT entry.transfer_sequence, entry.account_sequence, transfer.id, entry.direction,
    entry.amount_minor, entry.balance_after_minor, transfer.recorded_at_ms, transfer.reference
FROM entry JOIN transfer ON transfer.sequence = entry.transfer_sequence
WHERE entry.account_key = ?1 AND entry.transfer_sequence {beyond} ?2
ORDER BY entry.transfer_sequence {order} LIMIT ?3";

/// An entry of an account, with the id, time, and reference of its transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountEntry {
    /// The place of its transfer in the journal; pages are cut by it.
    pub transfer_sequence: i64,
    /// The place among the account's entries: 1, 2, 3, .. without gaps.
    pub sequence: i64,
    /// The transfer it belongs to.
    pub transaction_id: Uuid,
    /// Debit or credit.
    pub direction: Direction,
    /// Minor units.
    pub amount_minor: i64,
    /// The account's balance after it.
    pub balance_after_minor: i64,
    /// When it was posted, in milliseconds since 1970 UTC.
    pub created_at_ms: i64,
    /// The text that the parties see.
    pub reference: Option<String>,
}

impl AccountEntry {
    /// Reads the first eight columns of a row: they are in the order of the fields.
    pub(crate) fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            transfer_sequence: row.integer(0)?,
            sequence: row.integer(1)?,
            transaction_id: row.uuid(2)?,
            direction: Direction::from_row(row, 3)?,
            amount_minor: row.integer(4)?,
            balance_after_minor: row.integer(5)?,
            created_at_ms: row.integer(6)?,
            reference: row.optional(7, Row::text)?,
        })
    }

    /// The entry's id (UUID v8) is a hash of its transfer and account, so it needs no room in the
    /// ledger's largest table.
    pub fn id(&self, account: &Account) -> Uuid {
        let digest = Sha256::new()
            .chain_update(self.transaction_id.as_bytes())
            .chain_update(account.id.as_bytes())
            .finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }
}

/// A page of an account's entries, by the sequence of their transfers.
pub fn entries_of<S: Store>(
    store: &S,
    account: &Account,
    window: &Window,
) -> Result<Vec<AccountEntry>, StoreError> {
    let params = [account.key.into(), window.key(), window.fetch.into()];
    store
        .query(&window.sql(ENTRIES_OF), &params)?
        .all(AccountEntry::from_row)
}
