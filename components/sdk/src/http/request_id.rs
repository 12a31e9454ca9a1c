//! The id of a request in the host's log.

use http::{HeaderMap, HeaderName};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The request's `x-request-id`: the client's own, or one that the host made. The response has it
/// too. None only in tests without a host.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(X_REQUEST_ID)?.to_str().ok()?;
    Some(text.to_owned())
}
