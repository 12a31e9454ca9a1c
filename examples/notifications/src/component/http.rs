//! `wasi:http/handler` of WASI 0.3: an `async` function from a request to a response.

use super::{Component, routes};
use axum::body::Body;
use http_body_util::BodyExt;
use tower_service::Service;
use wasip3::exports::http::handler::Guest;
use wasip3::http::types::{ErrorCode, Request, Response};
use wasip3::http_compat::{http_from_wasi_request, http_into_wasi_response};

impl Guest for Component {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let (head, body) = http_from_wasi_request(request)?.into_parts();
        let body = body.collect().await?.to_bytes();
        let request = axum::http::Request::from_parts(head, Body::from(body));
        let Ok(response) = routes::site().call(request).await;
        http_into_wasi_response(response)
    }
}
