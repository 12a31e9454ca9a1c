//! The `wasi:http/incoming-handler` export, by hand.
//!
//! A handler of ours never waits: the host hands a request over with its body, and the store and the links answer before they return. So
//! there is no need for an async runtime inside the component. `wstd` brings one, with a pollable for every stream and a conversion for
//! every field; all of it host calls that a small
//! request pays for. It would also trap when a client goes away before it has the whole response.

use super::Site;
use axum::body::{Body, Bytes};
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use tower_service::Service;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingRequest, Method as WasiMethod, OutgoingBody, OutgoingResponse,
    ResponseOutparam,
};
use wasip2::io::streams::{OutputStream, StreamError};

/// How much of a body is taken at once, in bytes.
const READ_BYTES: u64 = 64 * 1024;
/// How often a handler may say that it is not ready before it is taken to wait for something that never comes.
const POLLS_MAX: usize = 1_000;

/// Answers one request.
pub fn serve(request: IncomingRequest, response_out: ResponseOutparam, mut site: Site) {
    let request = match read(request) {
        Ok(request) => request,
        Err(error) => return ResponseOutparam::set(response_out, Err(error)),
    };
    let Some(Ok(response)) = complete(site.call(request)) else {
        return fail(response_out, "the handler waits for what never comes");
    };
    let (parts, body) = response.into_parts();
    let Some(Ok(body)) = complete(body.collect()) else {
        return fail(response_out, "the body of the answer has no end");
    };
    write(Response::from_parts(parts, body.to_bytes()), response_out);
}

/// Gives up on a request. The client learns nothing of the reason; the service's log has it.
fn fail(response_out: ResponseOutparam, reason: &str) {
    eprintln!("no answer: {reason}");
    ResponseOutparam::set(response_out, Err(ErrorCode::InternalError(None)));
}

/// Runs a future that does not wait.
fn complete<F: Future>(future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..POLLS_MAX).find_map(|_| match future.as_mut().poll(&mut context) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    })
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

fn write(response: Response<Bytes>, response_out: ResponseOutparam) {
    let (mut parts, content) = response.into_parts();
    let has_content = parts.status != StatusCode::NO_CONTENT;
    if !has_content {
        // RFC 9110 section 8.6: a 204 has no content-length. The router sets one on whatever is empty.
        parts.headers.remove(header::CONTENT_LENGTH);
    }
    let mut fields: Vec<(String, Vec<u8>)> = Vec::with_capacity(parts.headers.len() + 1);
    for (name, value) in &parts.headers {
        fields.push((name.as_str().to_owned(), value.as_bytes().to_vec()));
    }
    let says_length = parts.headers.contains_key(header::CONTENT_LENGTH);
    if !says_length && has_content {
        let length = content.len().to_string().into_bytes();
        fields.push((header::CONTENT_LENGTH.as_str().to_owned(), length));
    }
    let Ok(fields) = Fields::from_list(&fields) else {
        return fail(response_out, "the host refuses the headers of the answer");
    };
    let response = OutgoingResponse::new(fields);
    let is_status = response.set_status_code(parts.status.as_u16()).is_ok();
    let (true, Ok(body)) = (is_status, response.body()) else {
        return fail(response_out, "the host refuses the status of the answer");
    };
    ResponseOutparam::set(response_out, Ok(response));
    if let Ok(stream) = body.write() {
        // Only a client that has gone away makes the write fail, and then there is nobody left to tell.
        drop(write_all(&stream, &content));
    }
    drop(OutgoingBody::finish(body, None));
}

/// Writes without a flush: the host sends what it has, and waiting until it did would cost a switch of tasks.
fn write_all(stream: &OutputStream, mut content: &[u8]) -> Result<(), StreamError> {
    while !content.is_empty() {
        let room = usize::try_from(stream.check_write()?).unwrap_or(usize::MAX);
        if room == 0 {
            stream.subscribe().block();
            continue;
        }
        let (now, later) = content.split_at(room.min(content.len()));
        stream.write(now)?;
        content = later;
    }
    Ok(())
}

/// Exports a component's routes as `wasi:http/incoming-handler`: takes the path of a `fn() -> Site`, which is called once per
/// instance.
#[macro_export]
macro_rules! export_http {
    ($site:path) => {
        struct HttpExport;

        impl $crate::http::wasip2::exports::http::incoming_handler::Guest for HttpExport {
            fn handle(
                request: $crate::http::wasip2::http::types::IncomingRequest,
                response_out: $crate::http::wasip2::http::types::ResponseOutparam,
            ) {
                static SITE: ::std::sync::OnceLock<$crate::http::Site> = ::std::sync::OnceLock::new();
                $crate::http::serve(request, response_out, SITE.get_or_init($site).clone());
            }
        }

        $crate::http::wasip2::http::proxy::export!(HttpExport with_types_in $crate::http::wasip2);
    };
}
