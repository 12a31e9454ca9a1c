//! The routes of `/api/webhooks`, as one table.

use crate::api::{self, DeliveryView, LogFilter, WHO_CHANGES, WHO_READS, WebhookBody, WebhookView};
use crate::component::SERVICE;
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use strongroom_ledger_api::Linked;
use strongroom_sdk::audit_log::EventView;
use strongroom_sdk::http::client::HostClient;
use strongroom_sdk::http::{PathId, RequestId, Site};
use strongroom_sdk::idempotency::{IdempotencyKey, StoredReply};
use strongroom_sdk::identity::Identity;
use strongroom_sdk::json::{Json, NoBody};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::query::{NoParameters, Query};

pub(crate) fn site() -> Site {
    let routes = Router::new()
        .route("/", post(create).get(list))
        .route("/audit-log", get(log))
        .route("/{id}", delete(remove))
        .route("/{id}/deliveries", get(deliveries))
        .route("/{id}/deliveries/{sequence}/resend", post(resend));
    Site::new(routes).no_store()
}

// The role is judged before the key, the body, and the query: who may not call this learns nothing
// about what it takes.

async fn create(
    identity: Identity,
    request_id: RequestId,
    key: Result<IdempotencyKey, Problem>,
    body: Result<Json<WebhookBody>, Problem>,
) -> Result<StoredReply, Problem> {
    identity.require(WHO_CHANGES)?;
    let outside = (&Linked, &HostClient);
    api::create_webhook(&SERVICE, outside, (&identity, request_id), &key?, body?.0)
}

async fn list(identity: Identity, page: Page<u64>) -> Result<Json<List<WebhookView>>, Problem> {
    api::list_webhooks(&SERVICE.store, &identity, &page).map(Json)
}

async fn log(
    identity: Identity,
    page: Result<Page<u64, LogFilter>, Problem>,
) -> Result<Json<List<EventView>>, Problem> {
    identity.require(WHO_READS)?;
    api::audit_log(&SERVICE.store, &identity, &page?).map(Json)
}

async fn remove(
    identity: Identity,
    request_id: RequestId,
    PathId(id): PathId,
    _: Query<NoParameters>,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    api::delete_webhook(&SERVICE, (&identity, request_id), id)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn deliveries(
    identity: Identity,
    PathId(id): PathId,
    page: Page<u64>,
) -> Result<Json<List<DeliveryView>>, Problem> {
    api::list_deliveries(&SERVICE.store, &identity, id, &page).map(Json)
}

/// The key is required as of every POST. Nothing is stored under it: a delivery that is due is not
/// due twice.
async fn resend(
    identity: Identity,
    request_id: RequestId,
    _: IdempotencyKey,
    Path((id, sequence)): Path<(String, String)>,
    _: NoBody,
) -> Result<(StatusCode, Json<DeliveryView>), Problem> {
    let PathId(id) = PathId::parse(&id)?;
    let sequence = sequence.parse().map_err(|_| Problem::not_found())?;
    let view = api::resend_delivery(&SERVICE, (&identity, request_id), id, sequence)?;
    Ok((StatusCode::ACCEPTED, Json(view)))
}
