//! Strict JSON bodies.
//!
//! A body that is no JSON, or repeats a key, is 400 `bad_request`. JSON that does not fit the type
//! is 422 `validation_failed` with a pointer to the field. A struct is an object with named
//! members, and has `#[serde(deny_unknown_fields)]`. Null for an optional member is the same as
//! none. A word of an enum is a string.
//!
//! ```
//! use serde::Deserialize;
//! use strongroom_sdk::json;
//!
//! #[derive(Debug, Deserialize)]
//! #[serde(deny_unknown_fields)]
//! struct Note {
//!     text: String,
//! }
//!
//! let note: Note = json::from_slice(br#"{"text":"hello"}"#).expect("a note");
//! assert_eq!(note.text, "hello");
//! let problem = json::from_slice::<Note>(br#"{"text":7}"#).expect_err("a number");
//! assert_eq!(problem.errors()[0].pointer, "/text");
//! assert_eq!(problem.errors()[0].detail, "must be a string");
//! ```

mod body;
mod strict;
mod syntax;
mod unread;

pub use body::{media_type, read_body, unsupported_media_type};
pub use unread::Unread;

use crate::problem::Problem;
use crate::violation::{Names, violation};
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use body::is_json;
use http::{HeaderValue, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use strict::Strict;

/// The largest body in bytes, unless a route sets another limit.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// Some editors and systems write it before every text. RFC 8259 section 8.1 allows to ignore it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A JSON body. The extractor takes at most `BYTES_MAX` bytes.
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

/// A JSON body that may be missing, for a call whose every field is optional.
#[derive(Debug, Clone, Copy)]
pub struct OptionalJson<T>(pub T);

impl<T: DeserializeOwned + Default, S: Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = Problem;

    /// A missing body has no media type, as with [`NoBody`].
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

/// The body of a call that takes none: nothing, or an empty JSON object of any media type, which
/// some clients send with every call. Any other body is an error, because its sender expects an
/// effect.
#[derive(Debug, Clone, Copy)]
pub struct NoBody;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EmptyObject {}

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
        from_slice::<EmptyObject>(text).map(|_| Self)
    }
}

/// Tells a member that is null from one that is missing: for
/// `#[serde(default, deserialize_with = "strongroom_sdk::json::given")]` on an `Option<Option<T>>`.
///
/// # Errors
/// As `T`.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Reads a JSON text as a `T`.
///
/// # Errors
/// 400 `bad_request` or 422 `validation_failed`, as the module says.
pub fn from_slice<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    read(syntax::check(text)?)
}

fn read<T: DeserializeOwned>(value: &RawValue) -> Result<T, Problem> {
    serde_path_to_error::deserialize(Strict(value)).map_err(|error| {
        let violation = violation(error.path(), &error.inner().to_string(), Names::Fields);
        Problem::validation_failed().with_errors([violation])
    })
}

#[cfg(test)]
mod tests;
