//! One line for each request. It never holds a header, a query, or a body, since those hold tokens and passwords.

use super::service_path::in_ascii;
use crate::telemetry::AccessLine;
use http::{HeaderValue, Method, StatusCode};
use std::time::Instant;

/// The status of a request whose client went away before the answer; no client sees it (nginx's number for the same).
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// A request that is being answered. Dropped without an end, it is logged as one whose client went away: what it asked may have been done.
pub(super) struct AccessRecord {
    started: Instant,
    method: Method,
    path: String,
    request_id: HeaderValue,
    has_ended: bool,
}

impl AccessRecord {
    pub(super) fn begin(method: &Method, path: &str, request_id: &HeaderValue) -> Self {
        Self {
            started: Instant::now(),
            method: method.clone(),
            path: in_ascii(path).into_owned(),
            request_id: request_id.clone(),
            has_ended: false,
        }
    }

    /// Writes the line, when the response's head is known.
    pub(super) fn end(mut self, service: Option<&str>, status: StatusCode, cause: Option<&str>) {
        self.has_ended = true;
        self.write(service, status.as_u16(), cause);
    }

    fn write(&self, service: Option<&str>, status: u16, cause: Option<&str>) {
        let microseconds = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let line = AccessLine {
            request_id: self.request_id.to_str().unwrap_or_default(),
            service,
            method: self.method.as_str(),
            path: &self.path,
            status,
            microseconds,
            cause,
        };
        line.write();
    }
}

impl Drop for AccessRecord {
    fn drop(&mut self) {
        if !self.has_ended {
            self.write(None, CLIENT_CLOSED_REQUEST, Some("the client went away"));
        }
    }
}
