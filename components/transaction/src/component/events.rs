//! The route of the events.

use super::SERVICE;
use crate::event;
use axum::Router;
use axum::routing::get;
use strongroom_ledger_api::view::Event;
use strongroom_sdk::identity::Identity;
use strongroom_sdk::json::Json;
use strongroom_sdk::onward::{OnwardList, OnwardQuery};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::query::Query;

pub(super) fn routes() -> Router {
    Router::new().route("/events", get(events))
}

async fn events(
    identity: Identity,
    Query(query): Query<OnwardQuery>,
) -> Result<Json<OnwardList<Event>>, Problem> {
    event::read(&SERVICE.ledger, &identity, query).map(Json)
}
