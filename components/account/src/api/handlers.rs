//! The handlers of the routes.
//!
//! The first parameter of each handler checks the caller's role, before the path, the query, and
//! the body.

use super::{
    AccountsQuery, BalanceQuery, FreezeBody, JournalView, OpenBody, StatementQuery, UpdateBody,
};
use crate::component::service;
use crate::ledger::head;
use crate::statement::Statement;
use crate::view::{AccountView, BalanceView, EntryView};
use axum::response::{IntoResponse, Response};
use strongroom_sdk::audit_log::{self, EventView};
use strongroom_sdk::http::{PathId, body_of_pieces};
use strongroom_sdk::idempotency::{IdempotencyKey, StoredReply};
use strongroom_sdk::identity::{Auditor, Identity, JournalReader, Staff, Teller, Writer};
use strongroom_sdk::json::{Json, NoBody, OptionalJson};
use strongroom_sdk::onward::{OnwardList, OnwardQuery};
use strongroom_sdk::openapi::{OptionalIdempotencyKey, Paging};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::query::{NoParameters, Query};
use strongroom_sdk::restoration::restored_at_ms;

type JsonResult<T> = Result<Json<T>, Problem>;

strongroom_sdk::event_schema!(AccountEvent, "account_id");

/// Opens an account.
///
/// Anyone but an auditor may, for themselves. Tellers, administrators, and API keys may also open
/// one for another owner, or an internal one.
#[utoipa::path(
    post,
    path = "/",
    params(OptionalIdempotencyKey),
    request_body = OpenBody,
    responses((status = 201, body = AccountView)),
    extensions(("x-refusals" = json!(["forbidden", "account_limit_reached", "code_taken"]))),
)]
pub(crate) async fn open(
    writer: Writer,
    key: Option<IdempotencyKey>,
    Json(body): Json<OpenBody>,
) -> Result<StoredReply, Problem> {
    service().open(&writer, key.as_ref(), body)
}

/// Lists accounts, newest first: the caller's own, and for staff and clients all.
#[utoipa::path(
    get,
    path = "/",
    params(AccountsQuery, Paging),
    responses((status = 200, body = List<AccountView>)),
)]
pub(crate) async fn list(
    identity: Identity,
    page: Page<i64, AccountsQuery>,
) -> JsonResult<List<AccountView>> {
    service().list(&identity, &page).map(Json)
}

/// Lists a user's accounts, newest first.
///
/// The user may, and staff.
#[utoipa::path(
    get,
    path = "/user/{user_id}",
    params(("user_id" = Uuid, Path), Paging),
    responses((status = 200, body = List<AccountView>)),
)]
pub(crate) async fn list_of_user(
    identity: Identity,
    PathId(user): PathId,
    page: Page<i64>,
) -> JsonResult<List<AccountView>> {
    service().list_of(&identity, user, &page).map(Json)
}

/// Reads an account.
///
/// Its owner may, and staff.
#[utoipa::path(
    get,
    path = "/{id}",
    params(PathId),
    responses((status = 200, body = AccountView)),
)]
pub(crate) async fn account(
    identity: Identity,
    PathId(id): PathId,
    _: Query<NoParameters>,
) -> JsonResult<AccountView> {
    service().account(&identity, id).map(Json)
}

/// Reads the balance of an account, now or at a time in the past.
///
/// Its owner may, and staff.
#[utoipa::path(
    get,
    path = "/{id}/balance",
    params(PathId, BalanceQuery),
    responses((status = 200, body = BalanceView)),
    extensions(("x-refusals" = json!(["at_in_future"]))),
)]
pub(crate) async fn balance(
    identity: Identity,
    PathId(id): PathId,
    Query(query): Query<BalanceQuery>,
) -> JsonResult<BalanceView> {
    service().balance(&identity, id, &query).map(Json)
}

/// Lists the entries of an account, newest first.
///
/// Its owner may, and staff.
#[utoipa::path(
    get,
    path = "/{id}/entries",
    params(PathId, Paging),
    responses((status = 200, body = List<EntryView>)),
)]
pub(crate) async fn entries(
    identity: Identity,
    PathId(id): PathId,
    page: Page<i64>,
) -> JsonResult<List<EntryView>> {
    service().entries(&identity, id, &page).map(Json)
}

/// Reads the statement of an account: its balances, and its entries between them.
///
/// Its owner may, and staff.
#[utoipa::path(
    get,
    path = "/{id}/statement",
    params(PathId, StatementQuery),
    responses((status = 200, content(
        (Statement = "application/json"),
        (String = "text/csv"),
        (String = "application/xml"),
        (String = "application/x-ofx"),
    ))),
    extensions(("x-refusals" = json!([
        "period_in_future", "statement_too_long", "amounts_too_large",
    ]))),
)]
pub(crate) async fn statement(
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

/// Copies the journal, oldest first.
///
/// Auditors, administrators, and API keys may.
#[utoipa::path(
    get,
    path = "/journal",
    params(OnwardQuery),
    responses((status = 200, body = OnwardList<JournalView>)),
    extensions(("x-refusals" = json!(["forbidden", "history_restored"]))),
)]
pub(crate) async fn journal(
    reader: JournalReader,
    Query(query): Query<OnwardQuery>,
) -> JsonResult<OnwardList<JournalView>> {
    let service = service();
    let list = service.journal(&reader, query)?;
    list.unless_restored(restored_at_ms(), || Ok(head(&service.store)?))
        .map(Json)
}

/// Copies what staff did to accounts, oldest first.
///
/// Auditors and administrators may.
#[utoipa::path(
    get,
    path = "/events",
    params(OnwardQuery),
    responses((status = 200, body = OnwardList<AccountEvent>)),
    extensions(("x-refusals" = json!(["forbidden", "history_restored"]))),
)]
pub(crate) async fn events(
    auditor: Auditor,
    Query(query): Query<OnwardQuery>,
) -> JsonResult<OnwardList<EventView>> {
    let service = service();
    let list = service.events(&auditor, query)?;
    list.unless_restored(restored_at_ms(), || Ok(audit_log::head(&service.store)?))
        .map(Json)
}

/// Lists what staff did to an account, newest first.
///
/// Staff may, but not of their own account.
#[utoipa::path(
    get,
    path = "/{id}/events",
    params(PathId, Paging),
    responses((status = 200, body = List<AccountEvent>)),
    extensions(("x-refusals" = json!(["forbidden", "own_account"]))),
)]
pub(crate) async fn events_of(
    staff: Staff,
    PathId(id): PathId,
    page: Page<i64>,
) -> JsonResult<List<EventView>> {
    service().events_of(&staff, id, &page).map(Json)
}

/// Stops debits, credits, or both.
///
/// Tellers and administrators may, but not on their own account.
#[utoipa::path(
    post,
    path = "/{id}/freeze",
    params(PathId),
    request_body = Option<FreezeBody>,
    responses((status = 200, body = AccountView)),
    extensions(("x-refusals" = json!(["forbidden", "own_account", "account_closed"]))),
)]
pub(crate) async fn freeze(
    teller: Teller,
    PathId(id): PathId,
    OptionalJson(body): OptionalJson<FreezeBody>,
) -> JsonResult<AccountView> {
    service().freeze(&teller, id, body).map(Json)
}

/// Allows movements again.
///
/// Tellers and administrators may, but not on their own account.
#[utoipa::path(
    post,
    path = "/{id}/unfreeze",
    params(PathId),
    responses((status = 200, body = AccountView)),
    extensions(("x-refusals" = json!(["forbidden", "own_account", "account_closed"]))),
)]
pub(crate) async fn unfreeze(
    teller: Teller,
    PathId(id): PathId,
    _: NoBody,
) -> JsonResult<AccountView> {
    service().unfreeze(&teller, id).map(Json)
}

/// Changes the name, the metadata, or the overdraft limit. A missing member changes nothing.
///
/// Its owner may, and tellers, administrators, and API keys. The overdraft limit is set by tellers
/// and administrators, but not of their own account.
#[utoipa::path(
    patch,
    path = "/{id}",
    params(PathId),
    request_body = UpdateBody,
    responses((status = 200, body = AccountView)),
    extensions(("x-refusals" = json!([
        "forbidden", "own_account", "account_closed", "overdraft_in_use", "amount_invalid",
    ]))),
)]
pub(crate) async fn update(
    writer: Writer,
    PathId(id): PathId,
    Json(body): Json<UpdateBody>,
) -> JsonResult<AccountView> {
    service().update(&writer, id, body).map(Json)
}

/// Closes an account whose balance is zero, for ever.
///
/// Its owner may, tellers, administrators, and API keys.
#[utoipa::path(
    post,
    path = "/{id}/close",
    params(PathId),
    responses((status = 200, body = AccountView)),
    extensions(("x-refusals" = json!([
        "forbidden", "account_closed", "account_frozen", "balance_not_zero",
    ]))),
)]
pub(crate) async fn close(
    writer: Writer,
    PathId(id): PathId,
    _: NoBody,
) -> JsonResult<AccountView> {
    service().close(&writer, id).map(Json)
}
