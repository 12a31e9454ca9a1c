//! The routes of `/api/transactions`, as one table.

use crate::api::{self, EventFilter, Found, ListFilter, STAFF_WHO_ACT};
use crate::component::SERVICE;
use crate::request::{
    BATCH_BODY_BYTES_MAX, BatchBody, CaptureBody, CashBody, HoldBody, ReverseBody, TransferBody,
};
use crate::schedule::{ScheduleBody, ScheduleView};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use strongroom_ledger_api::view::{Event, TransactionView};
use strongroom_sdk::audit_log::EventView;
use strongroom_sdk::http::{PathId, RequestId, Site};
use strongroom_sdk::idempotency::{IdempotencyKey, StoredReply};
use strongroom_sdk::identity::Identity;
use strongroom_sdk::json::{Json, NoBody, OptionalJson};
use strongroom_sdk::onward::{OnwardList, OnwardQuery};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::query::{NoParameters, Query};

pub(crate) fn site() -> Site {
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
        .route("/events", get(events))
        .route("/schedules", post(create_schedule).get(list_schedules))
        .route("/schedules/events", get(schedule_events))
        .route("/schedules/{id}", get(schedule).delete(cancel_schedule));
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

async fn events(
    identity: Identity,
    Query(query): Query<OnwardQuery>,
) -> Result<Json<OnwardList<Event>>, Problem> {
    api::events(&SERVICE.ledger, &identity, query).map(Json)
}

async fn create_schedule(
    identity: Identity,
    key: IdempotencyKey,
    Json(body): Json<ScheduleBody>,
) -> Result<StoredReply, Problem> {
    api::create_schedule(&SERVICE, &identity, &key, body)
}

async fn list_schedules(
    identity: Identity,
    page: Page<u64>,
) -> Result<Json<List<ScheduleView>>, Problem> {
    api::list_schedules(&SERVICE, &identity, &page).map(Json)
}

async fn schedule(
    identity: Identity,
    PathId(id): PathId,
    _: Query<NoParameters>,
) -> Result<Json<ScheduleView>, Problem> {
    api::get_schedule(&SERVICE, &identity, id).map(Json)
}

async fn cancel_schedule(
    identity: Identity,
    request_id: RequestId,
    PathId(id): PathId,
    _: Query<NoParameters>,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    api::delete_schedule(&SERVICE, &identity, request_id, id)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn schedule_events(
    identity: Identity,
    page: Page<u64, EventFilter>,
) -> Result<Json<List<EventView>>, Problem> {
    api::schedule_events(&SERVICE, &identity, &page).map(Json)
}
