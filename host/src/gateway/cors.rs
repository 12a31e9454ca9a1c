//! Which web pages may call the services (CORS, of the Fetch standard). Without configured origins
//! no page of another origin may.

use super::response_body::ResponseBody;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Response};

const METHODS: HeaderValue = HeaderValue::from_static("GET,POST,PUT,PATCH,DELETE");
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization,content-type,idempotency-key,x-request-id,traceparent,tracestate",
);
/// What a response says beyond what a page may read anyway.
const RESPONSE_HEADERS: HeaderValue = HeaderValue::from_static(
    "x-request-id,retry-after,ratelimit,ratelimit-policy,www-authenticate,allow,accept-encoding,\
     content-disposition,idempotency-replayed",
);
/// How long a browser may remember the response to a preflight, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
const VARIES: HeaderValue = HeaderValue::from_static("origin");

/// The origins whose pages may call.
pub(super) struct Cors(Vec<HeaderValue>);

impl Cors {
    /// None without origins.
    pub(super) fn new(origins: &[HeaderValue]) -> Option<Self> {
        (!origins.is_empty()).then(|| Self(origins.to_vec()))
    }

    /// The origin that a request names, if its pages may call.
    pub(super) fn allowed_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(ORIGIN)?;
        self.0.contains(origin).then(|| origin.clone())
    }
}

/// The response to an OPTIONS request, by which a browser asks whether a page may call.
pub(super) fn preflight() -> Response<ResponseBody> {
    let mut response = Response::<ResponseBody>::default();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
    headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    response
}

/// Lets a page of the allowed origin, if any, read the response to a request of this method.
pub(super) fn mark(method: &Method, origin: Option<HeaderValue>, headers: &mut HeaderMap) {
    headers.append(VARY, VARIES);
    if *method != Method::OPTIONS {
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, RESPONSE_HEADERS);
    }
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_listed_origin_may_read_a_response_and_caches_know_that() {
        let cors = Cors::new(&[HeaderValue::from_static("https://app.example")]).unwrap();
        for (origin, is_allowed) in [("https://app.example", true), ("null", false)] {
            let mut request = HeaderMap::new();
            request.insert(ORIGIN, HeaderValue::from_static(origin));
            let mut response = HeaderMap::new();
            response.insert(VARY, HeaderValue::from_static("accept"));
            mark(&Method::GET, cors.allowed_origin(&request), &mut response);
            let may_read = response.get(ACCESS_CONTROL_ALLOW_ORIGIN);
            assert_eq!(may_read.is_some(), is_allowed, "{origin}");
            let varies: Vec<_> = response.get_all(VARY).iter().collect();
            assert_eq!(varies, ["accept", "origin"]);
        }
        assert!(Cors::new(&[]).is_none());
    }
}
