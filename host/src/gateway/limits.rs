//! Refuses what no honest client sends, before it costs anything.

use super::problem::GatewayError;
use http::header::{AUTHORIZATION, HOST};
use http::{Method, Request, Version};

/// The longest path and query, in bytes.
const URI_BYTES_MAX: usize = 8 << 10;
/// The largest header: names and values, in bytes.
const HEADER_BYTES_MAX: usize = 16 << 10;
/// The most header fields.
const HEADER_FIELDS_MAX: usize = 100;
/// What services are handed.
pub(super) const METHODS_ALLOWED: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// Checks a request's head.
pub(super) fn check<B>(request: &Request<B>) -> Result<(), GatewayError> {
    let is_allowed = matches!(
        *request.method(),
        Method::GET
            | Method::HEAD
            | Method::POST
            | Method::PUT
            | Method::PATCH
            | Method::DELETE
            | Method::OPTIONS
    );
    if !is_allowed {
        return Err(GatewayError::MethodNotAllowed);
    }
    let uri_bytes = request
        .uri()
        .path_and_query()
        .map_or(0, |uri| uri.as_str().len());
    if uri_bytes > URI_BYTES_MAX {
        return Err(GatewayError::UriTooLong(URI_BYTES_MAX));
    }
    let headers = request.headers();
    let header_bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if headers.len() > HEADER_FIELDS_MAX || header_bytes > HEADER_BYTES_MAX {
        return Err(GatewayError::HeaderTooLarge);
    }
    check_host(request)?;
    if headers.get_all(AUTHORIZATION).iter().nth(1).is_some() {
        return Err(GatewayError::BadRequest(
            "there is more than one authorization header; send one",
        ));
    }
    Ok(())
}

/// One host, said once (RFC 9112 section 3.2).
fn check_host<B>(request: &Request<B>) -> Result<(), GatewayError> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next();
    if hosts.next().is_some() {
        return Err(GatewayError::BadRequest(
            "there is more than one host header; send one",
        ));
    }
    let authority = request.uri().authority();
    match (host, authority) {
        (None, None) => Err(GatewayError::BadRequest("there is no host header")),
        (None, Some(_)) if request.version() < Version::HTTP_2 => {
            Err(GatewayError::BadRequest("there is no host header"))
        }
        (None, Some(_)) => Ok(()),
        (Some(host), authority) => {
            let is_authority = host
                .to_str()
                .ok()
                .and_then(|host| host.parse::<http::uri::Authority>().ok());
            let Some(host) = is_authority else {
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

#[cfg(test)]
mod tests {
    use super::*;

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
        let two = request().header("host", "other").body(()).unwrap();
        assert!(matches!(check(&two), Err(GatewayError::BadRequest(_))));
        let other = Request::builder()
            .uri("http://other/api/x")
            .header("host", "bank")
            .body(())
            .unwrap();
        assert!(matches!(check(&other), Err(GatewayError::BadRequest(_))));
    }

    #[test]
    fn methods_that_services_do_not_have_are_refused() {
        for method in ["TRACE", "CONNECT", "FOO", "get"] {
            let request = request().method(method).body(()).unwrap();
            assert!(
                matches!(check(&request), Err(GatewayError::MethodNotAllowed)),
                "{method}"
            );
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
