//! The body of a call.

use super::response::{AdminResponse, text};
use crate::arriving_body::ArrivingBody;
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use serde::de::{DeserializeOwned, Error as _};
use std::time::Duration;

/// How long a client may take to send a body.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);

/// Reads a body, or returns the response that says why not.
pub(super) async fn read(
    request: Request<&mut ArrivingBody>,
    bytes_max: u64,
    what: &str,
) -> Result<Bytes, AdminResponse> {
    let body = Limited::new(
        request.into_body().rest(),
        usize::try_from(bytes_max).unwrap_or(usize::MAX),
    );
    match tokio::time::timeout(BODY_TIME_MAX, body.collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(_)) => {
            let message = format!("the body must be {what} of at most {bytes_max} bytes\n");
            Err(text(StatusCode::PAYLOAD_TOO_LARGE, &message))
        }
        Err(_) => {
            let message = format!("the body did not arrive in {BODY_TIME_MAX:?}\n");
            Err(text(StatusCode::REQUEST_TIMEOUT, &message))
        }
    }
}

/// Parses a JSON object. To serde, a list of the members' values would be one too.
pub(super) fn parse_object<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(serde_json::Error::custom(
            "a list stands where an object belongs",
        ));
    }
    serde_json::from_slice(body)
}
