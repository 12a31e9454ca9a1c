//! Ids in paths.

use crate::problem::Problem;
use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use uuid::Uuid;

/// The text form of RFC 9562 section 4, with its hyphens.
const UUID_TEXT_LENGTH: usize = 36;

/// The one id of a route such as `/users/{id}`.
///
/// A text that is no UUID has the same response as an object that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PathId(pub Uuid);

impl PathId {
    /// Reads an id.
    ///
    /// # Errors
    /// 404 `not_found`.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        match Uuid::parse_str(text) {
            Ok(id) if text.len() == UUID_TEXT_LENGTH => Ok(Self(id)),
            _ => Err(Problem::not_found()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::not_found())?;
        Self::parse(&text)
    }
}
