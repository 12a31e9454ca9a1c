//! The calls of the admin API.

use super::services::ServiceList;
use crate::swap::{RecordRow, Swapper, Trigger};
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, ORIGIN};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use serde::Serialize;
use std::sync::Arc;

/// The largest registry that can be planned with, in bytes.
const REGISTRY_BYTES_MAX: usize = 1 << 20;
/// How many changes `/services/history` answers, unless it is told, and at most.
const HISTORY_DEFAULT: usize = 100;
const HISTORY_MAX: usize = 2_000;

const INDEX: &str = "there is nothing here; there are:
GET  /healthz            200 while the process works
GET  /readyz             503 until every service serves, and while draining
GET  /services           what every service is doing
GET  /services/history   what was changed, newest first; ?service=NAME&limit=N
POST /services/reload    read the registry now, and try again what was refused
POST /services/plan      what the registry in the body would change; `strongroom check --against` shows it
";

/// The answer to one request.
pub(super) async fn answer(
    swapper: &Arc<Swapper>,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    let is_get = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_post = *request.method() == Method::POST;
    let path = request.uri().path().to_owned();
    match path.as_str() {
        "/healthz" | "/readyz" | "/services" | "/services/history" if !is_get => {
            not_allowed("GET, HEAD")
        }
        "/services/reload" | "/services/plan" if !is_post => not_allowed("POST"),
        // A web page in the operator's browser can reach the loopback too.
        _ if request.headers().contains_key(ORIGIN) => text(
            StatusCode::FORBIDDEN,
            "web pages may not call the admin API\n",
        ),
        "/healthz" => text(StatusCode::OK, "ok\n"),
        "/readyz" if swapper.services().are_ready() => text(StatusCode::OK, "ready\n"),
        "/readyz" => text(
            StatusCode::SERVICE_UNAVAILABLE,
            "not ready; /services says why\n",
        ),
        "/services" => json(StatusCode::OK, &ServiceList::of(swapper)),
        "/services/history" => history(swapper, request.uri().query().unwrap_or_default()),
        "/services/reload" => {
            // A task of its own: a client that goes away must not break a change off half-way.
            let reloading = Arc::clone(swapper);
            let reload = tokio::spawn(async move { reloading.reload(Trigger::Request).await });
            let Ok(report) = reload.await else {
                return text(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "the reload failed; see the log\n",
                );
            };
            let status = if report.is_done() {
                StatusCode::OK
            } else if swapper.services().draining().is_cancelled() {
                StatusCode::SERVICE_UNAVAILABLE
            } else {
                StatusCode::UNPROCESSABLE_ENTITY
            };
            json(status, &report)
        }
        "/services/plan" => plan(swapper, request).await,
        _ => text(StatusCode::NOT_FOUND, INDEX),
    }
}

#[derive(Serialize)]
struct HistoryPage {
    changes: Vec<RecordRow>,
}

fn history(swapper: &Swapper, query: &str) -> Response<Full<Bytes>> {
    let mut service = None;
    let mut limit = HISTORY_DEFAULT;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("service", name)) => service = Some(name),
            Some(("limit", number)) => match number.parse() {
                Ok(number) if (1..=HISTORY_MAX).contains(&number) => limit = number,
                _ => {
                    let message = format!("limit must be a number from 1 to {HISTORY_MAX}\n");
                    return text(StatusCode::BAD_REQUEST, &message);
                }
            },
            _ => {
                let message = "unknown query; there are service=NAME and limit=N\n";
                return text(StatusCode::BAD_REQUEST, message);
            }
        }
    }
    let changes = swapper.latest(service, limit);
    json(StatusCode::OK, &HistoryPage { changes })
}

async fn plan(swapper: &Swapper, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let body = Limited::new(request.into_body(), REGISTRY_BYTES_MAX).collect();
    let Ok(body) = body.await else {
        let message =
            format!("the body must be a registry of at most {REGISTRY_BYTES_MAX} bytes\n");
        return text(StatusCode::PAYLOAD_TOO_LARGE, &message);
    };
    match std::str::from_utf8(&body.to_bytes()) {
        Ok(registry) => json(StatusCode::OK, &swapper.plan(registry).await),
        Err(_) => text(
            StatusCode::BAD_REQUEST,
            "the body must be a registry in UTF-8\n",
        ),
    }
}

fn not_allowed(methods: &'static str) -> Response<Full<Bytes>> {
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, &format!("use {methods}\n"));
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static(methods));
    response
}

fn json(status: StatusCode, value: &impl Serialize) -> Response<Full<Bytes>> {
    match serde_json::to_vec(value) {
        Ok(json) => response(status, "application/json", json),
        Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error}\n")),
    }
}

fn text(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    response(
        status,
        "text/plain; charset=utf-8",
        text.as_bytes().to_vec(),
    )
}

fn response(
    status: StatusCode,
    content_type: &'static str,
    body: Vec<u8>,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
