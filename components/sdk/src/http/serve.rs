//! The `wasi:http/incoming-handler` export, without an async runtime.
//!
//! A handler never waits: the host passes a request with its body, and the calls of the store and
//! the links block. A runtime such as `wstd` has a pollable for every stream and a conversion for
//! every field, and a small request pays for all these host calls. `wstd` also traps when a client
//! goes away before it has the whole response.

use super::Site;
use super::ready::ready;
use super::send::{fail, send, send_pieces};
use axum::body::{Body, Bytes, HttpBody};
use http::{HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::BodyExt;
use tower_service::Service;
use wasip2::http::types::{ErrorCode, IncomingRequest, Method as WasiMethod, ResponseOutparam};
use wasip2::io::streams::StreamError;

/// One read takes at most so much of a body, in bytes.
const READ_BYTES: u64 = 64 * 1024;

/// Handles one request.
pub fn serve(request: IncomingRequest, response_out: ResponseOutparam, mut site: Site) {
    let request = match read(request) {
        Ok(request) => request,
        Err(error) => return ResponseOutparam::set(response_out, Err(error)),
    };
    let method = request.method().clone();
    let Some(Ok(response)) = ready(site.call(request)) else {
        return fail(response_out, "the handler does not finish");
    };
    let (parts, body) = response.into_parts();
    if body.size_hint().exact().is_none() {
        return send_pieces(&parts, body, response_out);
    }
    let Some(Ok(body)) = ready(body.collect()) else {
        return fail(response_out, "the body of the response has no end");
    };
    let response = Response::from_parts(parts, body.to_bytes());
    send(response, &method, response_out);
}

fn read(request: IncomingRequest) -> Result<Request<Body>, ErrorCode> {
    let invalid = |error: &dyn std::fmt::Display| ErrorCode::InternalError(Some(error.to_string()));
    let method = method(request.method()).map_err(|error| invalid(&error))?;
    let has_body = !matches!(method, Method::GET | Method::HEAD);
    let path = request.path_with_query().unwrap_or_else(|| "/".to_owned());
    let mut read = Request::builder()
        .method(method)
        .uri(path)
        .body(Body::empty())
        .map_err(|error| invalid(&error))?;
    for (name, value) in request.headers().entries() {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| invalid(&error))?;
        let value =
            HeaderValue::from_maybe_shared(Bytes::from(value)).map_err(|error| invalid(&error))?;
        read.headers_mut().append(name, value);
    }
    if has_body {
        *read.body_mut() = Body::from(read_body(&request)?);
    }
    Ok(read)
}

fn read_body(request: &IncomingRequest) -> Result<Vec<u8>, ErrorCode> {
    let taken = || ErrorCode::InternalError(Some("the body is taken".to_owned()));
    let body = request.consume().map_err(|()| taken())?;
    let stream = body.stream().map_err(|()| taken())?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(READ_BYTES) {
            Ok(chunk) if bytes.is_empty() => bytes = chunk,
            Ok(chunk) => bytes.extend(chunk),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(error)) => {
                return Err(ErrorCode::InternalError(Some(error.to_debug_string())));
            }
        }
    }
}

fn method(method: WasiMethod) -> Result<Method, http::method::InvalidMethod> {
    Ok(match method {
        WasiMethod::Get => Method::GET,
        WasiMethod::Head => Method::HEAD,
        WasiMethod::Post => Method::POST,
        WasiMethod::Put => Method::PUT,
        WasiMethod::Delete => Method::DELETE,
        WasiMethod::Connect => Method::CONNECT,
        WasiMethod::Options => Method::OPTIONS,
        WasiMethod::Trace => Method::TRACE,
        WasiMethod::Patch => Method::PATCH,
        WasiMethod::Other(name) => Method::from_bytes(name.as_bytes())?,
    })
}

/// Exports a component's routes as `wasi:http/incoming-handler`. Takes the path of a function that
/// returns the `Site`, and calls it once per instance.
#[macro_export]
macro_rules! export_http {
    ($site:path) => {
        struct HttpExport;

        impl $crate::http::wasip2::exports::http::incoming_handler::Guest for HttpExport {
            fn handle(
                request: $crate::http::wasip2::http::types::IncomingRequest,
                response_out: $crate::http::wasip2::http::types::ResponseOutparam,
            ) {
                static SITE: ::std::sync::OnceLock<$crate::http::Site> =
                    ::std::sync::OnceLock::new();
                $crate::http::serve(request, response_out, SITE.get_or_init($site).clone());
            }
        }

        $crate::http::wasip2::http::proxy::export!(HttpExport with_types_in $crate::http::wasip2);
    };
}
