//! The figures of the ledger for operators.

use strongroom_sdk::metrics::{Metric, count};
use strongroom_sdk::store::{Store, StoreError};

const HEAD: &str = "SELECT transfer_sequence FROM journal_head";

/// Reads the figures, each by a few rows: the journal itself may have millions.
///
/// # Errors
/// [`StoreError`].
pub fn metrics(store: &impl Store) -> Result<Vec<Metric>, StoreError> {
    let head = store
        .query(HEAD, &[])?
        .first_or("the journal has no head")?;
    Ok(vec![
        Metric::gauge(
            "journal_sequence",
            "Decisions that the journal has: the sequence of the last one.",
            head.integer(0)?,
        ),
        Metric::gauge(
            "holds_open",
            "Holds that are neither captured, voided, nor expired; at most 100,000 are counted.",
            count(store, "open_hold")?,
        ),
    ])
}

#[cfg(test)]
mod tests;
