//! Problem documents (RFC 9457): the one form of every error that a client sees.

mod store;

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// When a client may come back after a 503.
const RETRY_AFTER_SECONDS: u32 = 1;
/// The same while the clock is not trusted: an operator has to look at it.
const CLOCK_RETRY_AFTER_SECONDS: u32 = 30;

/// The media type of RFC 9457.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// An error as a client sees it. Write it for the client: it must not tell what is inside the service.
///
/// [`crate::http::Site`] adds the members that only the exchange knows, `instance` and `request_id`.
#[derive(Debug, Clone)]
pub struct Problem(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    status: StatusCode,
    code: &'static str,
    detail: String,
    errors: Vec<FieldError>,
    extensions: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// What is wrong with one field of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// RFC 6901 JSON pointer into the body; for a query, into the object of its parameters. Empty for the whole.
    pub pointer: String,
    /// Stable, in snake case.
    pub code: Cow<'static, str>,
    /// A sentence for a human. Never repeats the value, which may be a secret.
    pub detail: String,
}

/// The document of RFC 9457 section 3.1, with our extension members.
#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: String,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(flatten)]
    extensions: &'a Map<String, Value>,
}

impl Problem {
    /// A problem with a stable `code` in snake case, and a sentence for a human.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            extensions: Map::new(),
            headers: Vec::new(),
        }))
    }

    /// 404 `not_found`, always in the same words: an object of somebody else must look exactly like one that does not exist.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is nothing here.")
    }

    /// 403 `forbidden`: the caller is known, and may not do this.
    pub fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "Your role may not do this.",
        )
    }

    /// 422: the request is understood, and cannot be done.
    pub fn unprocessable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// 422 `validation_failed`; name the fields by [`Problem::with_error`].
    pub fn validation_failed() -> Self {
        Self::unprocessable(
            "validation_failed",
            "The request is well-formed, but a part of it is not what it must be.",
        )
    }

    /// 422 `validation_failed` for one field, with the code `invalid`.
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::validation_failed().with_error(pointer, "invalid", detail)
    }

    /// 503 `service_unavailable`, worth a retry a second later.
    pub fn unavailable() -> Self {
        Self::unavailable_as("The service cannot answer now. Try again.")
    }

    /// 503 `service_unavailable` for a change that is committed, where the gateway may still let
    /// through what the change forbids. Only for calls whose retry is harmless.
    pub fn not_in_force() -> Self {
        Self::unavailable_as(
            "The change is stored and takes effect within seconds. Try again to be sure.",
        )
    }

    /// 503 `clock_not_trusted`: nothing is written until the machine's clock is right again, or an
    /// operator has accepted it.
    pub fn clock_not_trusted() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "clock_not_trusted",
            "The bank's clock is being checked, and nothing is changed meanwhile. Try again later.",
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

    /// 500 `internal_error`, for what is our own fault. `cause` goes to the log (the host keeps a component's stderr), never to the
    /// client.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        eprintln!("internal error: {cause}");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal_error",
            "The service has made a mistake. It has been logged.",
        )
    }

    /// Adds what is wrong with one field; `pointer` is an RFC 6901 pointer such as `/transfers/0/amount`.
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

    /// Adds what is wrong with some fields.
    #[must_use]
    pub fn with_errors(mut self, errors: impl IntoIterator<Item = FieldError>) -> Self {
        self.0.errors.extend(errors);
        self
    }

    /// Adds an extension member (RFC 9457 section 3.2).
    #[must_use]
    pub fn with_extension(mut self, name: impl Into<String>, value: Value) -> Self {
        self.0.extensions.insert(name.into(), value);
        self
    }

    /// Adds a header to the response.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// Adds `retry-after` (RFC 9110 section 10.2.3).
    #[must_use]
    pub fn with_retry_after(self, seconds: u32) -> Self {
        self.with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// The sentence for a human.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// What is wrong with which field.
    pub fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// The document as JSON; `instance` is the path of the request.
    pub(crate) fn render(&self, instance: Option<&str>, request_id: Option<&str>) -> String {
        let document = Document {
            r#type: type_of(self.0.code),
            title: title_of(self.0.code),
            status: self.0.status.as_u16(),
            detail: &self.0.detail,
            instance,
            code: self.0.code,
            request_id,
            errors: &self.0.errors,
            extensions: &self.0.extensions,
        };
        // Strings and numbers under distinct names always serialize.
        serde_json::to_string(&document).unwrap_or_default()
    }
}

/// `insufficient_funds` -> `urn:strongroom:problem:insufficient_funds`.
fn type_of(code: &str) -> String {
    format!("urn:strongroom:problem:{code}")
}

/// `insufficient_funds` -> `Insufficient funds`: the title depends on the type alone, as RFC 9457 section 3.1.3 asks.
fn title_of(code: &str) -> String {
    let mut title = code.replace('_', " ");
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    title
}

impl IntoResponse for Problem {
    /// Leaves the problem in the response's extensions too, for [`crate::http::Site`] to complete.
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
