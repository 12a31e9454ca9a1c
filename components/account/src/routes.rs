//! The routes of `/api/accounts`, as one table.

use crate::api::handlers::{
    account, balance, close, entries, events, events_of, freeze, journal, list, list_of_user, open,
    statement, unfreeze, update,
};
use axum::Router;
use axum::routing::{get, post};
use strongroom_sdk::http::Site;

strongroom_sdk::export_http!(site);

fn site() -> Site {
    let routes = Router::new()
        .route("/", get(list).post(open))
        .route("/user/{user_id}", get(list_of_user))
        .route("/journal", get(journal))
        .route("/events", get(events))
        .route("/{id}", get(account).patch(update))
        .route("/{id}/balance", get(balance))
        .route("/{id}/entries", get(entries))
        .route("/{id}/statement", get(statement))
        .route("/{id}/events", get(events_of))
        .route("/{id}/freeze", post(freeze))
        .route("/{id}/unfreeze", post(unfreeze))
        .route("/{id}/close", post(close));
    Site::new(routes)
}
