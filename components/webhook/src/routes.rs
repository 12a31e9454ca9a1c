//! The routes of `/api/webhooks`, as one table.

use crate::api::handlers::{
    change, create, deliveries, list, log, remove, resend, rotate_secret, test, webhook,
};
use axum::Router;
use axum::routing::{get, post};
use strongroom_sdk::http::Site;

strongroom_sdk::export_http!(site);

fn site() -> Site {
    let routes = Router::new()
        .route("/", post(create).get(list))
        .route("/audit-log", get(log))
        .route("/{id}", get(webhook).patch(change).delete(remove))
        .route("/{id}/rotate-secret", post(rotate_secret))
        .route("/{id}/test", post(test))
        .route("/{id}/deliveries", get(deliveries))
        .route("/{id}/deliveries/{sequence}/resend", post(resend));
    Site::new(routes)
}
