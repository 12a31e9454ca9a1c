//! The service's routes.

use crate::api::request::{JsonOrForm, RefreshRequest, TokenRequest};
use crate::component::bindings::strongroom::keys::signer;
use crate::component::service;
use crate::{Introspection, Tokens};
use axum::Router;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use http::{StatusCode, header};
use serde::Serialize;
use strongroom_sdk::http::Site;
use strongroom_sdk::identity::{Identity, Role};
use strongroom_sdk::json::Json;
use strongroom_sdk::problem::Problem;

pub(crate) fn site() -> Site {
    let routes = Router::new()
        .route("/refresh", post(refresh))
        .route("/revoke", post(revoke))
        .route("/introspect", post(introspect))
        .route("/jwks", get(jwks))
        .route("/.well-known/jwks.json", get(jwks));
    Site::new(routes).no_store()
}

/// RFC 6749 section 5.1.
#[derive(Serialize)]
struct TokenResponse {
    access_token: String,
    token_type: &'static str,
    expires_in: u32,
    refresh_token: String,
}

impl From<Tokens> for TokenResponse {
    fn from(tokens: Tokens) -> Self {
        Self {
            access_token: tokens.access_token,
            token_type: "Bearer",
            expires_in: tokens.expires_in,
            refresh_token: tokens.refresh_token,
        }
    }
}

async fn refresh(
    JsonOrForm(body): JsonOrForm<RefreshRequest>,
) -> Result<Json<TokenResponse>, Problem> {
    body.check_grant_type()?;
    let tokens = service()
        .map_err(Problem::internal)?
        .refresh(&body.refresh_token)?;
    Ok(Json(tokens.into()))
}

async fn revoke(JsonOrForm(body): JsonOrForm<TokenRequest>) -> Result<StatusCode, Problem> {
    service().map_err(Problem::internal)?.revoke(&body.token)?;
    Ok(StatusCode::OK)
}

async fn introspect(
    identity: Identity,
    body: Result<JsonOrForm<TokenRequest>, Problem>,
) -> Result<Json<Introspection>, Problem> {
    identity.require(&[Role::Admin, Role::Auditor])?;
    let introspection = service()
        .map_err(Problem::internal)?
        .introspect(&body?.0.token)?;
    Ok(Json(introspection))
}

/// RFC 7517 section 5. May be cached for as long as an access token lives, which is how long a new key is published before it signs.
async fn jwks() -> impl IntoResponse {
    (
        [
            (header::CONTENT_TYPE, "application/jwk-set+json"),
            (header::CACHE_CONTROL, "public, max-age=300"),
        ],
        signer::public_set(),
    )
}
