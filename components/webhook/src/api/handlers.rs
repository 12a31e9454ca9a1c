//! The handlers of the routes.

use super::{
    ChangeBody, DeliveryView, LogFilter, RotateBody, SecretView, TestView, WebhookBody, WebhookView,
};
use crate::component::SERVICE;
use axum::extract::Path;
use axum::http::StatusCode;
use strongroom_sdk::audit_log::EventView;
use strongroom_sdk::http::PathId;
use strongroom_sdk::idempotency::{IdempotencyKey, StoredReply};
use strongroom_sdk::identity::{Admin, Auditor};
use strongroom_sdk::json::{Json, NoBody, OptionalJson};
use strongroom_sdk::openapi::{OptionalIdempotencyKey, Paging};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::query::{NoParameters, Query};

strongroom_sdk::event_schema!(WebhookEvent, "webhook_id");

/// Makes a webhook. The answer has its secret, once.
///
/// Administrators may.
#[utoipa::path(
    post,
    path = "/",
    params(OptionalIdempotencyKey),
    request_body = WebhookBody,
    responses((status = 201, body = SecretView)),
    extensions(("x-refusals" = json!(["forbidden", "webhooks_too_many"]))),
)]
pub(crate) async fn create(
    admin: Admin,
    key: Option<IdempotencyKey>,
    Json(body): Json<WebhookBody>,
) -> Result<StoredReply, Problem> {
    SERVICE.create(&admin, key.as_ref(), body)
}

/// Lists webhooks, newest first.
///
/// Auditors and administrators may.
#[utoipa::path(
    get,
    path = "/",
    params(Paging),
    responses((status = 200, body = List<WebhookView>)),
    extensions(("x-refusals" = json!(["forbidden"]))),
)]
pub(crate) async fn list(
    auditor: Auditor,
    page: Page<i64>,
) -> Result<Json<List<WebhookView>>, Problem> {
    SERVICE.list(&auditor, &page).map(Json)
}

/// Lists what administrators and the bank did to webhooks, newest first.
///
/// Auditors and administrators may.
#[utoipa::path(
    get,
    path = "/audit-log",
    params(LogFilter, Paging),
    responses((status = 200, body = List<WebhookEvent>)),
    extensions(("x-refusals" = json!(["forbidden"]))),
)]
pub(crate) async fn log(
    auditor: Auditor,
    page: Page<i64, LogFilter>,
) -> Result<Json<List<EventView>>, Problem> {
    SERVICE.audit_log(&auditor, &page).map(Json)
}

/// Shows a webhook.
///
/// Auditors and administrators may.
#[utoipa::path(
    get,
    path = "/{id}",
    params(PathId),
    responses((status = 200, body = WebhookView)),
    extensions(("x-refusals" = json!(["forbidden"]))),
)]
pub(crate) async fn webhook(
    auditor: Auditor,
    PathId(id): PathId,
    _: Query<NoParameters>,
) -> Result<Json<WebhookView>, Problem> {
    SERVICE.webhook(&auditor, id).map(Json)
}

/// Changes the URL or the events of a webhook.
///
/// Administrators may.
#[utoipa::path(
    patch,
    path = "/{id}",
    params(PathId),
    request_body = ChangeBody,
    responses((status = 200, body = WebhookView)),
    extensions(("x-refusals" = json!(["forbidden", "webhook_ended"]))),
)]
pub(crate) async fn change(
    admin: Admin,
    PathId(id): PathId,
    Json(body): Json<ChangeBody>,
) -> Result<Json<WebhookView>, Problem> {
    SERVICE.change(&admin, id, body).map(Json)
}

/// Gives a webhook a new secret. The answer has it, once.
///
/// Administrators may.
#[utoipa::path(
    post,
    path = "/{id}/rotate-secret",
    params(PathId, OptionalIdempotencyKey),
    request_body = Option<RotateBody>,
    responses((status = 201, body = SecretView)),
    extensions(("x-refusals" = json!(["forbidden", "webhook_ended", "webhook_secrets_too_many"]))),
)]
pub(crate) async fn rotate_secret(
    admin: Admin,
    key: Option<IdempotencyKey>,
    PathId(id): PathId,
    OptionalJson(body): OptionalJson<RotateBody>,
) -> Result<StoredReply, Problem> {
    SERVICE.rotate_secret(&admin, key.as_ref(), id, &body)
}

/// Sends a test event, and returns what the receiver returned.
///
/// Administrators may.
#[utoipa::path(
    post,
    path = "/{id}/test",
    params(PathId),
    responses((status = 200, body = TestView)),
    extensions(("x-refusals" = json!(["forbidden", "webhook_ended"]))),
)]
pub(crate) async fn test(
    admin: Admin,
    PathId(id): PathId,
    _: NoBody,
) -> Result<Json<TestView>, Problem> {
    SERVICE.test(&admin, id).map(Json)
}

/// Deletes a webhook.
///
/// Administrators may.
#[utoipa::path(
    delete,
    path = "/{id}",
    params(PathId),
    responses((status = 204)),
    extensions(("x-refusals" = json!(["forbidden"]))),
)]
pub(crate) async fn remove(
    admin: Admin,
    PathId(id): PathId,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    SERVICE.delete(&admin, id)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the deliveries of a webhook, newest event first.
///
/// Auditors and administrators may.
#[utoipa::path(
    get,
    path = "/{id}/deliveries",
    params(PathId, Paging),
    responses((status = 200, body = List<DeliveryView>)),
    extensions(("x-refusals" = json!(["forbidden"]))),
)]
pub(crate) async fn deliveries(
    auditor: Auditor,
    PathId(id): PathId,
    page: Page<i64>,
) -> Result<Json<List<DeliveryView>>, Problem> {
    SERVICE.deliveries(&auditor, id, &page).map(Json)
}

/// Has a delivery sent again.
///
/// Administrators may.
#[utoipa::path(
    post,
    path = "/{id}/deliveries/{sequence}/resend",
    params(PathId, ("sequence" = u64, Path)),
    responses((status = 202, body = DeliveryView)),
    extensions(("x-refusals" = json!(["forbidden", "webhook_ended"]))),
)]
pub(crate) async fn resend(
    admin: Admin,
    Path((id, sequence)): Path<(String, String)>,
    _: NoBody,
) -> Result<(StatusCode, Json<DeliveryView>), Problem> {
    let PathId(id) = PathId::parse(&id)?;
    let sequence = sequence.parse().map_err(|_| Problem::not_found())?;
    let view = SERVICE.resend(&admin, id, sequence)?;
    Ok((StatusCode::ACCEPTED, Json(view)))
}
