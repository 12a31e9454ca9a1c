//! The webhook that a call names.

use crate::webhook::{self, Webhook};
use axum::http::StatusCode;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::Reader;
use uuid::Uuid;

/// The webhook of an id, if it is not deleted.
pub(super) fn find(from: &impl Reader, id: Uuid) -> Result<Webhook, Problem> {
    let found = webhook::find(from, id)?.filter(|webhook| !webhook.is_deleted);
    found.ok_or_else(Problem::not_found)
}

/// The webhook of an id, if events are sent to it.
pub(super) fn find_active(from: &impl Reader, id: Uuid) -> Result<Webhook, Problem> {
    let webhook = find(from, id)?;
    if webhook.ended_at_ms.is_some() {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "webhook_ended",
            "The webhook has ended, as its receiver is gone. Make another one.",
        ));
    }
    Ok(webhook)
}
