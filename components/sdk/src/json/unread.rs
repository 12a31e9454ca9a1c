//! A part of a body that a handler reads later.

use super::strict::UNREAD;
use super::{Problem, read};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// The text of any JSON value, for a part that must not fail the whole body.
#[derive(Debug, Clone)]
pub struct Unread(String);

impl Unread {
    /// The text, as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads the part as a `T`.
    ///
    /// # Errors
    /// 422 `validation_failed`, as [`from_slice`](super::from_slice). The pointers begin at the
    /// part.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let value: &RawValue = serde_json::from_str(&self.0).map_err(Problem::internal)?;
        read(value)
    }
}

impl<'de> Deserialize<'de> for Unread {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(UNREAD, TextOfValue)
    }
}

struct TextOfValue;

impl Visitor<'_> for TextOfValue {
    type Value = Unread;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Unread, E> {
        Ok(Unread(text.to_owned()))
    }
}
