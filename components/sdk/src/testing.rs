//! What the native tests of services share: tables with a row a line, and parts of documents.

use crate::problem::Problem;
use serde_json::Value;
#[doc(hidden)]
pub use serde_json::json;

/// An array with one row on each line, which rustfmt leaves as they are.
#[macro_export]
macro_rules! rows {
    ($($row:expr),* $(,)?) => { [$($row),*] };
}

/// Asserts that a document has these members with these values. It may have others; `null` also
/// stands for a member that is missing.
#[macro_export]
macro_rules! assert_json {
    ($found:expr, $part:tt) => {{
        let part = $crate::testing::json!($part);
        assert_eq!($crate::testing::part_of(&$found, &part), part);
    }};
}

/// The status and the code of a problem, and its first pointer if there is one.
#[must_use]
pub fn words_of(problem: &Problem) -> String {
    let (status, code) = (problem.status().as_u16(), problem.code());
    match problem.errors().first() {
        Some(error) => format!("{status} {code} {}", error.pointer),
        None => format!("{status} {code}"),
    }
}

/// The members of `found` that `like` has too.
#[must_use]
pub fn part_of(found: &Value, like: &Value) -> Value {
    match like {
        Value::Object(members) => {
            let part = members
                .iter()
                .map(|(name, like)| (name.clone(), part_of(&found[name], like)));
            Value::Object(part.collect())
        }
        _ => found.clone(),
    }
}
