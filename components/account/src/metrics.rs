//! The figures of the ledger for operators.

use crate::ledger::head;
use strongroom_sdk::metrics::{Metric, count};
use strongroom_sdk::store::{Store, StoreError};

/// All in one statement, so that the numbers are of one moment.
const DECISIONS: &str = "\
SELECT 'accepted', transfer_sequence - (SELECT coalesce(sum(count), 0) FROM decline_count)
FROM journal_head
UNION ALL SELECT code, count FROM decline_count";

/// Reads the figures, each by a few rows: the journal itself may have millions.
pub fn metrics(store: &impl Store) -> Result<Vec<Metric>, StoreError> {
    Ok(vec![
        Metric::gauge(
            "journal_sequence",
            "Decisions that the journal has: the sequence of the last one.",
            head(store)?.cast_signed(),
        ),
        Metric::counters(
            "decisions_total",
            "Decisions of the ledger: those that were accepted, and the declines by their code.",
            "outcome",
            store.query(DECISIONS, &[])?.by_word()?,
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
