//! Strict query strings.
//!
//! A parameter that is unknown, repeated, or wrong is 422 `validation_failed`, like a field of a
//! body; the error of an unknown one names those that there are. To ignore a misspelt filter would
//! return the result of another query.

use crate::problem::Problem;
use crate::violation::{Names, violation};
use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

/// The query of a request. Its type has `#[serde(deny_unknown_fields)]`.
///
/// ```
/// use serde::Deserialize;
/// use strongroom_sdk::query;
///
/// #[derive(Debug, Deserialize)]
/// #[serde(deny_unknown_fields)]
/// struct Filter {
///     currency: Option<String>,
/// }
///
/// let filter: Filter = query::from_str("currency=EUR").expect("a known parameter");
/// assert_eq!(filter.currency.as_deref(), Some("EUR"));
/// let problem = query::from_str::<Filter>("curency=EUR").expect_err("a misspelt parameter");
/// assert_eq!(problem.errors()[0].pointer, "/curency");
/// assert_eq!(problem.errors()[0].detail, "is not a parameter here; there are: currency");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

/// The parameters of a route that takes none of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        from_str(take(parts)).map(Self)
    }
}

/// In the extensions of a request: an extractor has read its query.
#[derive(Debug, Clone, Copy)]
struct IsRead;

/// The query of a request, for an extractor that reads it.
pub(crate) fn take(parts: &mut Parts) -> &str {
    parts.extensions.insert(IsRead);
    parts.uri.query().unwrap_or_default()
}

/// Refuses the parameters of a call whose extractors take none.
///
/// # Errors
/// 422 `validation_failed`, as [`from_str`].
pub(crate) fn refuse_unread<B>(request: &http::Request<B>) -> Result<(), Problem> {
    let is_read = request.extensions().get::<IsRead>().is_some();
    let unread = request.uri().query().filter(|_| !is_read);
    unread.map_or(Ok(()), |query| {
        from_str::<NoParameters>(query).map(|NoParameters {}| ())
    })
}

/// Reads a query string (`application/x-www-form-urlencoded`) as a `T`.
///
/// # Errors
/// 422 `validation_failed` with the pointer `/<name of the parameter>`.
pub fn from_str<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    from_rest(query, &[])
}

/// Reads what is left of a query string after the parameters `others` were taken out.
///
/// # Errors
/// As [`from_str`].
pub(crate) fn from_rest<T: DeserializeOwned>(query: &str, others: &[&str]) -> Result<T, Problem> {
    let deserializer =
        serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let names = Names::Parameters(others);
        let violation = violation(error.path(), &error.inner().to_string(), names);
        Problem::validation_failed().with_errors([violation])
    })
}

/// Reads a form body (the same encoding) as a `T`. Ignores empty fields, and fields that are not in
/// `names` (RFC 6749 section 3.1).
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

#[cfg(test)]
mod tests;
