//! The routes of `/api/accounts`, as one table.

use crate::api::{
    self, AUDITORS, BalanceQuery, Caller, FreezeBody, JournalView, LimitBody, OpenBody, STAFF,
    STAFF_WHO_ACT, StatementQuery,
};
use crate::component::service;
use crate::view::{AccountView, BalanceView, EntryView};
use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use strongroom_sdk::audit_log::EventView;
use strongroom_sdk::http::{PathId, RequestId, Site, body_of_pieces};
use strongroom_sdk::identity::Identity;
use strongroom_sdk::json::{Json, NoBody, OptionalJson};
use strongroom_sdk::onward::{OnwardList, OnwardQuery};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::query::{NoParameters, Query};

type Answer<T> = Result<Json<T>, Problem>;

pub(crate) fn site() -> Site {
    let routes = Router::new()
        .route("/", get(list).post(open))
        .route("/user/{user_id}", get(list_of_user))
        .route("/journal", get(journal))
        .route("/events", get(all_events))
        .route("/{id}", get(account).patch(set_overdraft_limit))
        .route("/{id}/balance", get(balance))
        .route("/{id}/entries", get(entries))
        .route("/{id}/statement", get(statement))
        .route("/{id}/events", get(events))
        .route("/{id}/freeze", post(freeze))
        .route("/{id}/unfreeze", post(unfreeze))
        .route("/{id}/close", post(close));
    Site::new(routes).no_store()
}

async fn open(
    caller: Caller,
    Json(body): Json<OpenBody>,
) -> Result<(StatusCode, Json<AccountView>), Problem> {
    let account = api::open(service(), &caller, body)?;
    Ok((StatusCode::CREATED, Json(account)))
}

async fn list(identity: Identity, page: Page<u64>) -> Answer<List<AccountView>> {
    api::list_of(&service().store, &identity, identity.subject, &page).map(Json)
}

async fn list_of_user(
    identity: Identity,
    PathId(user): PathId,
    page: Page<u64>,
) -> Answer<List<AccountView>> {
    api::list_of(&service().store, &identity, user, &page).map(Json)
}

async fn account(
    identity: Identity,
    PathId(id): PathId,
    _: Query<NoParameters>,
) -> Answer<AccountView> {
    api::get(&service().store, &identity, id).map(Json)
}

async fn balance(
    identity: Identity,
    PathId(id): PathId,
    Query(query): Query<BalanceQuery>,
) -> Answer<BalanceView> {
    api::balance(&service().store, &service().clock, &identity, id, &query).map(Json)
}

async fn entries(
    identity: Identity,
    PathId(id): PathId,
    page: Page<u64>,
) -> Answer<List<EntryView>> {
    api::entries(&service().store, &identity, id, &page).map(Json)
}

async fn statement(
    identity: Identity,
    PathId(id): PathId,
    Query(query): Query<StatementQuery>,
) -> Result<Response, Problem> {
    let statement = api::statement(&service().store, &service().clock, &identity, id, &query)?;
    let mut answer = body_of_pieces(statement.pieces).into_response();
    for (name, value) in statement.headers {
        answer.headers_mut().insert(name, value);
    }
    Ok(answer)
}

// What only staff may call judges the role before the path and the body: whoever may not call it learns nothing about what it takes.

async fn journal(
    identity: Identity,
    query: Result<Query<OnwardQuery>, Problem>,
) -> Answer<OnwardList<JournalView>> {
    identity.require(AUDITORS)?;
    api::journal(&service().store, &identity, query?.0).map(Json)
}

async fn all_events(
    identity: Identity,
    query: Result<Query<OnwardQuery>, Problem>,
) -> Answer<OnwardList<EventView>> {
    identity.require(AUDITORS)?;
    api::all_events(&service().store, &identity, query?.0).map(Json)
}

async fn events(
    identity: Identity,
    id: Result<PathId, Problem>,
    page: Result<Page<u64>, Problem>,
) -> Answer<List<EventView>> {
    identity.require(STAFF)?;
    api::events(&service().store, &identity, id?.0, &page?).map(Json)
}

async fn freeze(
    caller: Caller,
    id: Result<PathId, Problem>,
    body: Result<OptionalJson<FreezeBody>, Problem>,
) -> Answer<AccountView> {
    caller.identity.require(STAFF_WHO_ACT)?;
    let OptionalJson(body) = body?;
    api::freeze(service(), &caller, id?.0, body).map(Json)
}

async fn unfreeze(
    caller: Caller,
    id: Result<PathId, Problem>,
    body: Result<NoBody, Problem>,
) -> Answer<AccountView> {
    caller.identity.require(STAFF_WHO_ACT)?;
    body?;
    api::unfreeze(service(), &caller, id?.0).map(Json)
}

async fn set_overdraft_limit(
    caller: Caller,
    id: Result<PathId, Problem>,
    body: Result<Json<LimitBody>, Problem>,
) -> Answer<AccountView> {
    caller.identity.require(STAFF_WHO_ACT)?;
    api::set_overdraft_limit(service(), &caller, id?.0, &body?.0).map(Json)
}

async fn close(caller: Caller, PathId(id): PathId, _: NoBody) -> Answer<AccountView> {
    api::close(service(), &caller, id).map(Json)
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Ok(Self {
            identity: Identity::from_request_parts(parts, state).await?,
            request_id: RequestId::of(&parts.headers),
        })
    }
}
