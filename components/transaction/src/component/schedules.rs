//! The routes of the standing orders.

use super::SERVICE;
use crate::api::{self, EventFilter};
use crate::schedule::{ScheduleBody, ScheduleView};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use strongroom_sdk::audit_log::EventView;
use strongroom_sdk::http::{PathId, RequestId};
use strongroom_sdk::idempotency::{IdempotencyKey, StoredReply};
use strongroom_sdk::identity::Identity;
use strongroom_sdk::json::{Json, NoBody};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::query::{NoParameters, Query};

pub(super) fn routes() -> Router {
    Router::new()
        .route("/schedules", post(create).get(list))
        .route("/schedules/events", get(events))
        .route("/schedules/{id}", get(schedule).delete(cancel))
}

async fn create(
    identity: Identity,
    key: IdempotencyKey,
    Json(body): Json<ScheduleBody>,
) -> Result<StoredReply, Problem> {
    api::create_schedule(&SERVICE, &identity, &key, body)
}

async fn list(identity: Identity, page: Page<u64>) -> Result<Json<List<ScheduleView>>, Problem> {
    api::list_schedules(&SERVICE, &identity, &page).map(Json)
}

async fn schedule(
    identity: Identity,
    PathId(id): PathId,
    _: Query<NoParameters>,
) -> Result<Json<ScheduleView>, Problem> {
    api::get_schedule(&SERVICE, &identity, id).map(Json)
}

async fn cancel(
    identity: Identity,
    request_id: RequestId,
    PathId(id): PathId,
    _: Query<NoParameters>,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    api::delete_schedule(&SERVICE, &identity, request_id, id)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn events(
    identity: Identity,
    page: Page<u64, EventFilter>,
) -> Result<Json<List<EventView>>, Problem> {
    api::schedule_events(&SERVICE, &identity, &page).map(Json)
}
