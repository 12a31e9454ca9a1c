//! No webhook is ahead of the journal that it follows, and no delivery ahead of its webhook.

use crate::Error;
use crate::delivery::{Place, of_another_journal};
use crate::webhook::integer;
use strongroom_ledger_api::Journal;
use strongroom_sdk::audit::Check;
use strongroom_sdk::store::Store;

const COUNT: &str = "SELECT count(*) FROM webhook";

const AHEAD: &str = "SELECT key, cursor FROM webhook WHERE cursor > ?1 ORDER BY key LIMIT 20";

/// Deliveries of no webhook, of an event that their webhook has not passed, or in no state.
const STRAY: &str = "\
SELECT delivery.webhook_key, delivery.sequence
FROM webhook_delivery AS delivery LEFT JOIN webhook ON webhook.key = delivery.webhook_key
WHERE webhook.key IS NULL OR delivery.sequence > webhook.cursor
    OR (delivery.state = 'pending') <> (delivery.next_attempt_at_ms IS NOT NULL)
    OR (delivery.state = 'delivered') <> (delivery.delivered_at_ms IS NOT NULL)
    OR delivery.state NOT IN ('pending', 'delivered', 'dead')
LIMIT 20";

pub(super) fn check<S: Store>(store: &S, journal: &impl Journal) -> Result<Check, Error> {
    let mut check = Check::new(
        "no webhook, and nothing that it delivers, is ahead of the journal or of another one",
    );
    check.examined = store.query(COUNT, &[])?.number()?.unsigned_abs();
    let head = journal.head()?;
    for row in store.query(AHEAD, &[integer(head)])? {
        let (key, cursor) = (row.integer(0)?, row.integer(1)?);
        check.violation(format!(
            "webhook {key}: stands at {cursor}, and the journal ends at {head}"
        ));
    }
    for Place { key, cursor } in of_another_journal(store, journal)? {
        if cursor <= head {
            check.violation(format!(
                "webhook {key}: stands at {cursor}, where it has passed another transaction"
            ));
        }
    }
    for row in store.query(STRAY, &[])? {
        let (key, sequence) = (row.integer(0)?, row.integer(1)?);
        check.violation(format!(
            "webhook delivery {sequence} of webhook {key}: is not one of that webhook, or not \
             yet, or in no state"
        ));
    }
    Ok(check)
}
