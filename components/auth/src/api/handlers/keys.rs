//! What staff do about API keys. Auditors read, and administrators also make and revoke them.

use crate::component::service;
use crate::key::{KeyView, NewKeyView};
use crate::{KeyFilter, NewKey};
use http::StatusCode;
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::http::PathId;
use strongroom_sdk::idempotency::{IdempotencyKey, KeyedRequest, StoredReply};
use strongroom_sdk::identity::{Admin, Auditor};
use strongroom_sdk::json::{Json, NoBody};
use strongroom_sdk::openapi::{OptionalIdempotencyKey, Paging};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::query::{NoParameters, Query};
use uuid::Uuid;

/// Makes an API key. The answer has its secret, once.
///
/// Administrators may.
#[utoipa::path(
    post,
    path = "/keys",
    params(OptionalIdempotencyKey),
    request_body = NewKey,
    responses((status = 201, body = NewKeyView)),
    extensions(("x-refusals" = json!(["forbidden", "keys_too_many"]))),
)]
pub(crate) async fn create_key(
    admin: Admin,
    key: Option<IdempotencyKey>,
    Json(body): Json<NewKey>,
) -> Result<StoredReply, Problem> {
    let request = KeyedRequest::new(key.as_ref(), admin.principal(), "POST /keys", &body)?;
    service().create_key(&Actor::new(&admin), &request, &body)
}

/// Lists API keys, newest first.
///
/// Auditors and administrators may.
#[utoipa::path(
    get,
    path = "/keys",
    params(KeyFilter, Paging),
    responses((status = 200, body = List<KeyView>)),
    extensions(("x-refusals" = json!(["forbidden"]))),
)]
pub(crate) async fn keys(
    _: Auditor,
    page: Page<Uuid, KeyFilter>,
) -> Result<Json<List<KeyView>>, Problem> {
    Ok(Json(service().keys(&page)?))
}

/// Reads an API key.
///
/// Auditors and administrators may.
#[utoipa::path(
    get,
    path = "/keys/{id}",
    params(PathId),
    responses((status = 200, body = KeyView)),
    extensions(("x-refusals" = json!(["forbidden"]))),
)]
pub(crate) async fn key(
    _: Auditor,
    PathId(id): PathId,
    _: Query<NoParameters>,
) -> Result<Json<KeyView>, Problem> {
    Ok(Json(service().key(id)?))
}

/// Lets an API key work again after the bank was restored from a backup.
///
/// A key whose `needs_confirmation` is true is refused until then, as it may have been revoked
/// after the backup was made. For any other key this changes nothing.
///
/// Administrators may.
#[utoipa::path(
    post,
    path = "/keys/{id}/confirm",
    params(PathId),
    responses((status = 200, body = KeyView)),
    extensions(("x-refusals" = json!(["forbidden"]))),
)]
pub(crate) async fn confirm_key(
    admin: Admin,
    PathId(id): PathId,
    _: NoBody,
) -> Result<Json<KeyView>, Problem> {
    Ok(Json(service().confirm_key(&Actor::new(&admin), id)?))
}

/// Revokes an API key. It has stopped working.
///
/// Administrators may.
#[utoipa::path(
    delete,
    path = "/keys/{id}",
    params(PathId),
    responses((status = 204)),
    extensions(("x-refusals" = json!(["forbidden"]))),
)]
pub(crate) async fn revoke_key(
    admin: Admin,
    PathId(id): PathId,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    service().revoke_key(&Actor::new(&admin), id)?;
    Ok(StatusCode::NO_CONTENT)
}
