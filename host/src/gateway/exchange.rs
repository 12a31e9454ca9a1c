//! A request and its response, from the request's head to the response's.

use super::problem::GatewayError;
use super::rate::RateStatus;
use super::request_id;
use super::response_body::ResponseBody;
use super::service_path::in_ascii;
use crate::connections::{Connection, Serving};
use crate::runtime::Service;
use crate::telemetry::AccessLine;
use http::request::Parts;
use http::{HeaderValue, Method, Response, Uri};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

/// The status of a request whose client closed the connection before the response. No client sees
/// it; nginx logs the same number.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// What the gateway knows of a request and its response. Its end writes the access log: one line,
/// without headers, query, or body, since those hold tokens and passwords.
pub(super) struct Exchange {
    pub(super) request_id: HeaderValue,
    /// Where the connection comes from, as the PROXY protocol says if a trusted proxy speaks it.
    pub(super) peer: IpAddr,
    pub(super) method: Method,
    pub(super) uri: Uri,
    /// The service that was asked.
    pub(super) service: Option<Arc<Service>>,
    /// What is left of the client's rate, where it is limited.
    pub(super) rate: Option<RateStatus>,
    /// Why the response is a failure: for operators, never for clients.
    cause: Option<String>,
    serving: Serving,
    started: Instant,
    is_logged: bool,
}

impl Exchange {
    /// Begins with the request's head.
    pub(super) fn begin(head: &Parts, peer: IpAddr, connection: Arc<Connection>) -> Self {
        let started = Instant::now();
        Self {
            request_id: request_id::choose(&head.headers),
            peer,
            method: head.method.clone(),
            uri: head.uri.clone(),
            service: None,
            rate: None,
            cause: None,
            serving: connection.begin_request(started),
            started,
            is_logged: false,
        }
    }

    /// The connection that it goes over.
    pub(super) fn connection(&self) -> &Arc<Connection> {
        self.serving.connection()
    }

    /// Turns a failure into its response.
    pub(super) fn fail(&mut self, error: GatewayError) -> Response<ResponseBody> {
        self.cause = error.cause().map(str::to_owned);
        error.into_response(&in_ascii(self.uri.path()), &self.request_id)
    }

    /// Ends with the response's head.
    pub(super) fn end(mut self, response: Response<ResponseBody>) -> Response<ResponseBody> {
        let now = Instant::now();
        self.is_logged = true;
        self.log(now, response.status().as_u16(), self.cause.as_deref());
        let responding = self.serving.begin_response(now);
        response.map(|body| body.sent_by(responding))
    }

    fn log(&self, now: Instant, status: u16, cause: Option<&str>) {
        let microseconds = now.duration_since(self.started).as_micros();
        let line = AccessLine {
            request_id: self.request_id.to_str().unwrap_or_default(),
            service: self.service.as_deref().map(Service::name),
            method: self.method.as_str(),
            path: &in_ascii(self.uri.path()),
            status,
            microseconds: u64::try_from(microseconds).unwrap_or(u64::MAX),
            cause,
        };
        line.write();
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if !self.is_logged {
            // The service may have done what was asked.
            let cause = Some("the client went away");
            self.log(Instant::now(), CLIENT_CLOSED_REQUEST, cause);
        }
    }
}
