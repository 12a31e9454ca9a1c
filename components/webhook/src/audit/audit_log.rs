//! Each webhook is what the audit log made of it.

use crate::webhook::{COLUMNS, CREATED, DELETED, ENDED, RECEIVER_GONE, RESENT, Webhook};
use strongroom_sdk::audit::Check;
use strongroom_sdk::audit_log::{Step, check_targets};
use strongroom_sdk::store::{Row, Store, StoreError};

pub(super) fn check<S: Store>(store: &S) -> Result<Check, StoreError> {
    check_targets(
        store,
        "every webhook is what the audit log made of it",
        "webhook",
        format!("SELECT id, {COLUMNS} FROM webhook WHERE id > ?1 ORDER BY id LIMIT ?2"),
        is_made_by,
    )
}

/// Whether the webhook was created once, as what it is, has ended once if it has ended, and was
/// deleted once if it is deleted.
fn is_made_by(row: &Row, steps: Vec<Step>) -> Result<bool, StoreError> {
    let webhook = Webhook::from_row(&row.clone().behind(1))?;
    let mut expected = vec![(CREATED, Some(webhook.facts()))];
    let ended = (ENDED, Some(RECEIVER_GONE.to_owned()));
    expected.extend(webhook.ended_at_ms.map(|_| ended));
    expected.extend(webhook.is_deleted.then_some((DELETED, None)));
    let steps = steps.iter().filter(|step| step.action != RESENT);
    Ok(steps
        .map(|step| (step.action.as_str(), step.new_value.clone()))
        .eq(expected))
}
