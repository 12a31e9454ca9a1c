//! The webhook that a call names.

use crate::webhook::{self, Webhook};
use axum::http::StatusCode;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::{Store, Transaction};
use uuid::Uuid;

/// The webhook of an id, if it is not deleted, on a snapshot.
///
/// # Errors
/// 404.
pub(super) fn read(store: &impl Store, id: Uuid) -> Result<Webhook, Problem> {
    webhook::read(store, id)?.ok_or_else(Problem::not_found)
}

/// The webhook of an id, if it is not deleted.
///
/// # Errors
/// 404.
pub(super) fn find(transaction: &impl Transaction, id: Uuid) -> Result<Webhook, Problem> {
    let found = webhook::find(transaction, id)?.filter(|webhook| !webhook.is_deleted);
    found.ok_or_else(Problem::not_found)
}

/// The webhook of an id, if events are sent to it.
///
/// # Errors
/// 404; 409 `webhook_ended`.
pub(super) fn find_active(transaction: &impl Transaction, id: Uuid) -> Result<Webhook, Problem> {
    active(find(transaction, id)?)
}

/// A webhook, if events are sent to it.
///
/// # Errors
/// 409 `webhook_ended`.
pub(super) fn active(webhook: Webhook) -> Result<Webhook, Problem> {
    if webhook.ended_at_ms.is_some() {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "webhook_ended",
            "The webhook has ended, as its receiver is gone. Make another one.",
        ));
    }
    Ok(webhook)
}
