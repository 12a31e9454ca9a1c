//! Refuses what no honest client sends, before it costs anything.

use super::problem::{GatewayError, METHODS_ALLOWED, METHODS_OF_READS};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, Method, Version};

/// The longest path and query, in bytes.
const URI_BYTES_MAX: usize = 8 << 10;
/// The largest header: names and values, in bytes.
const HEADER_BYTES_MAX: usize = 16 << 10;
/// The most header fields.
const HEADER_FIELDS_MAX: usize = 100;

/// Checks a request's head.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check(head: &Parts) -> Result<(), GatewayError> {
    let is_allowed = matches!(
        head.method,
        Method::GET
            | Method::HEAD
            | Method::POST
            | Method::PUT
            | Method::PATCH
            | Method::DELETE
            | Method::OPTIONS
    );
    if !is_allowed {
        return Err(GatewayError::MethodNotAllowed(METHODS_ALLOWED));
    }
    let uri = head.uri.path_and_query();
    let uri_bytes = uri.map_or(0, |uri| uri.as_str().len());
    if uri_bytes > URI_BYTES_MAX {
        return Err(GatewayError::UriTooLong(URI_BYTES_MAX));
    }
    let headers = &head.headers;
    let header_bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if headers.len() > HEADER_FIELDS_MAX || header_bytes > HEADER_BYTES_MAX {
        return Err(GatewayError::HeaderTooLarge);
    }
    // CGI and programs like it read `_` as `-`: one name could pass for another.
    if headers.keys().any(|name| name.as_str().contains('_')) {
        return Err(GatewayError::BadRequest(
            "the name of a header has a `_` in it; write `-`",
        ));
    }
    let expects = headers.get_all(EXPECT).iter();
    for expected in expects {
        if !expected.as_bytes().eq_ignore_ascii_case(b"100-continue") {
            return Err(GatewayError::ExpectationFailed);
        }
    }
    check_framing(headers)?;
    check_host(head)?;
    let is_ambiguous = |name| headers.get_all(name).iter().nth(1).is_some();
    if [AUTHORIZATION, CONTENT_TYPE].iter().any(is_ambiguous) {
        return Err(GatewayError::BadRequest(
            "there is more than one authorization or content-type header; send one of each",
        ));
    }
    Ok(())
}

/// Checks that the body's end is clear (RFC 9112 section 6.1). Otherwise HTTP/1.1 libraries differ,
/// and a proxy in front of this host may see other requests than the host does.
fn check_framing(headers: &HeaderMap) -> Result<(), GatewayError> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let coding = codings.next();
    let is_plain = codings.next().is_none()
        && coding.is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
    let has_two_lengths = coding.is_some() && headers.contains_key(CONTENT_LENGTH);
    if is_plain && !has_two_lengths {
        Ok(())
    } else {
        Err(GatewayError::BadFraming)
    }
}

/// Checks that the request names one host (RFC 9112 section 3.2). HTTP/1.0 need not name any.
fn check_host(head: &Parts) -> Result<(), GatewayError> {
    let mut hosts = head.headers.get_all(HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(GatewayError::BadRequest(
            "there is more than one host header; send one",
        ));
    }
    let authority = head.uri.authority();
    if authority.is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(GatewayError::BadRequest(
            "the request's target has a user name before its host; leave it out",
        ));
    }
    match (host, authority) {
        (None, _) if head.version == Version::HTTP_11 => {
            Err(GatewayError::BadRequest("there is no host header"))
        }
        (None, None) if head.version > Version::HTTP_11 => {
            Err(GatewayError::BadRequest("there is no :authority"))
        }
        (None, _) => Ok(()),
        (Some(host), authority) => {
            let is_authority = host
                .to_str()
                .ok()
                .and_then(|host| host.parse::<http::uri::Authority>().ok());
            let Some(host) = is_authority.filter(|host| !host.as_str().contains('@')) else {
                return Err(GatewayError::BadRequest("the host header names no host"));
            };
            if authority.is_some_and(|authority| *authority != host) {
                return Err(GatewayError::BadRequest(
                    "the host header and the request's target name different hosts",
                ));
            }
            Ok(())
        }
    }
}

/// Refuses a request that does more than read, for the gateway's own documents.
///
/// # Errors
/// The method is neither GET nor HEAD.
pub(super) fn only_reads(method: &Method) -> Result<(), GatewayError> {
    match *method {
        Method::GET | Method::HEAD => Ok(()),
        _ => Err(GatewayError::MethodNotAllowed(METHODS_OF_READS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;
    use http::request::Builder;
    use std::mem::discriminant;

    fn request() -> Builder {
        Request::builder().uri("/api/x").header("host", "bank")
    }

    /// Asserts how the request is refused, if it is. The text of the error may be any.
    fn assert_check(request: Builder, expected: Option<&GatewayError>) {
        let request = request.body(()).unwrap();
        let refused = check(&request.clone().into_parts().0).err();
        let is_expected = refused.as_ref().map(discriminant) == expected.map(discriminant);
        assert!(is_expected, "{request:?}: {refused:?}");
    }

    #[test]
    fn a_request_has_one_host_one_end_and_one_authorization() {
        let bare = || Request::builder().uri("/api/x");
        let encoded = |coding: &str| request().header("transfer-encoding", coding);
        let chunked = || encoded("chunked");
        let authorized = request().header("authorization", "a");
        let typed = request().header("content-type", "application/json");
        let bad = &GatewayError::BadRequest("");
        let ambiguous = &GatewayError::BadFraming;
        let not_allowed = &GatewayError::MethodNotAllowed(METHODS_ALLOWED);
        for (request, expected) in rows! {
            (request(), None),
            (bare().version(Version::HTTP_10), None),
            (bare(), Some(bad)),
            (bare().version(Version::HTTP_2), Some(bad)),
            (request().header("host", "other"), Some(bad)),
            (bare().header("host", "ann@bank"), Some(bad)),
            (request().uri("http://other/api/x"), Some(bad)),
            (encoded("Chunked"), None),
            (chunked().header("transfer-encoding", "gzip, chunked"), Some(ambiguous)),
            (chunked().header("transfer-encoding", "identity"), Some(ambiguous)),
            (chunked().header("content-length", "3"), Some(ambiguous)),
            (encoded("gzip"), Some(ambiguous)),
            (request().header("expect", "100-continue"), None),
            (request().header("expect", "100-Continue"), None),
            (request().header("expect", "tea"), Some(&GatewayError::ExpectationFailed)),
            (request().method("TRACE"), Some(not_allowed)),
            (request().method("CONNECT"), Some(not_allowed)),
            (request().method("FOO"), Some(not_allowed)),
            (request().method("get"), Some(not_allowed)),
            // No name of a header passes for another.
            (request().header("x_user", "ann"), Some(bad)),
            (authorized.header("authorization", "b"), Some(bad)),
            (typed.header("content-type", "text/plain"), Some(bad)),
        } {
            assert_check(request, expected);
        }
    }

    #[test]
    fn a_head_may_be_as_large_as_its_limits_and_no_larger() {
        let uri = |bytes| request().uri(format!("/api/{}", "x".repeat(bytes - "/api/".len())));
        assert_check(uri(URI_BYTES_MAX), None);
        assert_check(uri(URI_BYTES_MAX + 1), Some(&GatewayError::UriTooLong(0)));
        let too_large = &GatewayError::HeaderTooLarge;
        let value = |bytes: usize| "x".repeat(bytes - "hostbankx-large".len());
        let header = |bytes| request().header("x-large", value(bytes));
        assert_check(header(HEADER_BYTES_MAX), None);
        assert_check(header(HEADER_BYTES_MAX + 1), Some(too_large));
        let name = |index| format!("x-{index}");
        let fields = |count| (1..count).fold(request(), |it, index| it.header(name(index), "1"));
        assert_check(fields(HEADER_FIELDS_MAX), None);
        assert_check(fields(HEADER_FIELDS_MAX + 1), Some(too_large));
    }
}
