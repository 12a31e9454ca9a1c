//! Goal: one rule says which metadata there may be, at once and after each change.

use super::*;
use crate::json::from_slice;
use crate::rows;
use serde_json::{Value, json};

fn read(value: &Value) -> Result<Metadata, String> {
    from_slice(value.to_string().as_bytes()).map_err(|problem| problem.errors()[0].detail.clone())
}

fn object(keys: usize) -> Value {
    (0..keys)
        .map(|key| (key.to_string(), json!("")))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// An object of so many bytes as JSON.
fn long(bytes: usize) -> Value {
    json!({"a": "x".repeat(bytes - 8)})
}

#[test]
fn metadata_has_its_limits() {
    let key = |characters| json!({"\u{e9}".repeat(characters): "b"});
    for good in [json!({}), object(50), long(4_096), key(1), key(64)] {
        let json = read(&good).map(|metadata| metadata.to_json());
        assert_eq!(json, Ok(good.to_string()));
    }
    for wrong in [object(51), long(4_097), key(0), key(65), key(300)] {
        assert_eq!(read(&wrong), Err(MetadataInvalid.to_string()), "{wrong}");
    }
    for (wrong, detail) in [
        (json!({"a": 1}), "must be a string"),
        (json!({"a": null}), "must be a string"),
        (json!({"a": {"b": "c"}}), "must be a string"),
        (json!(["a"]), "must be an object"),
        (json!("a"), "must be an object"),
    ] {
        assert_eq!(read(&wrong), Err(detail.to_owned()), "{wrong}");
    }
}

#[test]
fn a_change_sets_and_removes_keys_and_keeps_the_limits() {
    let changed = |before: &Value, change: &Value| {
        let change = from_slice(change.to_string().as_bytes()).unwrap();
        let after = read(before).unwrap().changed(&change);
        after.map(|metadata| metadata.to_json())
    };
    let before = json!({"a": "1", "b": "2"});
    for (change, after) in rows! {
        (json!({}), json!({"a": "1", "b": "2"})),
        (json!({"b": "3", "c": ""}), json!({"a": "1", "b": "3", "c": ""})),
        (json!({"a": null, "d": null}), json!({"b": "2"})),
        (json!({"a": null, "b": null}), json!({})),
    } {
        assert_eq!(changed(&before, &change), Ok(after.to_string()), "{change}");
    }
    assert!(changed(&object(50), &json!({"0": "new"})).is_ok());
    assert!(changed(&object(50), &json!({"0": null, "x": ""})).is_ok());
    for (before, change) in rows! {
        (object(50), json!({"x": ""})), (long(4_096), json!({"b": ""})), (before, json!({"": "x"})),
    } {
        assert_eq!(changed(&before, &change), Err(MetadataInvalid), "{change}");
    }
}

#[test]
fn a_column_has_metadata_or_none() {
    for value in [json!({}), json!({"a": "1", "b": "2"})] {
        let metadata = read(&value).unwrap();
        let row = Row(vec![metadata.to_stored().into()]);
        assert_eq!(Metadata::from_row(&row, 0), Ok(metadata));
    }
    for text in r#"{|{}|[]|{"a":1}|{"a": "1"}|{"b":"1","a":"1"}"#.split('|') {
        let broken = Metadata::from_row(&Row(vec![text.into()]), 0);
        assert!(matches!(broken, Err(StoreError::Row(_))), "{text}");
    }
}
