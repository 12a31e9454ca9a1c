//! Failures of the gateway, as the problem documents of RFC 9457.

use super::rate::RateStatus;
use super::response_body::ResponseBody;
use crate::keys::TokenError;
use crate::runtime::ServeError;
use http::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

/// The content type of every problem document.
pub const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
/// The methods that services get, for the `allow` header.
pub(super) const METHODS_ALLOWED: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
/// Those of the gateway's own documents.
pub(super) const METHODS_OF_READS: &str = "GET, HEAD";
/// When to retry after a shortage that lasts milliseconds, in seconds: the header has no fractions.
const RETRY_AFTER_SHORTAGE: HeaderValue = HeaderValue::from_static("1");

/// Why a request gets no response of its service.
#[derive(Debug, thiserror::Error)]
pub(super) enum GatewayError {
    #[error("{0}")]
    BadRequest(&'static str),
    #[error(
        "the body's end is not clear: send content-length, or one `transfer-encoding: chunked`"
    )]
    BadFraming,
    #[error("the body broke off or is not framed as HTTP demands")]
    BrokenBody,
    #[error("the path is longer than {0} bytes")]
    UriTooLong(usize),
    #[error("the request's header is too large")]
    HeaderTooLarge,
    #[error("this server can meet no expectation but `expect: 100-continue`")]
    ExpectationFailed,
    /// With the methods that there are.
    #[error("this path does not have that method; `allow` lists those it has")]
    MethodNotAllowed(&'static str),
    #[error("no service is at this path; services are at /api/<service>, and /docs describes them")]
    NoSuchService,
    #[error("nothing is at {0}; leave out the slash at its end")]
    SlashAtEnd(String),
    #[error("this call needs authorization: Bearer <access token or API key>")]
    TokenMissing,
    #[error("too many requests; try again when `retry-after` is over")]
    RateLimited(RateStatus),
    #[error("{0}")]
    TokenRefused(TokenError),
    #[error("{0}")]
    Forbidden(&'static str),
    #[error("the customer whom `x-on-behalf-of` names is disabled")]
    CustomerDisabled,
    #[error("this call needs the scope `{0}`, which the token or key does not have")]
    ScopeMissing(String),
    #[error("the body is larger than {0} bytes")]
    PayloadTooLarge(u64),
    #[error("the body did not arrive in time")]
    BodyTooSlow,
    #[error("the service failed to respond to this request")]
    ServiceFailed(String),
    #[error("{0}")]
    Unavailable(&'static str),
    #[error("the service did not respond in time; it may or may not have done what was asked")]
    DeadlineExceeded,
}

impl From<ServeError> for GatewayError {
    fn from(error: ServeError) -> Self {
        match error {
            ServeError::NotServing => Self::Unavailable("the service is not serving now"),
            ServeError::Overloaded => Self::Unavailable("the service is overloaded; try again"),
            ServeError::TimedOut => Self::DeadlineExceeded,
            ServeError::Failed(reason) => Self::ServiceFailed(reason),
        }
    }
}

impl GatewayError {
    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) | Self::BadFraming | Self::BrokenBody => StatusCode::BAD_REQUEST,
            Self::UriTooLong(_) => StatusCode::URI_TOO_LONG,
            Self::HeaderTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::ExpectationFailed => StatusCode::EXPECTATION_FAILED,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoSuchService | Self::SlashAtEnd(_) => StatusCode::NOT_FOUND,
            Self::RateLimited(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::TokenMissing | Self::TokenRefused(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) | Self::CustomerDisabled | Self::ScopeMissing(_) => {
                StatusCode::FORBIDDEN
            }
            Self::PayloadTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::ServiceFailed(_) => StatusCode::BAD_GATEWAY,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// The code, which never changes.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::BadRequest(_) | Self::BadFraming | Self::BrokenBody => "bad_request",
            Self::UriTooLong(_) => "uri_too_long",
            Self::HeaderTooLarge => "header_too_large",
            Self::ExpectationFailed => "expectation_failed",
            Self::MethodNotAllowed(_) => "method_not_allowed",
            Self::NoSuchService => "no_such_service",
            Self::SlashAtEnd(_) => "not_found",
            Self::RateLimited(_) => "rate_limited",
            Self::TokenMissing => "token_missing",
            Self::TokenRefused(_) => "invalid_token",
            Self::Forbidden(_) => "forbidden",
            Self::CustomerDisabled => "customer_disabled",
            Self::ScopeMissing(_) => "insufficient_scope",
            Self::PayloadTooLarge(_) => "payload_too_large",
            Self::BodyTooSlow => "request_timeout",
            Self::ServiceFailed(_) => "service_failed",
            Self::Unavailable(_) => "service_unavailable",
            Self::DeadlineExceeded => "deadline_exceeded",
        }
    }

    /// What only operators may know.
    pub(super) fn cause(&self) -> Option<&str> {
        match self {
            Self::ServiceFailed(reason) => Some(reason),
            _ => None,
        }
    }

    /// What RFC 6750 section 3 has a client read of its credentials.
    fn challenge(&self) -> Option<HeaderValue> {
        let challenge = match self {
            // No error code for a request without a token.
            Self::TokenMissing => r#"Bearer realm="strongroom""#.to_owned(),
            Self::TokenRefused(error) => format!(
                r#"Bearer realm="strongroom", error="invalid_token", error_description="{error}""#
            ),
            Self::ScopeMissing(scope) => {
                format!(r#"Bearer realm="strongroom", error="insufficient_scope", scope="{scope}""#)
            }
            _ => return None,
        };
        HeaderValue::try_from(challenge).ok()
    }

    /// The document, as a response to the request of this path and id.
    pub(super) fn into_response(
        self,
        path: &str,
        request_id: &HeaderValue,
    ) -> Response<ResponseBody> {
        let status = self.status();
        let code = self.code();
        let document = ProblemDocument {
            kind: format!("urn:strongroom:problem:{code}"),
            title: title_of(code),
            status: status.as_u16(),
            detail: self.to_string(),
            instance: path,
            code,
            request_id: request_id.to_str().unwrap_or_default(),
        };
        // A struct of texts and a number always serialises.
        let json = serde_json::to_vec(&document).unwrap_or_default();
        let mut response = Response::new(ResponseBody::from(json));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, PROBLEM_JSON);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = self.challenge() {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        match &self {
            Self::MethodNotAllowed(methods) => {
                headers.insert(ALLOW, HeaderValue::from_static(methods));
            }
            Self::RateLimited(status) => {
                headers.insert(RETRY_AFTER, HeaderValue::from(status.retry_after()));
                status.write_to(headers);
            }
            Self::BadFraming | Self::BrokenBody | Self::BodyTooSlow => {
                // The next bytes on this connection could be anything.
                headers.insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Self::Unavailable(_) => {
                headers.insert(RETRY_AFTER, RETRY_AFTER_SHORTAGE);
            }
            _ => {}
        }
        response
    }
}

/// `payload_too_large` -> `Payload too large`. A title depends on the type alone (RFC 9457 section
/// 3.1.3), so that of a component is the same.
fn title_of(code: &str) -> String {
    let mut title = code.replace('_', " ");
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    title
}

/// RFC 9457 section 3.1, with the members `code` and `request_id` added.
#[derive(Serialize)]
struct ProblemDocument<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    detail: String,
    instance: &'a str,
    code: &'static str,
    request_id: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Client;
    use crate::gateway::openapi::REFUSALS;
    use crate::gateway::rate::{self, RateLimits};

    #[test]
    fn the_document_of_all_calls_has_the_errors_of_a_call_that_is_in_it() {
        let rates = RateLimits::new();
        let rate = rates.count("a", rate::PUBLIC, Client::of_subject("ann"));
        for error in rows! {
            GatewayError::BadRequest(""), GatewayError::BadFraming, GatewayError::BrokenBody,
            GatewayError::UriTooLong(1), GatewayError::HeaderTooLarge,
            GatewayError::ExpectationFailed, GatewayError::NoSuchService,
            GatewayError::TokenMissing, GatewayError::RateLimited(rate.unwrap()),
            GatewayError::TokenRefused(TokenError::Expired), GatewayError::Forbidden(""),
            GatewayError::CustomerDisabled, GatewayError::ScopeMissing(String::new()),
            GatewayError::PayloadTooLarge(1), GatewayError::BodyTooSlow,
            GatewayError::ServiceFailed(String::new()), GatewayError::Unavailable(""),
            GatewayError::DeadlineExceeded,
        } {
            let (status, code) = (error.status().as_u16(), error.code());
            let mut rows = REFUSALS.iter().map(|row| (row.status, row.code));
            assert!(rows.any(|row| row == (status, code)), "{status} {code}");
        }
    }
}
