//! Strict query strings.
//!
//! A parameter that is unknown, doubled, or not what it must be is 422 `validation_failed`, like a field of a body: a misspelt
//! filter that is silently dropped would answer a question that nobody asked.

use crate::json::violation;
use crate::problem::Problem;
use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

/// The query of a request. Its type carries `#[serde(deny_unknown_fields)]`.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

/// For a route that takes no parameters (of its own).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        from_str(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Reads a query string (`application/x-www-form-urlencoded`) as a `T`.
///
/// # Errors
/// 422 `validation_failed`; the pointers are `/<name of the parameter>`.
pub fn from_str<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let deserializer =
        serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let violation = violation(error.path(), &error.inner().to_string());
        Problem::validation_failed().with_errors([violation])
    })
}

/// Reads a form body (the same encoding) as a `T`, but for the fields that are none of `names`, and
/// for empty ones: both are ignored (RFC 6749 section 3.1).
///
/// # Errors
/// 422 `validation_failed`, as [`from_str`].
pub fn from_known<T: DeserializeOwned>(form: &[u8], names: &[&str]) -> Result<T, Problem> {
    let mut known = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(form) {
        if names.contains(&name.as_ref()) && !value.is_empty() {
            known.append_pair(&name, &value);
        }
    }
    from_str(&known.finish())
}
