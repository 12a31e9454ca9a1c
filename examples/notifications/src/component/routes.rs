//! The routes of `/api/notifications`, as one table.

use crate::feed::{self, NotificationView};
use axum::Router;
use axum::routing::{get, post};
use strongroom_sdk::clock::SystemClock;
use strongroom_sdk::http::{PathId, Site};
use strongroom_sdk::identity::Identity;
use strongroom_sdk::json::{Json, NoBody};
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::HostStore;

pub(super) fn site() -> Site {
    let routes = Router::new()
        .route("/", get(list))
        .route("/{id}/read", post(mark_read));
    Site::new(routes)
}

async fn list(
    identity: Identity,
    page: Page<i64>,
) -> Result<Json<List<NotificationView>>, Problem> {
    feed::list(&HostStore, &identity, &page).map(Json)
}

async fn mark_read(
    identity: Identity,
    PathId(id): PathId,
    _: NoBody,
) -> Result<Json<NotificationView>, Problem> {
    feed::mark_read(&HostStore, &SystemClock, &identity, id).map(Json)
}
