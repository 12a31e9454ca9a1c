//! The figures of standing orders and of the index for operators.

use crate::index::indexed_sequence;
use crate::service::{Env, Service};
use strongroom_ledger_api::Journal;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::metrics::{Metric, count};
use strongroom_sdk::store::StoreError;

/// An order is overdue when its date should have begun so many milliseconds ago: every tick begins
/// what is due.
const OVERDUE_MS: i64 = 60_000;

/// Reads the figures. Without the ledger there is no lag.
pub fn metrics<E: Env>(service: &Service<E>) -> Result<Vec<Metric>, StoreError> {
    let overdue_since = service.clock.now_ms().saturating_sub(OVERDUE_MS);
    let overdue = format!("schedule WHERE state = 'active' AND next_due_at_ms <= {overdue_since}");
    let indexed = indexed_sequence(&service.store)?;
    let mut metrics = vec![
        Metric::gauge(
            "index_sequence",
            "The sequence of the journal that the index of transactions has come to.",
            indexed.cast_signed(),
        ),
        Metric::gauge(
            "standing_orders_active",
            "Standing orders with a next date; at most 100,000 are counted.",
            count(&service.store, "schedule WHERE state = 'active'")?,
        ),
        Metric::gauge(
            "standing_orders_overdue",
            "Standing orders whose date should have begun more than a minute ago.",
            count(&service.store, &overdue)?,
        ),
    ];
    // After the index: it may be behind the journal, never ahead.
    if let Ok(end) = service.ledger.head() {
        metrics.push(Metric::gauge(
            "index_lag",
            "Decisions in the journal that the index of transactions does not have yet.",
            end.saturating_sub(indexed).cast_signed(),
        ));
    }
    Ok(metrics)
}

#[cfg(test)]
mod tests;
