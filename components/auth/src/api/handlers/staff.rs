//! What staff do about users. Tellers look customers up, auditors read all, and administrators also
//! change.

use super::NEW_PASSWORD;
use crate::component::service;
use crate::user::StaffView;
use crate::{EventFilter, NewUser, UserChange, UserFilter};
use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::Serialize;
use strongroom_sdk::audit_log::{Actor, EventView, event_schema};
use strongroom_sdk::http::PathId;
use strongroom_sdk::idempotency::{IdempotencyKey, KeyedRequest, StoredReply};
use strongroom_sdk::identity::{Admin, Auditor, Staff};
use strongroom_sdk::json::Json;
use strongroom_sdk::onward::{OnwardList, OnwardQuery};
use strongroom_sdk::openapi::{OptionalIdempotencyKey, Paging};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::query::{NoParameters, Query};
use strongroom_sdk::restoration::restored_at_ms;
use utoipa::ToSchema;
use utoipa::openapi::schema::OneOfBuilder;
use uuid::Uuid;

/// The schema of an event: it is about a user or about an API key.
enum AuthEvent {}

strongroom_sdk::schema!(
    AuthEvent,
    OneOfBuilder::new()
        .item(event_schema("user_id"))
        .item(event_schema("key_id"))
);

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
    key: Option<IdempotencyKey>,
    Json(body): Json<NewUser>,
) -> Result<StoredReply, Problem> {
    // Never the password: its hash here would be a fast one.
    let asked = (&body.email, body.role, &body.name, &body.metadata);
    let request = KeyedRequest::new(key.as_ref(), admin.principal(), "POST /users", &asked)?;
    service().create_user(&Actor::new(&admin), &request, &body)
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
    PathId(id): PathId,
    Json(body): Json<UserChange>,
) -> Result<Json<StaffView>, Problem> {
    let user = service().change_user(&Actor::new(&admin), id, &body)?;
    Ok(Json(user.into()))
}

/// Lists what was done to users and API keys, newest first; with `after_sequence`, copies all of
/// it, oldest first.
///
/// Auditors and administrators may.
#[utoipa::path(
    get,
    path = "/events",
    params(
        EventFilter,
        Paging,
        ("after_sequence" = Option<u64>, Query, description = "The last sequence that the client \
            has; 0 begins at the first. Beside it may stand `limit` alone, up to 1,000."),
    ),
    responses((status = 200, body = EventPage<AuthEvent>)),
    extensions(("x-refusals" = json!(["forbidden", "history_restored"]))),
)]
pub(crate) async fn events(
    _: Auditor,
    query: EventQuery,
) -> Result<Json<EventPage<EventView>>, Problem> {
    Ok(Json(match query {
        EventQuery::List(page) => EventPage::List(service().events(&page)?),
        EventQuery::Feed(query) => EventPage::Feed(service().event_feed(query, restored_at_ms())?),
    }))
}

/// The log is a list and a feed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum EventPage<T> {
    List(List<T>),
    Feed(OnwardList<T>),
}

/// What a client asks of the log.
pub(crate) enum EventQuery {
    List(Page<i64, EventFilter>),
    Feed(OnwardQuery),
}

impl<S: Send + Sync> FromRequestParts<S> for EventQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        if query.split('&').any(|it| it.starts_with("after_sequence=")) {
            let Query(query) = Query::from_request_parts(parts, state).await?;
            return Ok(Self::Feed(query));
        }
        Page::from_request_parts(parts, state).await.map(Self::List)
    }
}
