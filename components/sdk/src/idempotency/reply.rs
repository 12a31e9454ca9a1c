//! A response that a repeated request gets again.

use crate::problem::{self, Problem};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The status and the body of a response. It is made of stored data, so that each repetition gets
/// the same bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReply {
    /// The HTTP status.
    pub status: u16,
    /// JSON: a problem document where the status is not 2xx.
    pub body: String,
    /// Whether the request is a repetition. Its response has `idempotency-replayed`.
    pub repeated: bool,
}

impl StoredReply {
    /// A reply with `body` as its JSON.
    ///
    /// # Errors
    /// 500 `internal_error` where the body has no JSON form.
    pub fn new(status: StatusCode, body: &impl Serialize, repeated: bool) -> Result<Self, Problem> {
        Ok(Self {
            status: status.as_u16(),
            body: serde_json::to_string(body).map_err(Problem::internal)?,
            repeated,
        })
    }

    /// A reply with a problem of `instance`. It has no request id, so that each repetition gets the
    /// same bytes.
    pub fn of_problem(problem: &Problem, instance: &str, repeated: bool) -> Self {
        Self {
            status: problem.status().as_u16(),
            body: problem.render(Some(instance), None),
            repeated,
        }
    }
}

impl IntoResponse for StoredReply {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let content_type = if status.is_success() {
            "application/json"
        } else {
            problem::CONTENT_TYPE
        };
        let content_type = [(header::CONTENT_TYPE, HeaderValue::from_static(content_type))];
        let mut response = (status, content_type, self.body).into_response();
        if self.repeated {
            let headers = response.headers_mut();
            headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

/// 422 `idempotency_key_reused`: another request had the key.
pub fn key_reused() -> Problem {
    Problem::unprocessable(
        "idempotency_key_reused",
        "This idempotency-key was used for another request. Use a new key for each new request.",
    )
}

#[cfg(test)]
mod tests;
