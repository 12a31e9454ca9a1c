//! The routes of `/api/auth`, as one table.

use crate::api::handlers::keys::{confirm_key, create_key, key, keys, revoke_key};
use crate::api::handlers::own::{change_me, change_password, log_in, log_out, me, register};
use crate::api::handlers::staff::{change_user, create_user, events, user, users};
use axum::Router;
use axum::routing::{get, post};
use strongroom_sdk::http::Site;

strongroom_sdk::export_http!(site);

fn site() -> Site {
    let routes = Router::new()
        .route("/register", post(register))
        .route("/login", post(log_in))
        .route("/logout", post(log_out))
        .route("/me", get(me).patch(change_me))
        .route("/password", post(change_password))
        .route("/users", get(users).post(create_user))
        .route("/users/{id}", get(user).patch(change_user))
        .route("/keys", get(keys).post(create_key))
        .route("/keys/{id}", get(key).delete(revoke_key))
        .route("/keys/{id}/confirm", post(confirm_key))
        .route("/events", get(events));
    Site::new(routes)
}
