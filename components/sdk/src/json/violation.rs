//! The field of a serde error.
//!
//! serde reports an error as a text. The client gets only the part that says what was *expected*:
//! the rest repeats the value, which may be a password.

use crate::problem::FieldError;
use serde_path_to_error::{Path, Segment};

/// The error of a field, from the path and the message of a serde error.
pub(crate) fn violation(path: &Path, message: &str) -> FieldError {
    if let Some(name) = quoted_after(message, "missing field ") {
        return FieldError {
            pointer: format!("{}/{}", pointer(path), escape(name)),
            code: "missing".into(),
            detail: "is missing".to_owned(),
        };
    }
    if let Some(name) = quoted_after(message, "unknown field ") {
        return FieldError {
            pointer: pointer_to_key(path, name),
            code: "unknown_field".into(),
            detail: "is not a field here".to_owned(),
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

/// `invalid type: integer `1`, expected a string at line 1 column 9` -> `must be a string`.
fn expectation(message: &str) -> String {
    let message = without_position(message);
    if NO_NUMBER.contains(&message) {
        return "must be a whole number from 0 to 2^64 - 1".to_owned();
    }
    if message.starts_with("UUID parsing failed") {
        return "must be a UUID".to_owned();
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

/// Replaces the names of Rust's types, which a client does not know.
fn in_words_of_json(expected: &str) -> &str {
    match expected {
        "a map" => "an object",
        "a sequence" => "a list",
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
    // A name of the client's own may have a backtick. The text after the name is known.
    let end = rest
        .find("`, expected ")
        .or_else(|| rest.find("`, there are no fields"))
        .or_else(|| rest.rfind('`'))?;
    rest.get(..end)
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
