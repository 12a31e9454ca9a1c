//! JSON and other texts: their parts, compared in one line.

use serde_json::Value;

/// Asserts that a JSON value has all that a literal has: `assert_json!(hold, {"type": "hold"})`.
///
/// An object may have members beyond those named, at any depth; `null` also stands for a member
/// that is missing. A list has exactly the elements named.
#[macro_export]
macro_rules! assert_json {
    ($value:expr, $($json:tt)+) => {
        $crate::json::assert_has(&$value, &$crate::json!($($json)+))
    };
}

/// What [`assert_json`](crate::assert_json) does.
#[track_caller]
pub fn assert_has(value: &Value, part: &Value) {
    if let Err(difference) = has(value, part, "") {
        panic!("{difference}, in {value}");
    }
}

fn has(value: &Value, part: &Value, place: &str) -> Result<(), String> {
    match (value, part) {
        (Value::Object(_), Value::Object(members)) => members
            .iter()
            .try_for_each(|(name, part)| has(&value[name], part, &format!("{place}/{name}"))),
        (Value::Array(values), Value::Array(parts)) if values.len() == parts.len() => {
            let mut pairs = values.iter().zip(parts).enumerate();
            pairs.try_for_each(|(at, (value, part))| has(value, part, &format!("{place}/{at}")))
        }
        _ if value == part => Ok(()),
        _ => Err(format!("{place} is {value}, not {part}")),
    }
}

/// Asserts that a text has all of these parts.
#[track_caller]
pub fn assert_parts(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}

/// A JSON string.
#[track_caller]
pub fn text(value: &Value) -> &str {
    let text = value.as_str();
    text.unwrap_or_else(|| panic!("{value} is not a string"))
}

/// The objects of a list.
#[track_caller]
pub fn list(value: &Value) -> &[Value] {
    let list = value.as_array();
    list.unwrap_or_else(|| panic!("{value} is not a list"))
}
