//! A response that a repeated request gets again.

use crate::problem::Problem;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A response, made of stored data: each repetition gets the same bytes. In a problem document, the
/// id of the request is that of the repetition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredReply {
    /// The HTTP status.
    pub status: u16,
    /// JSON. A problem document has no id of a request here.
    pub body: String,
    /// The problem whose document the body is.
    pub problem: Option<Problem>,
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
            problem: None,
            repeated,
        })
    }

    /// A reply with a problem of `instance`: the path of what was declined.
    pub fn of_problem(problem: Problem, instance: String, repeated: bool) -> Self {
        let problem = problem.with_instance(instance);
        Self {
            status: problem.status().as_u16(),
            body: problem.render(None, None),
            problem: Some(problem),
            repeated,
        }
    }
}

impl IntoResponse for StoredReply {
    fn into_response(self) -> Response {
        let mut response = match self.problem {
            // [`crate::http::Site`] adds the id of the request.
            Some(problem) => problem.into_response(),
            None => {
                let status = StatusCode::from_u16(self.status);
                let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let json = HeaderValue::from_static("application/json");
                (status, [(header::CONTENT_TYPE, json)], self.body).into_response()
            }
        };
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
