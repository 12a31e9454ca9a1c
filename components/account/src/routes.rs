//! The routes of `/api/accounts`, as one table.
//!
//! The first parameter of each handler checks the caller's role, before the path, the query, and
//! the body.

use crate::api::{
    AccountsQuery, BalanceQuery, FreezeBody, JournalView, OpenBody, StatementQuery, UpdateBody,
};
use crate::component::service;
use crate::view::{AccountView, BalanceView, EntryView};
use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use strongroom_sdk::audit_log::EventView;
use strongroom_sdk::http::{PathId, RequestId, Site, body_of_pieces};
use strongroom_sdk::idempotency::{IdempotencyKey, StoredReply};
use strongroom_sdk::identity::{Auditor, Identity, JournalReader, Staff, Teller};
use strongroom_sdk::json::{Json, NoBody, OptionalJson};
use strongroom_sdk::onward::{OnwardList, OnwardQuery};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::query::{NoParameters, Query};

type JsonResult<T> = Result<Json<T>, Problem>;

strongroom_sdk::export_http!(site);

fn site() -> Site {
    let routes = Router::new()
        .route("/", get(list).post(open))
        .route("/user/{user_id}", get(list_of_user))
        .route("/journal", get(journal))
        .route("/events", get(events))
        .route("/{id}", get(account).patch(update))
        .route("/{id}/balance", get(balance))
        .route("/{id}/entries", get(entries))
        .route("/{id}/statement", get(statement))
        .route("/{id}/events", get(events_of))
        .route("/{id}/freeze", post(freeze))
        .route("/{id}/unfreeze", post(unfreeze))
        .route("/{id}/close", post(close));
    Site::new(routes).no_store()
}

async fn open(
    identity: Identity,
    request_id: RequestId,
    key: Option<IdempotencyKey>,
    Json(body): Json<OpenBody>,
) -> Result<StoredReply, Problem> {
    service().open(&identity, request_id, key.as_ref(), body)
}

async fn list(identity: Identity, page: Page<i64, AccountsQuery>) -> JsonResult<List<AccountView>> {
    service().list(&identity, &page).map(Json)
}

async fn list_of_user(
    identity: Identity,
    PathId(user): PathId,
    page: Page<i64>,
) -> JsonResult<List<AccountView>> {
    service().list_of(&identity, user, &page).map(Json)
}

async fn account(
    identity: Identity,
    PathId(id): PathId,
    _: Query<NoParameters>,
) -> JsonResult<AccountView> {
    service().account(&identity, id).map(Json)
}

async fn balance(
    identity: Identity,
    PathId(id): PathId,
    Query(query): Query<BalanceQuery>,
) -> JsonResult<BalanceView> {
    service().balance(&identity, id, &query).map(Json)
}

async fn entries(
    identity: Identity,
    PathId(id): PathId,
    page: Page<i64>,
) -> JsonResult<List<EntryView>> {
    service().entries(&identity, id, &page).map(Json)
}

async fn statement(
    identity: Identity,
    PathId(id): PathId,
    Query(query): Query<StatementQuery>,
) -> Result<Response, Problem> {
    let statement = service().statement(&identity, id, &query)?;
    let mut response = body_of_pieces(statement.pieces).into_response();
    for (name, value) in statement.headers {
        response.headers_mut().insert(name, value);
    }
    Ok(response)
}

async fn journal(
    reader: JournalReader,
    Query(query): Query<OnwardQuery>,
) -> JsonResult<OnwardList<JournalView>> {
    service().journal(&reader, query).map(Json)
}

async fn events(
    auditor: Auditor,
    Query(query): Query<OnwardQuery>,
) -> JsonResult<OnwardList<EventView>> {
    service().events(&auditor, query).map(Json)
}

async fn events_of(
    staff: Staff,
    PathId(id): PathId,
    page: Page<i64>,
) -> JsonResult<List<EventView>> {
    service().events_of(&staff, id, &page).map(Json)
}

async fn freeze(
    teller: Teller,
    request_id: RequestId,
    PathId(id): PathId,
    OptionalJson(body): OptionalJson<FreezeBody>,
) -> JsonResult<AccountView> {
    service().freeze(&teller, request_id, id, body).map(Json)
}

async fn unfreeze(
    teller: Teller,
    request_id: RequestId,
    PathId(id): PathId,
    _: NoBody,
) -> JsonResult<AccountView> {
    service().unfreeze(&teller, request_id, id).map(Json)
}

async fn update(
    identity: Identity,
    request_id: RequestId,
    PathId(id): PathId,
    Json(body): Json<UpdateBody>,
) -> JsonResult<AccountView> {
    service().update(&identity, request_id, id, body).map(Json)
}

async fn close(
    identity: Identity,
    request_id: RequestId,
    PathId(id): PathId,
    _: NoBody,
) -> JsonResult<AccountView> {
    service().close(&identity, request_id, id).map(Json)
}
