//! The handlers.

use super::request::{JsonOrForm, RefreshRequest, TokenRequest};
use crate::Introspection;
use crate::component::{service, signer};
use axum::response::IntoResponse;
use http::{StatusCode, header};
use strongroom_sdk::identity::Auditor;
use strongroom_sdk::json::Json;
use strongroom_sdk::oauth::{SessionResponse, TokenResponse};
use strongroom_sdk::problem::Problem;

pub(crate) async fn refresh(
    JsonOrForm(body): JsonOrForm<RefreshRequest>,
) -> Result<Json<SessionResponse>, Problem> {
    body.check_grant_type()?;
    let tokens = service().refresh(&body.refresh_token)?;
    Ok(Json(TokenResponse::from(tokens).into()))
}

pub(crate) async fn revoke(
    JsonOrForm(body): JsonOrForm<TokenRequest>,
) -> Result<StatusCode, Problem> {
    service().revoke(&body.token)?;
    Ok(StatusCode::OK)
}

pub(crate) async fn introspect(
    _: Auditor,
    JsonOrForm(body): JsonOrForm<TokenRequest>,
) -> Result<Json<Introspection>, Problem> {
    Ok(Json(service().introspect(&body.token)?))
}

/// RFC 7517 section 5. A client may cache the keys for the lifetime of an access token: the host
/// publishes a new key for that long before it signs with it.
pub(crate) async fn jwks() -> impl IntoResponse {
    (
        [
            (header::CONTENT_TYPE, "application/jwk-set+json"),
            (header::CACHE_CONTROL, "public, max-age=300"),
        ],
        signer::public_set(),
    )
}
