//! The check that a text is JSON without repeated keys.
//!
//! `serde_json` takes the last of two equal keys. A proxy before the application may take the first
//! one, and the two would act on different requests.

use crate::problem::Problem;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::fmt;

/// Passes a text that is one JSON value without repeated keys, nested at most 128 deep, which is
/// the limit of `serde_json`.
pub(super) fn check(text: &[u8]) -> Result<&RawValue, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    DistinctKeys
        .deserialize(&mut deserializer)
        .and_then(|()| deserializer.end())
        .and_then(|()| serde_json::from_slice(text))
        .map_err(|error| {
            let what = if error.is_data() {
                "a key that stands there twice"
            } else {
                "no valid JSON"
            };
            Problem::bad_request(format!(
                "The body has {what} at line {} column {}.",
                error.line(),
                error.column()
            ))
        })
}

/// Walks any value, and keeps only the keys of the current objects.
struct DistinctKeys;

impl<'de> DeserializeSeed<'de> for DistinctKeys {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for DistinctKeys {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while elements.next_element_seed(DistinctKeys)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = entries.next_key::<String>()? {
            if !keys.insert(key) {
                return Err(A::Error::custom("duplicate key"));
            }
            entries.next_value_seed(DistinctKeys)?;
        }
        Ok(())
    }
}
