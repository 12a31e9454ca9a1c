//! The route of the events.

use super::SERVICE;
use crate::event::{self, EventPage, EventQuery};
use axum::Router;
use axum::routing::get;
use strongroom_sdk::identity::Identity;
use strongroom_sdk::json::Json;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::query::Query;

pub(super) fn routes() -> Router {
    Router::new().route("/events", get(events))
}

async fn events(
    identity: Identity,
    Query(query): Query<EventQuery>,
) -> Result<Json<EventPage>, Problem> {
    event::read(&SERVICE.ledger, &identity, query).map(Json)
}
