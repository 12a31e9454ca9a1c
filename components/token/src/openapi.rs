//! The part of `/api/token` in the bank's OpenAPI document.

use crate::api::handlers;
use strongroom_sdk::openapi::{Alias, Refusal};
use strongroom_sdk::refusals;
use utoipa::OpenApi;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Token",
        description = "Sessions, and their access and refresh tokens."
    ),
    paths(
        handlers::refresh,
        handlers::revoke,
        handlers::introspect,
        handlers::jwks,
    )
)]
struct Document;

/// Why a call is refused, beyond the reasons that all services have. OAuth clients read the code in
/// the member `error` too.
const REFUSALS: &[Refusal] = refusals! {
    400 "invalid_grant" with "error": "the refresh token is not valid, or its session has ended";
    400 "unsupported_grant_type" with "error": "the `grant_type` is not `refresh_token`";
    400 "invalid_request" with "error": "a form lacks a needed parameter, or has one twice";
};

/// Where verifiers look for the keys.
const ALIASES: &[Alias] = &[Alias {
    path: "/.well-known/jwks.json",
    of: "/jwks",
    operation_id: "well_known_jwks",
}];

pub(crate) fn document() -> String {
    strongroom_sdk::openapi::document(&Document::openapi(), REFUSALS, ALIASES)
}
