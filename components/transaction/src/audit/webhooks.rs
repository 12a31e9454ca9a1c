//! Webhooks: none is ahead of the journal that it follows, and each is what the audit log made of it.

use super::AuditError;
use crate::event::Journal;
use crate::webhook::{self, CREATED, DELETED, WEBHOOK_COLUMNS, Webhook};
use strongroom_sdk::audit::{Check, PAGE_ROWS, Pages, Report};
use strongroom_sdk::audit_log::check_chain;
use strongroom_sdk::store::{Row, Store, StoreError, Value};

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

/// How often the log says that a webhook was made, as what, and how often that it was deleted.
const TOLD: &str = "\
SELECT (SELECT count(*) FROM audit_log WHERE target = ?1 AND action = ?2), \
    (SELECT new_value FROM audit_log WHERE target = ?1 AND action = ?2), \
    (SELECT count(*) FROM audit_log WHERE target = ?1 AND action = ?3)";

/// Those of which the log tells, and which are not there.
const MISSING: &str = "\
SELECT target FROM audit_log
WHERE action BETWEEN 'webhook.' AND 'webhook/' AND target NOT IN (SELECT id FROM webhook) LIMIT 20";

/// Checks that each webhook was made, and deleted, by an event of the audit log.
pub(super) fn check_log<S: Store>(store: &S, report: &mut Report) -> Result<(), StoreError> {
    check_chain(
        store,
        "the audit log of webhooks has no gaps, and its hash chain verifies up to its head",
        "audit log of webhooks",
        report,
    )?;
    let mut check = Check::new("every webhook is what the audit log made of it");
    let sql = format!("SELECT {WEBHOOK_COLUMNS} FROM webhook WHERE key > ?1 ORDER BY key LIMIT ?2");
    for row in Pages::new(store, sql, [Value::from(i64::MIN)], PAGE_ROWS) {
        let row = row?;
        check.examine();
        let webhook = match Webhook::from_row(&row) {
            Ok(webhook) => webhook,
            Err(error) => {
                let key = row.integer(0)?;
                check.require(false, || format!("webhook {key}: {error}"));
                continue;
            }
        };
        let told = store.query(
            TOLD,
            &[
                Value::from(webhook.id),
                Value::from(CREATED),
                Value::from(DELETED),
            ],
        )?;
        let Some(told) = told.first() else { continue };
        let (creations, deletions) = (told.integer(0)?, told.integer(2)?);
        let made_as = told.optional(1, Row::text)?;
        let made_as = made_as.and_then(|text| serde_json::from_str(&text).ok());
        let is_so = (creations, deletions) == (1, i64::from(webhook.is_deleted))
            && made_as == Some(webhook::facts(&webhook));
        check.require(is_so, || {
            format!(
                "webhook {} ({}): is not what the audit log made of it",
                webhook.key, webhook.id
            )
        });
    }
    for row in store.query(MISSING, &[])? {
        let id = row.uuid(0)?;
        check.require(false, || {
            format!("webhook ({id}): the audit log tells of it, and it is not there")
        });
    }
    report.checks.push(check);
    Ok(())
}

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
