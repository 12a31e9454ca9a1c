//! Problem documents (RFC 9457): the form of every error for a client.

mod document;
mod store;

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};
use std::borrow::Cow;
use utoipa::ToSchema;

/// A client may retry so many seconds after a 503.
const RETRY_AFTER_SECONDS: u32 = 1;
/// The same while the host distrusts the clock: an operator has to act.
const CLOCK_RETRY_AFTER_SECONDS: u32 = 30;

/// The media type of RFC 9457.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// An error for a client. Its text must not reveal the inside of the service.
///
/// [`crate::http::Site`] adds the members `instance`, unless it is set, and `request_id`.
///
/// ```
/// use strongroom_sdk::problem::Problem;
///
/// let problem = Problem::unprocessable("note_too_long", "The note is too long.")
///     .with_error("/note", "too_long", "must have at most 100 characters");
/// assert_eq!(problem.status().as_u16(), 422);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem(Box<Parts>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts {
    status: StatusCode,
    code: &'static str,
    detail: String,
    /// Where it is about another path than that of the request.
    instance: Option<String>,
    errors: Vec<FieldError>,
    extensions: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// The error of one field of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// A JSON pointer (RFC 6901) into the body, or into the object of a query's parameters. Empty
    /// for the whole.
    pub pointer: String,
    /// The stable code of the error, in snake case.
    #[schema(value_type = String)]
    pub code: Cow<'static, str>,
    /// A text for people. It never repeats the value, which may be a secret.
    pub detail: String,
}

impl Problem {
    /// A problem with a stable `code` in snake case, and a sentence for people.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            status,
            code,
            detail: detail.into(),
            instance: None,
            errors: Vec::new(),
            extensions: Map::new(),
            headers: Vec::new(),
        }))
    }

    /// 404 `not_found`, always with the same text: another user's object must look exactly like one
    /// that does not exist.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is nothing here.")
    }

    /// 401, with the challenge that RFC 9110 section 15.5.2 demands.
    pub fn unauthorized(code: &'static str, detail: impl Into<String>) -> Self {
        let challenge = HeaderValue::from_static("Bearer realm=\"strongroom\"");
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
            .with_header(header::WWW_AUTHENTICATE, challenge)
    }

    /// 400 `bad_request`: the request cannot be read.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }

    /// 403 `forbidden`: the caller may not do this.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// 422: the request is well-formed, but the service cannot do it.
    pub fn unprocessable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// 422 `validation_failed`. Add the fields by [`Problem::with_error`].
    pub fn validation_failed() -> Self {
        Self::unprocessable(
            "validation_failed",
            "The request is well-formed, but a part of it is wrong.",
        )
    }

    /// 422 `validation_failed` for one field, with the code `invalid`.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::validation_failed().with_error(pointer, "invalid", detail)
    }

    /// 503 `service_unavailable`, to retry after a second.
    pub fn unavailable() -> Self {
        Self::unavailable_as("The service is not available now. Try again.")
    }

    /// 503 `service_unavailable` for a committed change that the gateway may not enforce yet. Only
    /// for calls whose retry is harmless.
    pub fn not_in_force() -> Self {
        Self::unavailable_as(
            "The change is stored and takes effect within seconds. Try again to be sure.",
        )
    }

    /// 503 `clock_not_trusted`: the service writes nothing until the machine's clock is right
    /// again, or an operator accepts it.
    pub fn clock_not_trusted() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "clock_not_trusted",
            "The bank does not trust its clock now, and changes nothing. Try again later.",
        )
        .with_retry_after(CLOCK_RETRY_AFTER_SECONDS)
    }

    fn unavailable_as(detail: &str) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "service_unavailable",
            detail,
        )
        .with_retry_after(RETRY_AFTER_SECONDS)
    }

    /// 500 `internal_error`, for a fault of the service. `cause` goes to the log (a component's
    /// stderr), and never to the client.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        eprintln!("internal error: {cause}");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "The service failed. The cause is in its log.",
        )
    }

    /// Adds the error of one field. `pointer` is a JSON pointer such as `/transfers/0/amount`.
    #[must_use]
    pub fn with_error(
        self,
        pointer: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        self.with_errors([FieldError {
            pointer: pointer.into(),
            code: code.into(),
            detail: detail.into(),
        }])
    }

    /// Adds the errors of some fields.
    #[must_use]
    pub fn with_errors(mut self, errors: impl IntoIterator<Item = FieldError>) -> Self {
        self.0.errors.extend(errors);
        self
    }

    /// The same of a part of the body: its errors point into `parent`.
    #[must_use]
    pub fn within(mut self, parent: &str) -> Self {
        for error in &mut self.0.errors {
            error.pointer.insert_str(0, parent);
        }
        self
    }

    /// Adds an extension member (RFC 9457 section 3.2).
    #[must_use]
    pub fn with_extension(mut self, name: impl Into<String>, value: Value) -> Self {
        self.0.extensions.insert(name.into(), value);
        self
    }

    /// Sets the path of the problem, where it is not that of the request.
    #[must_use]
    pub fn with_instance(mut self, path: String) -> Self {
        self.0.instance = Some(path);
        self
    }

    /// Adds a header to the response.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Adds the header `retry-after` (RFC 9110 section 10.2.3).
    #[must_use]
    pub fn with_retry_after(self, seconds: u32) -> Self {
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The HTTP status of the response.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable code, in snake case.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The sentence for people.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The errors of the fields.
    pub fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }
}

impl IntoResponse for Problem {
    /// Puts the problem also into the extensions of the response, for [`crate::http::Site`] to
    /// complete.
    fn into_response(self) -> Response {
        let mut response = (
            self.0.status,
            [(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE))],
            self.render(None, None),
        )
            .into_response();
        for (name, value) in &self.0.headers {
            response.headers_mut().append(name, value.clone());
        }
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests;
