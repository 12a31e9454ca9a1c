//! Placeholders of a script: `${NAME.MEMBER}` is a member of the answer to the request NAME.

use serde_json::Value;

/// Why a text cannot be filled.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PlaceholderError {
    /// A placeholder has no end.
    #[error("`${{{0}` has no `}}`")]
    Endless(String),
    /// No request before has such an answer.
    #[error("`${{{0}}}` is not a text, number, or boolean of an answer so far")]
    Unknown(String),
}

/// Replaces the placeholders of a text by what `answers` has.
pub(super) fn fill(text: &str, answers: &Value) -> Result<String, PlaceholderError> {
    let mut parts = text.split("${");
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let Some((place, rest)) = part.split_once('}') else {
            return Err(PlaceholderError::Endless(part.to_owned()));
        };
        let value = answers.pointer(&format!("/{}", place.replace('.', "/")));
        match value {
            Some(Value::String(text)) => filled.push_str(text),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => {
                filled.push_str(&value.to_string());
            }
            _ => return Err(PlaceholderError::Unknown(place.to_owned())),
        }
        filled.push_str(rest);
    }
    Ok(filled)
}

/// Replaces the placeholders of all texts of a JSON value.
pub(super) fn fill_json(value: &Value, answers: &Value) -> Result<Value, PlaceholderError> {
    Ok(match value {
        Value::String(text) => Value::String(fill(text, answers)?),
        Value::Array(values) => {
            let filled = values.iter().map(|value| fill_json(value, answers));
            Value::Array(filled.collect::<Result<_, _>>()?)
        }
        Value::Object(members) => {
            let filled = members
                .iter()
                .map(|(name, value)| Ok((name.clone(), fill_json(value, answers)?)));
            Value::Object(filled.collect::<Result<_, _>>()?)
        }
        other => other.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn placeholders_are_replaced_wherever_a_text_stands_and_what_no_answer_has_is_named() {
        let answers = json!({"ann": {"id": "a-1", "age": 7, "list": [{"on": true}], "no": null}});
        let body =
            json!({"n": 1, "list": ["${ann.id}"], "more": {"x": "<${ann.age}|${ann.list.0.on}>"}});
        let filled = json!({"n": 1, "list": ["a-1"], "more": {"x": "<7|true>"}});
        assert_eq!(fill_json(&body, &answers), Ok(filled));
        assert_eq!(fill("{} $ann }", &answers).unwrap(), "{} $ann }");
        for text in ["${bob.id}", "${ann}", "${ann.no}", "${}"] {
            let error = fill(text, &answers).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{text}` is not")), "{error}");
        }
        let error = fill("a ${ann.id", &answers).unwrap_err().to_string();
        assert_eq!(error, "`${ann.id` has no `}`");
    }
}
