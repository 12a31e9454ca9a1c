//! The calls that list deliveries, and have one sent again.

use super::audit_log::RESENT;
use super::view::DeliveryView;
use super::{Service, WHO_CHANGES, WHO_READS};
use crate::{delivery, webhook};
use axum::http::StatusCode;
use strongroom_sdk::audit_log::{Actor, Record};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::http::RequestId;
use strongroom_sdk::identity::Identity;
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::{Store, Transaction};
use uuid::Uuid;

/// `GET /{id}/deliveries`: admin, auditor; newest event first.
///
/// # Errors
/// 403, 404.
pub fn list_deliveries<S: Store>(
    store: &S,
    identity: &Identity,
    id: Uuid,
    page: &Page<u64>,
) -> Result<List<DeliveryView>, Problem> {
    identity.require(WHO_READS)?;
    let webhook = webhook::peek(store, id)?
        .filter(|webhook| !webhook.is_deleted)
        .ok_or_else(Problem::not_found)?;
    let before = page.after.unwrap_or(u64::MAX);
    let found = delivery::list(store, webhook.key, before, page.fetch())?;
    let list = List::new(found, page, |delivery| delivery.sequence);
    Ok(list.map(DeliveryView::from))
}

/// `POST /{id}/deliveries/{sequence}/resend`: admin. The delivery is sent with the next tick, and
/// tried as long as a new one.
///
/// # Errors
/// 403, 404; 409 `webhook_ended`.
pub fn resend_delivery<S: Store, R>(
    service: &Service<S, impl Clock, R>,
    (identity, request_id): (&Identity, RequestId),
    id: Uuid,
    sequence: u64,
) -> Result<DeliveryView, Problem> {
    identity.require(WHO_CHANGES)?;
    let transaction = service.store.begin()?;
    let webhook = webhook::find(&transaction, id)?
        .filter(|webhook| !webhook.is_deleted)
        .ok_or_else(Problem::not_found)?;
    if webhook.ended_at_ms.is_some() {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "webhook_ended",
            "The webhook has ended, as its receiver is gone. Make another one.",
        ));
    }
    let now_ms = service.clock.now_ms();
    let delivery = delivery::resend(&transaction, webhook.key, sequence, now_ms)?
        .ok_or_else(Problem::not_found)?;
    Record {
        at_ms: now_ms,
        actor: Actor::new(identity, request_id),
        action: RESENT.into(),
        target: id,
        old_value: None,
        new_value: Some(sequence.to_string()),
    }
    .append(&transaction)?;
    transaction.commit()?;
    Ok(delivery.into())
}
