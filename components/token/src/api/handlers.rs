//! The handlers of the routes.

use super::request::{JsonOrForm, RefreshRequest, TokenRequest};
use crate::Introspection;
use crate::component::{service, signer};
use axum::response::IntoResponse;
use http::{StatusCode, header};
use strongroom_sdk::identity::Auditor;
use strongroom_sdk::json::Json;
use strongroom_sdk::oauth::{SessionResponse, TokenResponse};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::query::{NoParameters, Query};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};

/// The schema of the public keys, which the host writes.
enum KeySet {}

strongroom_sdk::schema!(
    KeySet,
    ObjectBuilder::new()
        .description(Some("A JWK set (RFC 7517)."))
        .property(
            "keys",
            ArrayBuilder::new().items(ObjectBuilder::new().schema_type(Type::Object)),
        )
        .required("keys")
);

/// Exchanges a refresh token for the next tokens of its session.
#[utoipa::path(
    post,
    path = "/refresh",
    request_body(content(
        (RefreshRequest = "application/json"),
        (RefreshRequest = "application/x-www-form-urlencoded"),
    )),
    responses((status = 200, body = SessionResponse)),
    extensions(("x-refusals" = json!([
        "invalid_grant", "unsupported_grant_type", "invalid_request",
    ]))),
)]
pub(crate) async fn refresh(
    JsonOrForm(body): JsonOrForm<RefreshRequest>,
) -> Result<Json<SessionResponse>, Problem> {
    body.check_grant_type()?;
    let tokens = service().refresh(&body.refresh_token)?;
    Ok(Json(TokenResponse::from(tokens).into()))
}

/// Ends the session of a token (RFC 7009). An unknown token is no error.
#[utoipa::path(
    post,
    path = "/revoke",
    request_body(content(
        (TokenRequest = "application/json"),
        (TokenRequest = "application/x-www-form-urlencoded"),
    )),
    responses((status = 200)),
    extensions(("x-refusals" = json!(["invalid_request"]))),
)]
pub(crate) async fn revoke(
    JsonOrForm(body): JsonOrForm<TokenRequest>,
) -> Result<StatusCode, Problem> {
    service().revoke(&body.token)?;
    Ok(StatusCode::OK)
}

/// Says what a token is worth (RFC 7662).
///
/// Auditors and administrators may.
#[utoipa::path(
    post,
    path = "/introspect",
    request_body(content(
        (TokenRequest = "application/json"),
        (TokenRequest = "application/x-www-form-urlencoded"),
    )),
    responses((status = 200, body = Introspection)),
    extensions(("x-refusals" = json!(["forbidden", "invalid_request"]))),
)]
pub(crate) async fn introspect(
    _: Auditor,
    JsonOrForm(body): JsonOrForm<TokenRequest>,
) -> Result<Json<Introspection>, Problem> {
    Ok(Json(service().introspect(&body.token)?))
}

/// RFC 7517 section 5. A client may cache the keys for the lifetime of an access token: the host
/// publishes a new key for that long before it signs with it.
#[utoipa::path(
    get,
    path = "/jwks",
    summary = "Reads the public keys of access tokens (RFC 7517).",
    description = "A client may cache them for the lifetime of an access token.",
    responses((status = 200, body = KeySet, content_type = "application/jwk-set+json")),
)]
pub(crate) async fn jwks(_: Query<NoParameters>) -> impl IntoResponse {
    (
        [
            (header::CONTENT_TYPE, "application/jwk-set+json"),
            (header::CACHE_CONTROL, "public, max-age=300"),
        ],
        signer::public_set(),
    )
}
