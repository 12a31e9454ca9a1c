//! The field of a serde error.
//!
//! serde reports an error as a text. The client gets only the part that says what was *expected*:
//! the rest repeats the value, which may be a password.

use crate::problem::FieldError;
use serde_path_to_error::{Path, Segment};

/// What the names of an object are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Names<'a> {
    /// The fields of a body.
    Fields,
    /// The parameters of a query. The route also takes these, which are read elsewhere.
    Parameters(&'a [&'a str]),
}

/// The error of a field, from the path and the message of a serde error.
pub(crate) fn violation(path: &Path, message: &str, names: Names<'_>) -> FieldError {
    if let Some(name) = quoted_after(message, "missing field ") {
        return FieldError {
            pointer: format!("{}/{}", pointer(path), escape(name)),
            code: "missing".into(),
            detail: "is missing".to_owned(),
        };
    }
    let unknown = unknown_field(message).or_else(|| unknown_field(without_position(message)));
    if let Some((name, known)) = unknown {
        return FieldError {
            pointer: pointer_to_key(path, name),
            code: "unknown_field".into(),
            detail: not_among(known, names),
        };
    }
    if let Some(name) = quoted_after(message, "duplicate field ") {
        return FieldError {
            pointer: pointer_to_key(path, name),
            code: "duplicate_field".into(),
            detail: "stands there twice".to_owned(),
        };
    }
    FieldError {
        pointer: pointer(path),
        code: "invalid".into(),
        detail: expectation(message),
    }
}

/// Returns the name that is unknown, and the text of those that are known. The name is the client's
/// own, and may have any text in it.
fn unknown_field(message: &str) -> Option<(&str, &str)> {
    let rest = message.strip_prefix("unknown field `")?;
    let only = rest.strip_suffix("`, there are no fields");
    only.map(|name| (name, ""))
        .or_else(|| rest.rsplit_once("`, expected "))
}

/// `one of `a`, `b`, `c`` -> `is not a field here; there are: a, b, c`.
fn not_among(known: &str, names: Names<'_>) -> String {
    let known = known.split('`').skip(1).step_by(2);
    let (what, others) = match names {
        Names::Fields => ("a field", &[][..]),
        Names::Parameters(others) => ("a parameter", others),
    };
    let known: Vec<&str> = known.chain(others.iter().copied()).collect();
    if known.is_empty() {
        format!("is not {what} here; there are none")
    } else {
        format!("is not {what} here; there are: {}", known.join(", "))
    }
}

/// `invalid type: integer `1`, expected a string at line 1 column 9` -> `must be a string`.
fn expectation(message: &str) -> String {
    let message = without_position(message);
    if NO_NUMBER.contains(&message) {
        return "must be a whole number from 0 to 2^64 - 1".to_owned();
    }
    if message.starts_with("UUID parsing failed") {
        return "must be a UUID".to_owned();
    }
    if message == NO_BOOLEAN {
        return "must be true or false".to_owned();
    }
    match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("must be {}", in_words_of_json(expected)),
        None => "has a value that is not allowed here".to_owned(),
    }
}

/// The messages of Rust for a text that is no `u64`.
const NO_NUMBER: [&str; 3] = [
    "cannot parse integer from empty string",
    "invalid digit found in string",
    "number too large to fit in target type",
];

/// The message of Rust for a text that is no `bool`.
const NO_BOOLEAN: &str = "provided string was not `true` or `false`";

/// Replaces the names of Rust's types, which a client does not know.
fn in_words_of_json(expected: &str) -> &str {
    match expected {
        "a map" => "an object",
        "a sequence" => "a list",
        "a boolean" => "true or false",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" => "a whole number from 0 to 2^64 - 1",
        "i64" => "a whole number from -2^63 to 2^63 - 1",
        _ if expected.contains("struct ") => "an object",
        _ if expected.contains("UUID") => "a UUID",
        _ => expected,
    }
}

fn without_position(message: &str) -> &str {
    message
        .rsplit_once(" at line ")
        .map_or(message, |(text, _)| text)
}

fn quoted_after<'a>(message: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = message.strip_prefix(prefix)?.strip_prefix('`')?;
    rest.split_once('`').map(|(name, _)| name)
}

/// serde gives the path of the object, or already that of the key.
fn pointer_to_key(path: &Path, name: &str) -> String {
    let object = pointer(path);
    let suffix = format!("/{}", escape(name));
    if object.ends_with(&suffix) {
        object
    } else {
        object + &suffix
    }
}

/// RFC 6901.
fn pointer(path: &Path) -> String {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Map { key } => Some(format!("/{}", escape(key))),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

/// RFC 6901 section 3.
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
