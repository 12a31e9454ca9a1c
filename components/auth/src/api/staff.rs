//! What staff do about users. Tellers look customers up, auditors read all, and administrators also
//! change.

use crate::component::service;
use crate::openapi::{AuthEvent, NEW_PASSWORD};
use crate::user::StaffView;
use crate::{EventFilter, NewUser, UserChange, UserFilter};
use strongroom_sdk::audit_log::{Actor, EventView};
use strongroom_sdk::http::{PathId, RequestId};
use strongroom_sdk::idempotency::{IdempotencyKey, KeyedRequest, StoredReply};
use strongroom_sdk::identity::{Admin, Auditor, Staff};
use strongroom_sdk::json::Json;
use strongroom_sdk::openapi::{OptionalIdempotencyKey, Paging};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::query::{NoParameters, Query};
use uuid::Uuid;

/// Makes a user of any role.
///
/// Administrators may.
#[utoipa::path(
    post,
    path = "/users",
    params(OptionalIdempotencyKey),
    request_body = NewUser,
    responses((status = 201, body = StaffView)),
    extensions(("x-refusals" = json!([NEW_PASSWORD, "forbidden", "email_taken"]))),
)]
pub(crate) async fn create_user(
    admin: Admin,
    request_id: RequestId,
    key: Option<IdempotencyKey>,
    Json(body): Json<NewUser>,
) -> Result<StoredReply, Problem> {
    // Never the password: its hash here would be a fast one.
    let asked = (&body.email, body.role, &body.name, &body.metadata);
    let request = KeyedRequest::new(key.as_ref(), admin.principal(), "POST /users", &asked)?;
    service().create_user(&Actor::new(&admin, request_id), &request, &body)
}

/// Lists users, newest first.
///
/// Staff may; a teller sees customers alone.
#[utoipa::path(
    get,
    path = "/users",
    params(UserFilter, Paging),
    responses((status = 200, body = List<StaffView>)),
    extensions(("x-refusals" = json!(["forbidden"]))),
)]
pub(crate) async fn users(
    staff: Staff,
    page: Page<Uuid, UserFilter>,
) -> Result<Json<List<StaffView>>, Problem> {
    Ok(Json(service().users(&staff, &page)?.map(StaffView::from)))
}

/// Reads a user.
///
/// Staff may; a teller sees customers alone.
#[utoipa::path(
    get,
    path = "/users/{id}",
    params(PathId),
    responses((status = 200, body = StaffView)),
    extensions(("x-refusals" = json!(["forbidden"]))),
)]
pub(crate) async fn user(
    staff: Staff,
    PathId(id): PathId,
    _: Query<NoParameters>,
) -> Result<Json<StaffView>, Problem> {
    Ok(Json(service().user_for(&staff, id)?.into()))
}

/// Changes a user. A missing member changes nothing.
///
/// Administrators may.
#[utoipa::path(
    patch,
    path = "/users/{id}",
    params(PathId),
    request_body = UserChange,
    responses((status = 200, body = StaffView)),
    extensions(("x-refusals" = json!(["forbidden", "own_account", "last_admin"]))),
)]
pub(crate) async fn change_user(
    admin: Admin,
    request_id: RequestId,
    PathId(id): PathId,
    Json(body): Json<UserChange>,
) -> Result<Json<StaffView>, Problem> {
    let user = service().change_user(&Actor::new(&admin, request_id), id, &body)?;
    Ok(Json(user.into()))
}

/// Lists what was done to users and API keys, newest first.
///
/// Auditors and administrators may.
#[utoipa::path(
    get,
    path = "/events",
    params(EventFilter, Paging),
    responses((status = 200, body = List<AuthEvent>)),
    extensions(("x-refusals" = json!(["forbidden"]))),
)]
pub(crate) async fn events(
    _: Auditor,
    page: Page<i64, EventFilter>,
) -> Result<Json<List<EventView>>, Problem> {
    Ok(Json(service().events(&page)?))
}
