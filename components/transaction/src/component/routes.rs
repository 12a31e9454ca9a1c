//! The routes of `/api/transactions`, as one table.

use super::{events, schedules, service, webhooks};
use crate::api::{self, Found, ListFilter, STAFF_WHO_ACT, TransactionView};
use crate::drive::Answer;
use crate::idempotency::{IdempotencyKey, KeyError};
use crate::request::{
    BATCH_BODY_BYTES_MAX, BatchBody, CaptureBody, DepositBody, HoldBody, ReverseBody, TransferBody,
    WithdrawBody,
};
use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use strongroom_sdk::http::{PathId, RequestId, Site};
use strongroom_sdk::identity::Identity;
use strongroom_sdk::json::{Json, NoBody, OptionalJson};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::{self, Problem};
use strongroom_sdk::query::{NoParameters, Query};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

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
        .merge(schedules::routes())
        .merge(webhooks::routes());
    Site::new(routes).no_store()
}

async fn deposit(
    identity: Identity,
    request_id: RequestId,
    key: Result<IdempotencyKey, Problem>,
    body: Result<Json<DepositBody>, Problem>,
) -> Result<Answer, Problem> {
    // Before the body is judged: who may not call this learns nothing about what it takes.
    identity.require(STAFF_WHO_ACT)?;
    api::deposit(service(), &identity, request_id, key?, body?.0)
}

async fn withdraw(
    identity: Identity,
    request_id: RequestId,
    key: IdempotencyKey,
    Json(body): Json<WithdrawBody>,
) -> Result<Answer, Problem> {
    api::withdraw(service(), &identity, request_id, key, body)
}

async fn transfer(
    identity: Identity,
    key: IdempotencyKey,
    Json(body): Json<TransferBody>,
) -> Result<Answer, Problem> {
    api::transfer(service(), &identity, key, body)
}

async fn hold(
    identity: Identity,
    key: IdempotencyKey,
    Json(body): Json<HoldBody>,
) -> Result<Answer, Problem> {
    api::hold(service(), &identity, key, body)
}

async fn capture(
    identity: Identity,
    PathId(hold_id): PathId,
    key: IdempotencyKey,
    OptionalJson(body): OptionalJson<CaptureBody>,
) -> Result<Answer, Problem> {
    api::capture(service(), &identity, key, hold_id, body)
}

async fn void(
    identity: Identity,
    PathId(hold_id): PathId,
    key: IdempotencyKey,
    _: NoBody,
) -> Result<Answer, Problem> {
    api::void(service(), &identity, key, hold_id)
}

async fn reverse(
    identity: Identity,
    request_id: RequestId,
    PathId(id): PathId,
    key: Result<IdempotencyKey, Problem>,
    body: Result<OptionalJson<ReverseBody>, Problem>,
) -> Result<Answer, Problem> {
    // As for a deposit.
    identity.require(STAFF_WHO_ACT)?;
    api::reverse(service(), &identity, request_id, key?, id, body?.0)
}

async fn batch(
    identity: Identity,
    key: IdempotencyKey,
    Json(body): Json<BatchBody, BATCH_BODY_BYTES_MAX>,
) -> Result<Answer, Problem> {
    api::batch(service(), &identity, key, body)
}

async fn transaction(
    identity: Identity,
    PathId(id): PathId,
    _: Query<NoParameters>,
) -> Result<Json<Found>, Problem> {
    api::get(service(), &identity, id).map(Json)
}

async fn list(
    identity: Identity,
    page: Page<u64, ListFilter>,
) -> Result<Json<List<TransactionView>>, Problem> {
    api::list(&service().ledger, &identity, &page).map(Json)
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let values = parts.headers.get_all(IDEMPOTENCY_KEY);
        Self::from_header(values.iter().map(HeaderValue::as_bytes)).map_err(|error| {
            let code = match error {
                KeyError::Missing => "idempotency_key_missing",
                KeyError::Invalid => "idempotency_key_invalid",
            };
            Problem::new(
                StatusCode::BAD_REQUEST,
                code,
                format!("idempotency-key: {error}."),
            )
        })
    }
}

impl IntoResponse for Answer {
    /// The body as it is kept, byte by byte.
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.content.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let content_type = if status.is_success() {
            "application/json"
        } else {
            problem::CONTENT_TYPE
        };
        let mut response = (
            status,
            [(header::CONTENT_TYPE, HeaderValue::from_static(content_type))],
            self.content.body,
        )
            .into_response();
        if self.replayed {
            response
                .headers_mut()
                .insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}
