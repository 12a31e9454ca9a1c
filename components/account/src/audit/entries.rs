//! Reads the entries of an audit.

use crate::account::Direction;
use crate::ledger::Entry;
use strongroom_sdk::store::{Row, StoreError};

/// The columns that [`entry`] reads.
pub const ENTRY_COLUMNS: &str = "sequence, transfer_sequence, account_key, account_sequence, \
     (direction = 'credit') - (direction = 'debit'), amount_minor, balance_after_minor";
/// Reads a row of [`ENTRY_COLUMNS`].
pub fn entry(row: &Row) -> Result<Entry, StoreError> {
    Ok(Entry {
        sequence: row.integer(0)?,
        account_key: row.integer(2)?,
        account_sequence: row.integer(3)?,
        // A number crosses into the component in a fraction of a word's time.
        direction: match row.integer(4)? {
            1 => Direction::Credit,
            -1 => Direction::Debit,
            _ => return Err(StoreError::Row("an unknown direction".to_owned())),
        },
        amount_minor: row.integer(5)?,
        balance_after_minor: row.integer(6)?,
    })
}
