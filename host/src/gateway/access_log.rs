//! One line for each request. It never holds a header, a query, or a body, since those hold tokens and passwords.

use http::{HeaderValue, Method, StatusCode};
use std::time::Instant;

/// What is known of a request when it begins.
pub(super) struct AccessRecord {
    started: Instant,
    method: Method,
    path: String,
}

impl AccessRecord {
    pub(super) fn begin(method: &Method, path: &str) -> Self {
        Self {
            started: Instant::now(),
            method: method.clone(),
            path: path.to_owned(),
        }
    }

    /// Writes the line, when the response's head is known.
    pub(super) fn end(
        self,
        service: Option<&str>,
        request_id: &HeaderValue,
        status: StatusCode,
        cause: Option<&str>,
    ) {
        let microseconds = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::info!(
            target: "access",
            request_id = request_id.to_str().unwrap_or_default(),
            service,
            method = self.method.as_str(),
            path = self.path,
            status = status.as_u16(),
            microseconds,
            cause,
        );
    }
}
