//! The `idempotency-key` header (draft-ietf-httpapi-idempotency-key-header).

use crate::problem::Problem;
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A key has at most so many characters.
const LENGTH_MAX: usize = 255;

/// A client's name for one request: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// Why a header has no [`IdempotencyKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The request has no such header.
    #[error("the header is missing")]
    Missing,
    /// Repeated, empty, too long, or not visible ASCII.
    #[error("must be one key of 1 to 255 visible ASCII characters")]
    Invalid,
}

impl IdempotencyKey {
    /// Reads the values of the header. Most clients send a bare key. The draft asks for a quoted
    /// string (RFC 8941 section 3.3.3). Both name the same request. All that is no whole quoted
    /// string is a bare key, also when it begins with a quote.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn from_header<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, KeyError> {
        let mut values = values.into_iter();
        let value = values.next().ok_or(KeyError::Missing)?;
        if values.next().is_some() {
            return Err(KeyError::Invalid);
        }
        let text = std::str::from_utf8(value)
            .map_err(|_| KeyError::Invalid)?
            .trim_matches([' ', '\t']);
        let quoted = text.strip_prefix('"').and_then(unquote);
        let key = quoted.unwrap_or_else(|| text.to_owned());
        let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
        if visible && (1..=LENGTH_MAX).contains(&key.len()) {
            Ok(Self(key))
        } else {
            Err(KeyError::Invalid)
        }
    }

    /// The key, without quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn of_request(parts: &Parts) -> Result<IdempotencyKey, KeyError> {
    let values = parts.headers.get_all(IDEMPOTENCY_KEY);
    IdempotencyKey::from_header(values.iter().map(HeaderValue::as_bytes))
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        let code = match error {
            KeyError::Missing => "idempotency_key_missing",
            KeyError::Invalid => "idempotency_key_invalid",
        };
        let detail = format!("idempotency-key: {error}.");
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }
}

/// The key of a call that needs one.
impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(of_request(parts)?)
    }
}

/// `Option<IdempotencyKey>` is the key of a call that takes one. A header that is no key is still
/// refused: its sender relies on it.
impl<S: Sync> OptionalFromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        match of_request(parts) {
            Ok(key) => Ok(Some(key)),
            Err(KeyError::Missing) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// The text of a quoted string after its first quote.
fn unquote(quoted: &str) -> Option<String> {
    let mut text = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    loop {
        match characters.next()? {
            '"' => return characters.next().is_none().then_some(text),
            '\\' => match characters.next()? {
                escaped @ ('"' | '\\') => text.push(escaped),
                _ => return None,
            },
            character => text.push(character),
        }
    }
}

#[cfg(test)]
mod tests;
