//! The handlers of the routes.

use super::{EventFilter, Found, ListFilter};
use crate::component::SERVICE;
use crate::request::{
    BATCH_BODY_BYTES_MAX, BatchBody, CaptureBody, CashBody, HoldBody, PostingBody, ReverseBody,
    TransferBody,
};
use crate::schedule::{ScheduleBody, ScheduleView};
use crate::view::{BatchView, unavailable};
use axum::http::StatusCode;
use strongroom_ledger_api::Journal as _;
use strongroom_ledger_api::view::{Event, TransactionView};
use strongroom_sdk::audit_log::EventView;
use strongroom_sdk::http::PathId;
use strongroom_sdk::idempotency::{IdempotencyKey, StoredReply};
use strongroom_sdk::identity::{Auditor, Cashier, Identity, Payer, Writer};
use strongroom_sdk::json::{Json, NoBody, OptionalJson};
use strongroom_sdk::onward::{OnwardList, OnwardQuery};
use strongroom_sdk::openapi::Paging;
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::query::{NoParameters, Query};
use strongroom_sdk::restoration::restored_at_ms;

strongroom_sdk::event_schema!(ScheduleEvent, "schedule_id");

/// Why a payment of any kind is refused or declined.
const PAYMENT: &[&str] = &[
    "forbidden",
    "account_not_found",
    "amount_invalid",
    "account_closed",
    "account_frozen",
    "currency_mismatch",
    "limit_exceeded",
    "screening_denied",
];

/// Why a hold does not end as the payer asks.
const END_OF_HOLD: &[&str] = &[
    "forbidden",
    "hold_declined",
    "already_captured",
    "already_voided",
    "hold_expired",
];

/// Pays cash into a customer's account.
///
/// Tellers, administrators, and API keys may, but nobody into their own account.
#[utoipa::path(
    post,
    path = "/deposit",
    params(IdempotencyKey),
    request_body = CashBody,
    responses((status = 201, body = TransactionView)),
    extensions(("x-refusals" = json!([PAYMENT, "own_account"]))),
)]
pub(crate) async fn deposit(
    cashier: Cashier,
    key: IdempotencyKey,
    Json(body): Json<CashBody>,
) -> Result<StoredReply, Problem> {
    SERVICE.deposit(&cashier, &key, body)
}

/// Pays cash out of an account.
///
/// Its owner may, tellers, administrators, and API keys.
#[utoipa::path(
    post,
    path = "/withdraw",
    params(IdempotencyKey),
    request_body = CashBody,
    responses((status = 201, body = TransactionView)),
    extensions(("x-refusals" = json!([PAYMENT, "insufficient_funds"]))),
)]
pub(crate) async fn withdraw(
    writer: Writer,
    key: IdempotencyKey,
    Json(body): Json<CashBody>,
) -> Result<StoredReply, Problem> {
    SERVICE.withdraw(&writer, &key, body)
}

/// Sends money from an account of the caller.
#[utoipa::path(
    post,
    path = "/transfer",
    params(IdempotencyKey),
    request_body = TransferBody,
    responses((status = 201, body = TransactionView)),
    extensions(("x-refusals" = json!([PAYMENT, "insufficient_funds"]))),
)]
pub(crate) async fn transfer(
    writer: Writer,
    key: IdempotencyKey,
    Json(body): Json<TransferBody>,
) -> Result<StoredReply, Problem> {
    SERVICE.transfer(&writer, &key, body)
}

/// Debits and credits several accounts at once.
#[utoipa::path(
    post,
    path = "/postings",
    params(IdempotencyKey),
    request_body = PostingBody,
    responses((status = 201, body = TransactionView)),
    extensions(("x-refusals" = json!([PAYMENT, "insufficient_funds", "own_account",
        "posting_unbalanced"]))),
)]
pub(crate) async fn posting(
    writer: Writer,
    key: IdempotencyKey,
    Json(body): Json<PostingBody>,
) -> Result<StoredReply, Problem> {
    SERVICE.posting(&writer, &key, body)
}

/// Reserves money of an account of the caller for another account.
#[utoipa::path(
    post,
    path = "/holds",
    params(IdempotencyKey),
    request_body = HoldBody,
    responses((status = 201, body = TransactionView)),
    extensions(("x-refusals" = json!([PAYMENT, "insufficient_funds"]))),
)]
pub(crate) async fn hold(
    writer: Writer,
    key: IdempotencyKey,
    Json(body): Json<HoldBody>,
) -> Result<StoredReply, Problem> {
    SERVICE.hold(&writer, &key, body)
}

/// Pays what a hold has reserved, or a part of it, and releases the rest.
///
/// The payer may.
#[utoipa::path(
    post,
    path = "/holds/{id}/capture",
    params(PathId, IdempotencyKey),
    request_body = Option<CaptureBody>,
    responses((status = 201, body = TransactionView)),
    extensions(("x-refusals" = json!([
        END_OF_HOLD, "amount_invalid", "amount_exceeds_hold", "account_frozen",
    ]))),
)]
pub(crate) async fn capture(
    writer: Writer,
    PathId(hold_id): PathId,
    key: IdempotencyKey,
    OptionalJson(body): OptionalJson<CaptureBody>,
) -> Result<StoredReply, Problem> {
    SERVICE.capture(&writer, &key, hold_id, body)
}

/// Releases what a hold has reserved.
///
/// The payer may.
#[utoipa::path(
    post,
    path = "/holds/{id}/void",
    params(PathId, IdempotencyKey),
    responses((status = 201, body = TransactionView)),
    extensions(("x-refusals" = json!(END_OF_HOLD))),
)]
pub(crate) async fn void(
    writer: Writer,
    PathId(hold_id): PathId,
    key: IdempotencyKey,
    _: NoBody,
) -> Result<StoredReply, Problem> {
    SERVICE.void(&writer, &key, hold_id)
}

/// Moves a posted amount back, once.
///
/// Tellers, administrators, and API keys may, but nobody on their own account.
#[utoipa::path(
    post,
    path = "/{id}/reverse",
    params(PathId, IdempotencyKey),
    request_body = Option<ReverseBody>,
    responses((status = 201, body = TransactionView)),
    extensions(("x-refusals" = json!([
        "forbidden", "own_account", "account_closed", "account_frozen", "limit_exceeded",
        "insufficient_funds", "not_reversible", "already_reversed",
    ]))),
)]
pub(crate) async fn reverse(
    cashier: Cashier,
    PathId(id): PathId,
    key: IdempotencyKey,
    OptionalJson(body): OptionalJson<ReverseBody>,
) -> Result<StoredReply, Problem> {
    SERVICE.reverse(&cashier, &key, id, body)
}

/// Sends up to 1,000 transfers, all or each by itself.
///
/// An atomic batch of which nothing is posted is an error, with the `outcomes` of its transfers.
#[utoipa::path(
    post,
    path = "/batch",
    params(IdempotencyKey),
    request_body = BatchBody,
    responses((status = 201, body = BatchView)),
    extensions(("x-refusals" = json!(["forbidden", "batch_declined", "batch_refused"]))),
)]
pub(crate) async fn batch(
    writer: Writer,
    key: IdempotencyKey,
    Json(body): Json<BatchBody, BATCH_BODY_BYTES_MAX>,
) -> Result<StoredReply, Problem> {
    SERVICE.batch(&writer, &key, body)
}

/// Reads a transaction or a batch.
///
/// The payer may, the payee, and staff; a batch, who asked for it too.
#[utoipa::path(
    get,
    path = "/{id}",
    params(PathId),
    responses((status = 200, body = Found)),
)]
pub(crate) async fn transaction(
    identity: Identity,
    PathId(id): PathId,
    _: Query<NoParameters>,
) -> Result<Json<Found>, Problem> {
    SERVICE.get(&identity, id).map(Json)
}

/// Lists transactions, newest first.
///
/// The owner of an account may list those of it. Staff and API keys may list all.
#[utoipa::path(
    get,
    path = "/",
    params(ListFilter, Paging),
    responses((status = 200, body = List<TransactionView>)),
    extensions(("x-refusals" = json!(["not_found"]))),
)]
pub(crate) async fn list(
    identity: Identity,
    page: Page<i64, ListFilter>,
) -> Result<Json<List<TransactionView>>, Problem> {
    SERVICE.list(&identity, &page).map(Json)
}

/// Follows what happens with money, oldest first: the caller's own, and for staff all.
#[utoipa::path(
    get,
    path = "/events",
    params(OnwardQuery),
    responses((status = 200, body = OnwardList<Event>)),
    extensions(("x-refusals" = json!(["history_restored"]))),
)]
pub(crate) async fn events(
    identity: Identity,
    Query(query): Query<OnwardQuery>,
) -> Result<Json<OnwardList<Event>>, Problem> {
    let ledger = &SERVICE.ledger;
    crate::api::events(ledger, &identity, query)?
        .unless_restored(restored_at_ms(), || ledger.head().map_err(unavailable))
        .map(Json)
}

/// Makes a standing order from an account of the caller.
#[utoipa::path(
    post,
    path = "/schedules",
    params(IdempotencyKey),
    request_body = ScheduleBody,
    responses((status = 201, body = ScheduleView)),
    extensions(("x-refusals" = json!([
        "forbidden", "account_not_found", "amount_invalid", "schedule_in_past",
        "schedules_too_many", "account_closed", "currency_mismatch",
    ]))),
)]
pub(crate) async fn create_schedule(
    payer: Payer,
    key: IdempotencyKey,
    Json(body): Json<ScheduleBody>,
) -> Result<StoredReply, Problem> {
    SERVICE.create_schedule(&payer, &key, body)
}

/// Lists the caller's standing orders, newest first.
#[utoipa::path(
    get,
    path = "/schedules",
    params(Paging),
    responses((status = 200, body = List<ScheduleView>)),
)]
pub(crate) async fn list_schedules(
    identity: Identity,
    page: Page<i64>,
) -> Result<Json<List<ScheduleView>>, Problem> {
    SERVICE.list_schedules(&identity, &page).map(Json)
}

/// Reads a standing order.
///
/// Its owner may, and staff.
#[utoipa::path(
    get,
    path = "/schedules/{id}",
    params(PathId),
    responses((status = 200, body = ScheduleView)),
)]
pub(crate) async fn schedule(
    identity: Identity,
    PathId(id): PathId,
    _: Query<NoParameters>,
) -> Result<Json<ScheduleView>, Problem> {
    SERVICE.get_schedule(&identity, id).map(Json)
}

/// Ends a standing order.
///
/// Its owner may, tellers, and administrators.
#[utoipa::path(
    delete,
    path = "/schedules/{id}",
    params(PathId),
    responses((status = 204)),
    extensions(("x-refusals" = json!(["forbidden"]))),
)]
pub(crate) async fn cancel_schedule(
    identity: Identity,
    PathId(id): PathId,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    SERVICE.cancel_schedule(&identity, id)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists who has made standing orders, and who has ended them, newest first.
///
/// Auditors and administrators may.
#[utoipa::path(
    get,
    path = "/schedules/events",
    params(EventFilter, Paging),
    responses((status = 200, body = List<ScheduleEvent>)),
    extensions(("x-refusals" = json!(["forbidden"]))),
)]
pub(crate) async fn schedule_events(
    auditor: Auditor,
    page: Page<i64, EventFilter>,
) -> Result<Json<List<EventView>>, Problem> {
    SERVICE.schedule_events(&auditor, &page).map(Json)
}
