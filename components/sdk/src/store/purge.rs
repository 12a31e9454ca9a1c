//! Deleting what a service no longer needs, from its tick.

use super::{Store, StoreError, Transaction, Value};

/// Deletes the rows of `table` whose `key` the query `selected` returns, with the next group. The
/// query bounds how long the writer is held.
///
/// # Errors
/// [`StoreError`]: the next tick deletes them.
pub fn purge<S: Store>(
    store: &S,
    table: &str,
    key: &str,
    selected: &str,
    params: &[Value],
) -> Result<(), StoreError> {
    // Most ticks find nothing, and then need no turn of the writer.
    if store.query(selected, params)?.rows.is_empty() {
        return Ok(());
    }
    let transaction = store.begin()?;
    let sql = format!("DELETE FROM {table} WHERE {key} IN ({selected})");
    transaction.execute(&sql, params)?;
    transaction.commit_later()
}
