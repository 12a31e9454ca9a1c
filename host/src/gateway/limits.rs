//! Refuses what no honest client sends, before it costs anything.

use super::problem::{GatewayError, METHODS_ALLOWED, METHODS_OF_READS};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING};
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
    if headers.get_all(AUTHORIZATION).iter().nth(1).is_some() {
        return Err(GatewayError::BadRequest(
            "there is more than one authorization header; send one",
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

    fn check(request: &Request<()>) -> Result<(), GatewayError> {
        super::check(&request.clone().into_parts().0)
    }

    fn request() -> http::request::Builder {
        Request::builder().uri("/api/x").header("host", "bank")
    }

    #[test]
    fn an_ordinary_request_passes() {
        assert!(check(&request().body(()).unwrap()).is_ok());
    }

    #[test]
    fn a_request_names_one_host() {
        let no_host = Request::builder().uri("/api/x").body(()).unwrap();
        assert!(matches!(check(&no_host), Err(GatewayError::BadRequest(_))));
        let mut old = no_host;
        *old.version_mut() = Version::HTTP_10;
        assert!(check(&old).is_ok());
        *old.version_mut() = Version::HTTP_2;
        assert!(matches!(check(&old), Err(GatewayError::BadRequest(_))));
        let two = request().header("host", "other").body(()).unwrap();
        assert!(matches!(check(&two), Err(GatewayError::BadRequest(_))));
        let with_user = Request::builder()
            .uri("/api/x")
            .header("host", "ann@bank")
            .body(())
            .unwrap();
        assert!(matches!(
            check(&with_user),
            Err(GatewayError::BadRequest(_))
        ));
        let other = Request::builder()
            .uri("http://other/api/x")
            .header("host", "bank")
            .body(())
            .unwrap();
        assert!(matches!(check(&other), Err(GatewayError::BadRequest(_))));
    }

    #[test]
    fn a_body_has_one_end() {
        for (name, value) in [
            ("transfer-encoding", "gzip, chunked"),
            ("transfer-encoding", "identity"),
            ("content-length", "3"),
        ] {
            let ambiguous = request()
                .header("transfer-encoding", "chunked")
                .header(name, value)
                .body(())
                .unwrap();
            assert!(
                matches!(check(&ambiguous), Err(GatewayError::BadFraming)),
                "{name}: {value}"
            );
        }
        let unknown = request()
            .header("transfer-encoding", "gzip")
            .body(())
            .unwrap();
        assert!(matches!(check(&unknown), Err(GatewayError::BadFraming)));
        let chunked = request()
            .header("transfer-encoding", "Chunked")
            .body(())
            .unwrap();
        assert!(check(&chunked).is_ok());
    }

    #[test]
    fn nothing_but_a_continuation_can_be_expected() {
        for (value, is_met) in [
            ("100-continue", true),
            ("100-Continue", true),
            ("tea", false),
        ] {
            let request = request().header("expect", value).body(()).unwrap();
            assert_eq!(check(&request).is_ok(), is_met, "{value}");
        }
    }

    #[test]
    fn methods_that_services_do_not_have_are_refused() {
        for method in ["TRACE", "CONNECT", "FOO", "get"] {
            let request = request().method(method).body(()).unwrap();
            assert!(
                matches!(check(&request), Err(GatewayError::MethodNotAllowed(_))),
                "{method}"
            );
        }
    }

    #[test]
    fn a_head_may_be_as_large_as_its_limits() {
        let uri = format!("/api/{}", "x".repeat(URI_BYTES_MAX - 5));
        let value = "x".repeat(HEADER_BYTES_MAX - "hostbankx-large".len());
        let large = request().uri(uri).header("x-large", value);
        let name = |index| format!("x-{index}");
        let many = (1..HEADER_FIELDS_MAX).fold(request(), |it, at| it.header(name(at), "1"));
        for request in [large, many] {
            assert!(check(&request.body(()).unwrap()).is_ok());
        }
    }

    #[test]
    fn no_name_of_a_header_passes_for_another_and_there_is_one_authorization() {
        for (name, value) in [("x_user", "ann"), ("authorization", "b")] {
            let request = request().header("authorization", "a");
            let refused = check(&request.header(name, value).body(()).unwrap());
            assert!(matches!(refused, Err(GatewayError::BadRequest(_))));
        }
    }

    #[test]
    fn large_heads_are_refused() {
        let long_uri = request()
            .uri(format!("/api/{}", "x".repeat(9_000)))
            .body(())
            .unwrap();
        assert!(matches!(check(&long_uri), Err(GatewayError::UriTooLong(_))));
        let large = request()
            .header("x-large", "x".repeat(17_000))
            .body(())
            .unwrap();
        assert!(matches!(check(&large), Err(GatewayError::HeaderTooLarge)));
        let many = (0..101).fold(request(), |request, index| {
            request.header(format!("x-{index}"), "1")
        });
        assert!(matches!(
            check(&many.body(()).unwrap()),
            Err(GatewayError::HeaderTooLarge)
        ));
    }
}
