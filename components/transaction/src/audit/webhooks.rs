//! Webhooks: none is ahead of the journal that it follows.

use super::AuditError;
use crate::event::Journal;
use crate::webhook;
use strongroom_sdk::audit::{Check, Report};
use strongroom_sdk::store::{Store, Value};

const COUNT: &str = "SELECT count(*) FROM webhook";

const AHEAD: &str = "SELECT key, cursor FROM webhook WHERE cursor > ?1 ORDER BY key LIMIT 20";

/// What was passed before it was passed, or is of nobody, or in a state that is none.
const STRAY: &str = "\
SELECT delivery.webhook_key, delivery.sequence FROM webhook_delivery AS delivery LEFT JOIN webhook ON webhook.key = delivery.webhook_key
WHERE webhook.key IS NULL OR delivery.sequence > webhook.cursor
    OR (delivery.state = 'pending') <> (delivery.next_attempt_at_ms IS NOT NULL)
    OR (delivery.state = 'delivered') <> (delivery.delivered_at_ms IS NOT NULL)
    OR delivery.state NOT IN ('pending', 'delivered', 'dead')
LIMIT 20";

/// Checks every webhook, and what it has to deliver.
pub(super) fn check<S: Store, J: Journal>(
    store: &S,
    journal: &J,
    report: &mut Report,
) -> Result<(), AuditError> {
    let mut check = Check::new("no webhook, and nothing that it delivers, is ahead of the journal");
    check.examined = super::number(store, COUNT)?.unsigned_abs();
    if check.examined > 0 {
        let head = i64::try_from(webhook::head(journal)?).unwrap_or(i64::MAX);
        for row in store.query(AHEAD, &[Value::from(head)])? {
            let (key, cursor) = (row.integer(0)?, row.integer(1)?);
            check.require(false, || {
                format!("webhook {key}: stands at {cursor}, and the journal ends at {head}")
            });
        }
    }
    for row in store.query(STRAY, &[])? {
        let (key, sequence) = (row.integer(0)?, row.integer(1)?);
        check.require(false, || {
            format!("webhook delivery {sequence} of webhook {key}: is not one of that webhook, or not yet, or in no state")
        });
    }
    report.checks.push(check);
    Ok(())
}
