//! Strict JSON bodies.
//!
//! What is no JSON, or names a key twice, is 400 `bad_request`. What is JSON but not what the type
//! asks for is 422 `validation_failed` with a pointer to the field. A struct is an object with
//! named members, and carries `#[serde(deny_unknown_fields)]`; null for an optional member is the
//! same as none; a word of an enum is a string.

mod strict;
mod syntax;
mod unread;
mod violation;

pub use unread::Unread;
pub(crate) use violation::violation;

use crate::problem::Problem;
use crate::query::NoParameters;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use strict::Strict;

/// The largest body unless a route says otherwise, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// What some editors and systems write before every text. RFC 8259 section 8.1 lets a reader ignore
/// it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A JSON body: as an extractor of at most `BYTES_MAX` bytes, and as a response.
#[derive(Debug, Clone, Copy)]
pub struct Json<T, const BYTES_MAX: usize = BODY_BYTES_MAX>(pub T);

impl<T: DeserializeOwned, S: Sync, const BYTES_MAX: usize> FromRequest<S> for Json<T, BYTES_MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(unsupported_media_type("application/json"));
        }
        from_slice(&read_body(request, BYTES_MAX).await?).map(Self)
    }
}

impl<T: Serialize, const BYTES_MAX: usize> IntoResponse for Json<T, BYTES_MAX> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => (
                [(
                    header::CONTENT_TYPE,
                    HeaderValue::from_static("application/json"),
                )],
                body,
            )
                .into_response(),
            Err(cause) => Problem::internal(cause).into_response(),
        }
    }
}

/// A JSON body that may be left out, for a call whose every field is optional.
#[derive(Debug, Clone, Copy)]
pub struct OptionalJson<T>(pub T);

impl<T: DeserializeOwned + Default, S: Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = Problem;

    /// As with [`NoBody`], nothing has no media type to be right or wrong.
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let is_json = is_json(request.headers());
        let body = read_body(request, BODY_BYTES_MAX).await?;
        if body.is_empty() {
            return Ok(Self(T::default()));
        }
        if !is_json {
            return Err(unsupported_media_type("application/json"));
        }
        from_slice(&body).map(Self)
    }
}

/// The body of a call that takes none: nothing, or the empty JSON object that some clients send with every call, whatever they call it.
/// Anything else is refused like any bad body, as its sender means something that would not happen.
#[derive(Debug, Clone, Copy)]
pub struct NoBody;

impl<S: Sync> FromRequest<S> for NoBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        Self::from_slice(&read_body(request, BODY_BYTES_MAX).await?)
    }
}

impl NoBody {
    fn from_slice(text: &[u8]) -> Result<Self, Problem> {
        if text.is_empty() {
            return Ok(Self);
        }
        from_slice::<NoParameters>(text).map(|_| Self)
    }
}

/// Reads a JSON text as a `T`.
///
/// # Errors
/// 400 `bad_request` or 422 `validation_failed`; see the module.
pub fn from_slice<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    read(syntax::check(text)?)
}

fn read<T: DeserializeOwned>(value: &RawValue) -> Result<T, Problem> {
    serde_path_to_error::deserialize(Strict(value)).map_err(|error| {
        let violation = violation(error.path(), &error.inner().to_string());
        Problem::validation_failed().with_errors([violation])
    })
}

/// The whole body.
///
/// # Errors
/// 415 `unsupported_media_type` where it is compressed; 413 `payload_too_large` past `bytes_max`; 400 `bad_request` where the body cannot be read to its end.
pub async fn read_body(request: Request, bytes_max: usize) -> Result<Vec<u8>, Problem> {
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > bytes_max) {
        return Err(payload_too_large(bytes_max));
    }
    if is_coded(request.headers()) {
        let problem = Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "The body must be sent as it is, without content-encoding.",
        );
        // RFC 9110 section 15.5.16: what would be understood.
        let identity = HeaderValue::from_static("identity");
        return Err(problem.with_header(header::ACCEPT_ENCODING, identity));
    }
    match axum::body::to_bytes(request.into_body(), bytes_max).await {
        Ok(body) => Ok(body.into()),
        Err(error) if is_length_limit(&error) => Err(payload_too_large(bytes_max)),
        Err(_) => Err(bad_request("The body could not be read to its end.")),
    }
}

/// Whether the body is compressed, by any coding of a list in one header or in several.
fn is_coded(headers: &HeaderMap) -> bool {
    let named = headers.get_all(header::CONTENT_ENCODING).into_iter();
    let mut codings = named.flat_map(|codings| codings.as_bytes().split(|byte| *byte == b','));
    codings.any(|coding| {
        let coding = coding.trim_ascii();
        !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity")
    })
}

/// Whether the text of `content-type` is that of JSON: `application/json` or `application/*+json`, whatever the parameters.
fn is_json(headers: &HeaderMap) -> bool {
    media_type(headers).is_some_and(|name| {
        name == "application/json" || (name.starts_with("application/") && name.ends_with("+json"))
    })
}

/// The media type of a body, in small letters and without its parameters.
pub fn media_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let name = text.split(';').next()?;
    Some(name.trim().to_ascii_lowercase())
}

fn is_length_limit(error: &axum::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// 415 `unsupported_media_type`, naming the one that is understood.
pub fn unsupported_media_type(supported: &str) -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        format!("The body must be sent with content-type {supported}."),
    )
}

fn payload_too_large(bytes_max: usize) -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "payload_too_large",
        format!("The body may have at most {bytes_max} bytes."),
    )
}

fn bad_request(detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail)
}

#[cfg(test)]
mod tests;
