//! The figures of deliveries for operators.

use crate::service::{Env, Service};
use strongroom_ledger_api::Journal;
use strongroom_sdk::metrics::{Metric, count};
use strongroom_sdk::store::{Reader, StoreError};

/// How many webhooks are sent to, and where the one stands that is the furthest behind.
const CURSOR: &str = "\
SELECT count(*), coalesce(min(cursor), 0) FROM webhook
WHERE deleted_at_ms IS NULL AND ended_at_ms IS NULL";

/// Joined this way round, the index of what is due finds the rows.
const PENDING: &str = "webhook CROSS JOIN webhook_delivery ON webhook_key = key
WHERE deleted_at_ms IS NULL AND state = 'pending'";

/// Reads the figures. Without the ledger there is no lag, and without a webhook it is 0.
pub fn metrics<E: Env>(service: &Service<E>) -> Result<Vec<Metric>, StoreError> {
    let row = service.store.query(CURSOR, &[])?;
    let row = row.first_or("a count has no row")?;
    let (webhooks, cursor) = (row.integer(0)?, row.integer(1)?);
    let mut metrics = vec![
        Metric::gauge("webhooks", "Webhooks that events are sent to.", webhooks),
        Metric::gauge(
            "webhook_deliveries_pending",
            "Deliveries that wait for their first attempt or for another one.",
            count(&service.store, PENDING)?,
        ),
    ];
    // After the cursors: they may be behind the journal, never ahead.
    if let Ok(end) = service.journal.head() {
        let lag = if webhooks == 0 {
            0
        } else {
            end.saturating_sub(cursor.unsigned_abs())
        };
        metrics.push(Metric::gauge(
            "webhook_lag",
            "Decisions in the journal that the slowest webhook has not come to.",
            lag.cast_signed(),
        ));
    }
    Ok(metrics)
}

#[cfg(test)]
mod tests;
