//! The routes of `/api/transactions`, as one table.

use crate::api::{EventFilter, Found, ListFilter};
use crate::component::SERVICE;
use crate::request::{
    BATCH_BODY_BYTES_MAX, BatchBody, CaptureBody, CashBody, HoldBody, PostingBody, ReverseBody,
    TransferBody,
};
use crate::schedule::{ScheduleBody, ScheduleView};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use strongroom_ledger_api::view::{Event, TransactionView};
use strongroom_sdk::audit_log::EventView;
use strongroom_sdk::http::{PathId, RequestId, Site};
use strongroom_sdk::idempotency::{IdempotencyKey, StoredReply};
use strongroom_sdk::identity::{Auditor, Cashier, Identity};
use strongroom_sdk::json::{Json, NoBody, OptionalJson};
use strongroom_sdk::onward::{OnwardList, OnwardQuery};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::query::{NoParameters, Query};

strongroom_sdk::export_http!(site);

fn site() -> Site {
    let routes = Router::new()
        .route("/", get(list))
        .route("/deposit", post(deposit))
        .route("/withdraw", post(withdraw))
        .route("/transfer", post(transfer))
        .route("/send", post(transfer))
        .route("/postings", post(posting))
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
    cashier: Cashier,
    request_id: RequestId,
    key: IdempotencyKey,
    Json(body): Json<CashBody>,
) -> Result<StoredReply, Problem> {
    SERVICE.deposit(&cashier, request_id, &key, body)
}

async fn withdraw(
    identity: Identity,
    request_id: RequestId,
    key: IdempotencyKey,
    Json(body): Json<CashBody>,
) -> Result<StoredReply, Problem> {
    SERVICE.withdraw(&identity, request_id, &key, body)
}

async fn transfer(
    identity: Identity,
    request_id: RequestId,
    key: IdempotencyKey,
    Json(body): Json<TransferBody>,
) -> Result<StoredReply, Problem> {
    SERVICE.transfer(&identity, request_id, &key, body)
}

async fn posting(
    identity: Identity,
    request_id: RequestId,
    key: IdempotencyKey,
    Json(body): Json<PostingBody>,
) -> Result<StoredReply, Problem> {
    SERVICE.posting(&identity, request_id, &key, body)
}

async fn hold(
    identity: Identity,
    request_id: RequestId,
    key: IdempotencyKey,
    Json(body): Json<HoldBody>,
) -> Result<StoredReply, Problem> {
    SERVICE.hold(&identity, request_id, &key, body)
}

async fn capture(
    identity: Identity,
    request_id: RequestId,
    PathId(hold_id): PathId,
    key: IdempotencyKey,
    OptionalJson(body): OptionalJson<CaptureBody>,
) -> Result<StoredReply, Problem> {
    SERVICE.capture(&identity, request_id, &key, hold_id, body)
}

async fn void(
    identity: Identity,
    request_id: RequestId,
    PathId(hold_id): PathId,
    key: IdempotencyKey,
    _: NoBody,
) -> Result<StoredReply, Problem> {
    SERVICE.void(&identity, request_id, &key, hold_id)
}

async fn reverse(
    cashier: Cashier,
    request_id: RequestId,
    PathId(id): PathId,
    key: IdempotencyKey,
    OptionalJson(body): OptionalJson<ReverseBody>,
) -> Result<StoredReply, Problem> {
    SERVICE.reverse(&cashier, request_id, &key, id, body)
}

async fn batch(
    identity: Identity,
    request_id: RequestId,
    key: IdempotencyKey,
    Json(body): Json<BatchBody, BATCH_BODY_BYTES_MAX>,
) -> Result<StoredReply, Problem> {
    SERVICE.batch(&identity, request_id, &key, body)
}

async fn transaction(
    identity: Identity,
    PathId(id): PathId,
    _: Query<NoParameters>,
) -> Result<Json<Found>, Problem> {
    SERVICE.get(&identity, id).map(Json)
}

async fn list(
    identity: Identity,
    page: Page<i64, ListFilter>,
) -> Result<Json<List<TransactionView>>, Problem> {
    SERVICE.list(&identity, &page).map(Json)
}

async fn events(
    identity: Identity,
    Query(query): Query<OnwardQuery>,
) -> Result<Json<OnwardList<Event>>, Problem> {
    crate::api::events(&SERVICE.ledger, &identity, query).map(Json)
}

async fn create_schedule(
    identity: Identity,
    key: IdempotencyKey,
    Json(body): Json<ScheduleBody>,
) -> Result<StoredReply, Problem> {
    SERVICE.create_schedule(&identity, &key, body)
}

async fn list_schedules(
    identity: Identity,
    page: Page<i64>,
) -> Result<Json<List<ScheduleView>>, Problem> {
    SERVICE.list_schedules(&identity, &page).map(Json)
}

async fn schedule(
    identity: Identity,
    PathId(id): PathId,
    _: Query<NoParameters>,
) -> Result<Json<ScheduleView>, Problem> {
    SERVICE.get_schedule(&identity, id).map(Json)
}

async fn cancel_schedule(
    identity: Identity,
    request_id: RequestId,
    PathId(id): PathId,
    _: Query<NoParameters>,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    SERVICE.cancel_schedule(&identity, request_id, id)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn schedule_events(
    auditor: Auditor,
    page: Page<i64, EventFilter>,
) -> Result<Json<List<EventView>>, Problem> {
    SERVICE.schedule_events(&auditor, &page).map(Json)
}
