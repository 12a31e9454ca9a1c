//! Errors in the words that OAuth clients read (RFC 6749 section 5.2).

use http::StatusCode;
use strongroom_sdk::problem::Problem;

/// 400 with a `code` of that section. OAuth clients read it in the member `error`.
pub(crate) fn refusal(code: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, code, detail).with_extension("error", code.into())
}
