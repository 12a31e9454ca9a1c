//! A client's own data on an object of the bank: one rule for all services.
//!
//! ```
//! use strongroom_sdk::json;
//! use strongroom_sdk::metadata::{Metadata, MetadataChange};
//!
//! let metadata = br#"{"tier":"gold","region":"eu"}"#;
//! let metadata: Metadata = json::from_slice(metadata).expect("an object");
//! let change = br#"{"tier":null,"plan":"b"}"#;
//! let change: MetadataChange = json::from_slice(change).expect("a change");
//! let changed = metadata.changed(&change).expect("a short one");
//! assert_eq!(changed.to_json(), r#"{"plan":"b","region":"eu"}"#);
//! ```

use crate::store::{Row, StoreError};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};

/// The most keys of an object's metadata.
pub const KEYS_MAX: usize = 50;
/// The longest key, in characters; the shortest has one.
pub const KEY_CHARACTERS_MAX: usize = 64;
/// The longest metadata, in bytes of JSON.
pub const BYTES_MAX: usize = 4_096;

const RULE: &str = "an object of at most 50 strings and 4096 bytes as JSON, whose keys have 1 to 64 \
                    characters";

/// The metadata has too many keys, too many bytes, or a key of a wrong length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be {RULE}")]
pub struct MetadataInvalid;

/// A JSON object of strings within the limits above. Its keys are sorted, so that it has one form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Metadata(BTreeMap<String, String>);

/// What a client changes of an object's metadata (RFC 7396): a key with a string is set, a key with
/// null is removed, all other keys stay.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MetadataChange(BTreeMap<String, Option<String>>);

impl Metadata {
    /// The JSON text.
    pub fn to_json(&self) -> String {
        // A map of strings always serializes.
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    /// The metadata after a change.
    ///
    /// # Errors
    /// [`MetadataInvalid`].
    pub fn changed(&self, change: &MetadataChange) -> Result<Self, MetadataInvalid> {
        let mut members = self.0.clone();
        for (key, value) in &change.0 {
            match value {
                Some(value) => members.insert(key.clone(), value.clone()),
                None => members.remove(key),
            };
        }
        Self(members).checked()
    }

    /// The value of a column: none where there are no keys.
    pub fn to_stored(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.to_json())
    }

    /// Reads the column of [`Metadata::to_stored`].
    ///
    /// # Errors
    /// [`StoreError::Row`] for any other value.
    pub fn from_row(row: &Row, column: usize) -> Result<Self, StoreError> {
        let Some(text) = row.optional(column, Row::text)? else {
            return Ok(Self::default());
        };
        match serde_json::from_str::<Self>(&text) {
            Ok(metadata) if metadata.to_stored().as_ref() == Some(&text) => Ok(metadata),
            _ => Err(StoreError::Row(format!("column {column} is no metadata"))),
        }
    }

    fn checked(self) -> Result<Self, MetadataInvalid> {
        let key_fits = |key: &String| (1..=KEY_CHARACTERS_MAX).contains(&key.chars().count());
        let fits = self.0.len() <= KEYS_MAX
            && self.0.keys().all(key_fits)
            && self.to_json().len() <= BYTES_MAX;
        if fits { Ok(self) } else { Err(MetadataInvalid) }
    }
}

crate::schema!(Metadata, schema(&[Type::String]));
crate::schema!(MetadataChange, schema(&[Type::String, Type::Null]));

/// The schema of an object whose values have one of these types.
fn schema(types: &[Type]) -> ObjectBuilder {
    let values = ObjectBuilder::new().schema_type(SchemaType::from_iter(types.iter().cloned()));
    let key = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(KEY_CHARACTERS_MAX));
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some("A client's own data, at most 4096 bytes as JSON."))
        .property_names(Some(key))
        .additional_properties(Some(values))
        .max_properties(Some(KEYS_MAX))
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self(BTreeMap::deserialize(deserializer)?)
            .checked()
            // The client sees what follows `expected`.
            .map_err(|_| D::Error::custom(format!("not allowed, expected {RULE}")))
    }
}

#[cfg(test)]
mod tests;
