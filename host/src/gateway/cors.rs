//! Which web pages may call the services (the Fetch standard's CORS protocol). Without configured origins no page of another origin may.

use super::rate::{RATE_LIMIT, RATE_LIMIT_POLICY};
use super::request_id::REQUEST_ID;
use super::trace::{TRACEPARENT, TRACESTATE};
use http::header::{
    ACCEPT_ENCODING, ALLOW, AUTHORIZATION, CONTENT_DISPOSITION, CONTENT_TYPE, RETRY_AFTER,
    WWW_AUTHENTICATE,
};
use http::{HeaderName, HeaderValue, Method};
use std::time::Duration;
use tower_http::cors::CorsLayer;

/// How long a browser may remember a preflight's answer.
const MAX_AGE: Duration = Duration::from_secs(600);

/// The layer for these origins; none if there are none.
pub(super) fn layer(origins: &[HeaderValue]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let layer = CorsLayer::new()
        .allow_origin(origins.to_vec())
        .allow_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            HeaderName::from_static("idempotency-key"),
            REQUEST_ID,
            TRACEPARENT,
            TRACESTATE,
        ])
        // All that an answer says beyond what a page may read anyway.
        .expose_headers([
            REQUEST_ID,
            RETRY_AFTER,
            RATE_LIMIT,
            RATE_LIMIT_POLICY,
            WWW_AUTHENTICATE,
            ALLOW,
            ACCEPT_ENCODING,
            CONTENT_DISPOSITION,
            HeaderName::from_static("idempotency-replayed"),
        ])
        .max_age(MAX_AGE);
    Some(layer)
}
