//! The problem document that a service responds with: the access log has its code.

use super::problem::{GatewayError, PROBLEM_JSON};
use super::response_body::ResponseBody;
use crate::runtime::GuestBody;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Method, Response};
use http_body_util::BodyExt as _;
use serde::Deserialize;
use std::borrow::Cow;

/// A longer document is passed on unread.
const BYTES_MAX: u64 = 16 << 10;
/// A longer code is none of ours.
const CODE_BYTES_MAX: usize = 64;

#[derive(Deserialize)]
struct Problem<'a> {
    #[serde(borrow)]
    code: Cow<'a, str>,
}

/// Whether the response is a problem document that can be read whole.
pub(super) fn is_readable(method: &Method, response: &Response<GuestBody>) -> bool {
    let is_failure = response.status().is_client_error() || response.status().is_server_error();
    is_failure && method != Method::HEAD && is_short_problem(response.headers())
}

fn is_short_problem(headers: &HeaderMap) -> bool {
    let length = headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok());
    let is_short = length
        .and_then(|length| length.parse::<u64>().ok())
        .is_some_and(|length| length <= BYTES_MAX);
    is_short && headers.get(CONTENT_TYPE) == Some(&PROBLEM_JSON)
}

/// The response with its body read, and the code in it.
///
/// # Errors
/// The service failed before the end of the body.
pub(super) async fn read(
    response: Response<GuestBody>,
) -> Result<(Response<ResponseBody>, Option<String>), GatewayError> {
    let (head, body) = response.into_parts();
    let body = body.collect().await;
    let bytes = body
        .map_err(|error| GatewayError::ServiceFailed(error.to_string()))?
        .to_bytes();
    let code = code_in(&bytes);
    Ok((Response::from_parts(head, bytes.into()), code))
}

fn code_in(document: &[u8]) -> Option<String> {
    let problem: Problem<'_> = serde_json::from_slice(document).ok()?;
    // Anything else could write lines of its own into a log of text.
    let is_code = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let is_short = problem.code.len() <= CODE_BYTES_MAX;
    (is_short && problem.code.bytes().all(is_code)).then(|| problem.code.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_the_documents_member_if_it_is_one() {
        let long = format!(r#"{{"code":"{}"}}"#, "x".repeat(CODE_BYTES_MAX + 1));
        for (document, code) in rows! {
            (r#"{"status":404,"code":"not_found"}"#, Some("not_found")), (r#"{"code":7}"#, None),
            (r#"{"code":"ok\n2026 INFO all is well"}"#, None), (r#"{"status":404}"#, None),
            (&long, None), ("no JSON", None),
        } {
            assert_eq!(code_in(document.as_bytes()).as_deref(), code, "{document}");
        }
    }

    #[test]
    fn only_a_short_problem_document_is_read() {
        let is_read = |kind: &'static str, length: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, kind.parse().unwrap());
            headers.insert(CONTENT_LENGTH, length.parse().unwrap());
            is_short_problem(&headers)
        };
        assert!(is_read("application/problem+json", "16384"));
        assert!(!is_read("application/problem+json", "16385"));
        assert!(!is_read("application/problem+json", "some"));
        assert!(!is_read("application/json", "2"));
        assert!(!is_short_problem(&HeaderMap::new()));
    }
}
