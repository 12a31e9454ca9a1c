//! The routes of `/api/token`, as one table.

use crate::api::handlers::{introspect, jwks, refresh, revoke};
use axum::Router;
use axum::routing::{get, post};
use strongroom_sdk::http::Site;

strongroom_sdk::export_http!(site);

fn site() -> Site {
    let routes = Router::new()
        .route("/refresh", post(refresh))
        .route("/revoke", post(revoke))
        .route("/introspect", post(introspect))
        .route("/jwks", get(jwks))
        .route("/.well-known/jwks.json", get(jwks));
    Site::new(routes)
}
