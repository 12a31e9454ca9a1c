//! A request and its response, from the request's head to the response's.

use super::problem::GatewayError;
use super::rate::RateStatus;
use super::request_id;
use super::response_body::ResponseBody;
use super::service_path::in_ascii;
use crate::connections::{Connection, Serving};
use crate::keys::Identity;
use crate::runtime::{Service, cut_to_line};
use crate::telemetry::{
    AccessLine, RecentRequests, RequestFacts, RequestTrace, RequestWork, beginning, microseconds,
};
use http::request::Parts;
use http::{HeaderValue, Method, Response, Uri};
use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

/// The status of a request whose client closed the connection before the response. No client sees
/// it; nginx logs the same number.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// How much of a request's method and path is logged and kept, in bytes: strangers choose their
/// lengths.
const METHOD_BYTES_MAX: usize = 16;
const PATH_BYTES_MAX: usize = 1 << 10;

/// What the gateway knows of a request and its response. Its end writes the access log: one line,
/// without headers, query, or body, since those hold tokens and passwords.
pub(super) struct Exchange {
    pub(super) request_id: HeaderValue,
    /// Where the connection comes from, as the PROXY protocol says if a trusted proxy speaks it.
    pub(super) peer: IpAddr,
    /// Where the client is, as the trusted proxies say.
    pub(super) address: IpAddr,
    pub(super) method: Method,
    pub(super) uri: Uri,
    /// The service that was asked.
    pub(super) service: Option<Arc<Service>>,
    /// The number of the generation that serves the request.
    pub(super) generation: Option<u64>,
    /// What is done for it, from when it is given to that generation.
    pub(super) work: Option<Arc<RequestWork>>,
    /// Its trace, if it is traced.
    pub(super) trace: Option<Arc<RequestTrace>>,
    /// Who asks, once it is known.
    pub(super) caller: Option<Identity>,
    /// The code of the problem that is the response.
    pub(super) code: Option<Cow<'static, str>>,
    /// What is left of the client's rate, where it is limited.
    pub(super) rate: Option<RateStatus>,
    /// Why the response is a failure: for operators, never for clients.
    cause: Option<String>,
    /// Where it is kept for operators when it has ended.
    recent: Arc<RecentRequests>,
    serving: Serving,
    pub(super) started: Instant,
    is_logged: bool,
}

impl Exchange {
    /// Begins with the request's head.
    pub(super) fn begin(
        head: &Parts,
        peer: IpAddr,
        connection: Arc<Connection>,
        recent: Arc<RecentRequests>,
        trace: Option<Arc<RequestTrace>>,
    ) -> Self {
        let started = Instant::now();
        Self {
            request_id: request_id::choose(&head.headers),
            peer,
            address: peer,
            method: head.method.clone(),
            uri: head.uri.clone(),
            service: None,
            generation: None,
            work: None,
            trace,
            caller: None,
            code: None,
            rate: None,
            cause: None,
            recent,
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
        self.cause = error.cause().map(|cause| cut_to_line(cause.to_owned()));
        self.code = Some(error.code().into());
        error.into_response(&in_ascii(self.uri.path()), &self.request_id)
    }

    /// Ends with the response's head.
    pub(super) fn end(mut self, response: Response<ResponseBody>) -> Response<ResponseBody> {
        let now = Instant::now();
        self.is_logged = true;
        self.note(now, response.status().as_u16(), self.cause.as_deref());
        let responding = self.serving.begin_response(now);
        response.map(|body| body.sent_by(responding))
    }

    fn note(&self, now: Instant, status: u16, cause: Option<&str>) {
        let time = now.duration_since(self.started);
        if let Some(service) = &self.service {
            service.figures().responses.count(status, time);
        }
        let caller = self.caller.as_ref();
        let line = AccessLine {
            request_id: self.request_id.to_str().unwrap_or_default(),
            service: self.service.as_deref().map(Service::name),
            method: beginning(self.method.as_str(), METHOD_BYTES_MAX),
            path: &in_ascii(beginning(self.uri.path(), PATH_BYTES_MAX)),
            status,
            microseconds: microseconds(time),
            address: self.address,
            subject: caller.map(Identity::subject),
            client: caller.and_then(Identity::client),
            code: self.code.as_deref(),
            cause,
        };
        line.write();
        if let Some(trace) = &self.trace {
            trace.note_request(&line);
        }
        let facts = RequestFacts {
            request_id: &self.request_id,
            generation: self.generation,
            role: caller.map(Identity::role),
            work: self.work.as_ref(),
        };
        self.recent.keep(&line, facts);
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if !self.is_logged {
            // The service may have done what was asked.
            let cause = Some("the client went away");
            self.note(Instant::now(), CLIENT_CLOSED_REQUEST, cause);
        }
    }
}
