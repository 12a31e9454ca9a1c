//! The routes of `/api/transactions`, as one table.

use super::{SERVICE, events, schedules};
use crate::api::{self, Found, ListFilter, STAFF_WHO_ACT};
use crate::request::{
    BATCH_BODY_BYTES_MAX, BatchBody, CaptureBody, CashBody, HoldBody, ReverseBody, TransferBody,
};
use axum::Router;
use axum::routing::{get, post};
use strongroom_ledger_api::view::TransactionView;
use strongroom_sdk::http::{PathId, RequestId, Site};
use strongroom_sdk::idempotency::{IdempotencyKey, StoredReply};
use strongroom_sdk::identity::Identity;
use strongroom_sdk::json::{Json, NoBody, OptionalJson};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::query::{NoParameters, Query};

pub(super) fn site() -> Site {
    let routes = Router::new()
        .route("/", get(list))
        .route("/deposit", post(deposit))
        .route("/withdraw", post(withdraw))
        .route("/transfer", post(transfer))
        .route("/send", post(transfer))
        .route("/holds", post(hold))
        .route("/holds/{id}/capture", post(capture))
        .route("/holds/{id}/void", post(void))
        .route("/batch", post(batch))
        .route("/{id}/reverse", post(reverse))
        .route("/{id}", get(transaction))
        .merge(events::routes())
        .merge(schedules::routes());
    Site::new(routes).no_store()
}

async fn deposit(
    identity: Identity,
    request_id: RequestId,
    key: Result<IdempotencyKey, Problem>,
    body: Result<Json<CashBody>, Problem>,
) -> Result<StoredReply, Problem> {
    // Before the body is judged: a caller without the role learns nothing about what it takes.
    identity.require(STAFF_WHO_ACT)?;
    api::deposit(&SERVICE, &identity, request_id, &key?, body?.0)
}

async fn withdraw(
    identity: Identity,
    request_id: RequestId,
    key: IdempotencyKey,
    Json(body): Json<CashBody>,
) -> Result<StoredReply, Problem> {
    api::withdraw(&SERVICE, &identity, request_id, &key, body)
}

async fn transfer(
    identity: Identity,
    key: IdempotencyKey,
    Json(body): Json<TransferBody>,
) -> Result<StoredReply, Problem> {
    api::transfer(&SERVICE, &identity, &key, body)
}

async fn hold(
    identity: Identity,
    key: IdempotencyKey,
    Json(body): Json<HoldBody>,
) -> Result<StoredReply, Problem> {
    api::hold(&SERVICE, &identity, &key, body)
}

async fn capture(
    identity: Identity,
    PathId(hold_id): PathId,
    key: IdempotencyKey,
    OptionalJson(body): OptionalJson<CaptureBody>,
) -> Result<StoredReply, Problem> {
    api::capture(&SERVICE, &identity, &key, hold_id, body)
}

async fn void(
    identity: Identity,
    PathId(hold_id): PathId,
    key: IdempotencyKey,
    _: NoBody,
) -> Result<StoredReply, Problem> {
    api::void(&SERVICE, &identity, &key, hold_id)
}

async fn reverse(
    identity: Identity,
    request_id: RequestId,
    PathId(id): PathId,
    key: Result<IdempotencyKey, Problem>,
    body: Result<OptionalJson<ReverseBody>, Problem>,
) -> Result<StoredReply, Problem> {
    // As for a deposit.
    identity.require(STAFF_WHO_ACT)?;
    api::reverse(&SERVICE, &identity, request_id, &key?, id, body?.0)
}

async fn batch(
    identity: Identity,
    key: IdempotencyKey,
    Json(body): Json<BatchBody, BATCH_BODY_BYTES_MAX>,
) -> Result<StoredReply, Problem> {
    api::batch(&SERVICE, &identity, &key, body)
}

async fn transaction(
    identity: Identity,
    PathId(id): PathId,
    _: Query<NoParameters>,
) -> Result<Json<Found>, Problem> {
    api::get(&SERVICE, &identity, id).map(Json)
}

async fn list(
    identity: Identity,
    page: Page<u64, ListFilter>,
) -> Result<Json<List<TransactionView>>, Problem> {
    api::list(&SERVICE.ledger, &identity, &page).map(Json)
}
