//! The id of a request in the host's log.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use std::convert::Infallible;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The request's `x-request-id`: the client's own, or one that the host made. The response has it
/// too. None only in tests without a host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestId(pub Option<String>);

impl RequestId {
    /// Reads the header.
    pub fn of(headers: &HeaderMap) -> Self {
        let value = headers.get(X_REQUEST_ID);
        let text = value.and_then(|value| value.to_str().ok());
        Self(text.map(str::to_owned))
    }
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}
