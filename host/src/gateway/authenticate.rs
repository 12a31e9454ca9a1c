//! Who a request speaks for: the bearer token of RFC 6750, verified in process.

use super::problem::GatewayError;
use crate::bearer::bearer_token;
use crate::keys::{Identity, Keys};
use http::HeaderMap;
use http::header::AUTHORIZATION;

/// The identity of a request; none of its own words are believed but the token's.
pub(super) fn authenticate(keys: &Keys, headers: &HeaderMap) -> Result<Identity, GatewayError> {
    let value = headers
        .get(AUTHORIZATION)
        .ok_or(GatewayError::TokenMissing)?;
    let token = value.to_str().ok().and_then(bearer_token);
    let token = token.ok_or(GatewayError::TokenMissing)?;
    keys.verify(token).map_err(GatewayError::TokenRefused)
}
