//! The routes of `/api/transactions`, as one table.

use crate::api::handlers::{
    batch, cancel_schedule, capture, create_schedule, deposit, events, hold, list, list_schedules,
    posting, reverse, schedule, schedule_events, transaction, transfer, void, withdraw,
};
use axum::Router;
use axum::routing::{get, post};
use strongroom_sdk::http::Site;

strongroom_sdk::export_http!(site);

fn site() -> Site {
    let routes = Router::new()
        .route("/", get(list))
        .route("/deposit", post(deposit))
        .route("/withdraw", post(withdraw))
        .route("/transfer", post(transfer))
        .route("/send", post(transfer))
        .route("/postings", post(posting))
        .route("/holds", post(hold))
        .route("/holds/{id}/capture", post(capture))
        .route("/holds/{id}/void", post(void))
        .route("/batch", post(batch))
        .route("/{id}/reverse", post(reverse))
        .route("/{id}", get(transaction))
        .route("/events", get(events))
        .route("/schedules", post(create_schedule).get(list_schedules))
        .route("/schedules/events", get(schedule_events))
        .route("/schedules/{id}", get(schedule).delete(cancel_schedule));
    Site::new(routes)
}
