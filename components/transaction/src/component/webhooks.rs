//! The routes of the webhooks.

use super::ledger::LinkedLedger;
use crate::api;
use crate::drive::Answer;
use crate::idempotency::IdempotencyKey;
use crate::webhook::{DeliveryView, Hub, LogFilter, LogView, WebhookBody, WebhookView};
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use strongroom_sdk::clock::SystemClock;
use strongroom_sdk::http::client::HostClient;
use strongroom_sdk::http::{PathId, RequestId};
use strongroom_sdk::identity::{Identity, Role};
use strongroom_sdk::json::{Json, NoBody};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::query::{NoParameters, Query};
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::HostStore;
use uuid::Uuid;

/// What deliveries need of the world: all of it is the host's.
pub(super) const HUB: Hub<HostStore, LinkedLedger, HostClient, SystemClock> = Hub {
    store: HostStore,
    journal: LinkedLedger,
    client: HostClient,
    clock: SystemClock,
};

pub(super) fn routes() -> Router {
    Router::new()
        .route("/webhooks", post(create).get(list))
        .route("/webhooks/audit-log", get(log))
        .route("/webhooks/{id}", delete(remove))
        .route("/webhooks/{id}/deliveries", get(deliveries))
        .route("/webhooks/{id}/deliveries/{sequence}/resend", post(resend))
}

async fn create(
    identity: Identity,
    request_id: RequestId,
    key: Result<IdempotencyKey, Problem>,
    body: Result<Json<WebhookBody>, Problem>,
) -> Result<Answer, Problem> {
    // Before the body is judged: who may not call this learns nothing about what it takes.
    identity.require(&[Role::Admin])?;
    api::create_webhook(&HUB, &SystemRandom, (&identity, request_id), &key?, body?.0)
}

async fn list(identity: Identity, page: Page<u64>) -> Result<Json<List<WebhookView>>, Problem> {
    api::list_webhooks(&HUB, &identity, &page).map(Json)
}

async fn log(
    identity: Identity,
    page: Result<Page<Uuid, LogFilter>, Problem>,
) -> Result<Json<List<LogView>>, Problem> {
    // Before the query is judged, as with the body above.
    identity.require(&[Role::Admin, Role::Auditor])?;
    api::webhook_log(&HUB, &identity, &page?).map(Json)
}

async fn remove(
    identity: Identity,
    request_id: RequestId,
    PathId(id): PathId,
    _: Query<NoParameters>,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    api::delete_webhook(&HUB, &SystemRandom, (&identity, request_id), id)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn deliveries(
    identity: Identity,
    PathId(id): PathId,
    page: Page<u64>,
) -> Result<Json<List<DeliveryView>>, Problem> {
    api::list_deliveries(&HUB, &identity, id, &page).map(Json)
}

/// The key is asked for as of every POST, and there is nothing to keep under it: what is due already is not due twice.
async fn resend(
    identity: Identity,
    request_id: RequestId,
    _: IdempotencyKey,
    Path((id, sequence)): Path<(String, String)>,
    _: NoBody,
) -> Result<(StatusCode, Json<DeliveryView>), Problem> {
    let PathId(id) = PathId::parse(&id)?;
    let sequence = sequence.parse().map_err(|_| Problem::not_found())?;
    let view = api::resend_delivery(&HUB, &SystemRandom, (&identity, request_id), (id, sequence))?;
    Ok((StatusCode::ACCEPTED, Json(view)))
}
