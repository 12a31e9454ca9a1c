//! Strict rules for values, beyond the syntax.
//!
//! `serde_json` also reads a struct from a list, a word of an enum from an object, and a unit from
//! null. A client that sends these by mistake could move money, so no body may have them: a struct
//! is an object, and a word is a string.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Error;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The name by which [`Unread`](super::Unread) asks for the text of its value.
pub(super) const UNREAD: &str = "strongroom_sdk::json::Unread";

/// A JSON value of checked syntax. Each part is read when its type asks for it, so that a body
/// takes no more memory than its text.
#[derive(Clone, Copy)]
pub(super) struct Strict<'de>(pub &'de RawValue);

impl<'de> Strict<'de> {
    fn text(self) -> &'de str {
        self.0.get()
    }

    /// Visits an object; any other value is an error.
    fn object<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if !self.text().starts_with('{') {
            let given = Unexpected::Other("value");
            return Err(Error::invalid_type(given, &"an object"));
        }
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(self.text())?;
        let members = members
            .into_iter()
            .map(|(name, value)| (name, Strict(value)));
        visitor.visit_map(MapDeserializer::new(members))
    }

    fn list<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let elements: Vec<&RawValue> = serde_json::from_str(self.text())?;
        visitor.visit_seq(SeqDeserializer::new(elements.into_iter().map(Strict)))
    }

    /// A whole number in any form of JSON: `3600.0` and `3.6e3` are 3600, because many clients have
    /// only floating-point numbers. No amount of money is a JSON number.
    fn whole_number<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let is_number = self
            .text()
            .starts_with(|c: char| c == '-' || c.is_ascii_digit());
        if is_number && self.text().contains(['.', 'e', 'E']) {
            let number: f64 = serde_json::from_str(self.text())?;
            // Rust writes a whole number without a point and without an exponent.
            if let Ok(whole) = number.to_string().parse() {
                return visitor.visit_i64(whole);
            }
        }
        self.deserialize_any(visitor)
    }
}

macro_rules! whole_numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.whole_number(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Strict<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.text().as_bytes().first() {
            Some(b'{') => self.object(visitor),
            Some(b'[') => self.list(visitor),
            _ => self.0.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.text() {
            "null" => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.object(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.object(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match name {
            UNREAD => visitor.visit_borrowed_str(self.text()),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        words: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match serde_json::from_str::<String>(self.text()) {
            Ok(word) => visitor.visit_enum(word.into_deserializer()),
            Err(_) => Err(Error::unknown_variant("", words)),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        // A UUID could be a list of bytes.
        match self.text().starts_with('"') {
            true => self.0.deserialize_str(visitor),
            false => Err(Error::invalid_type(Unexpected::Other("value"), &visitor)),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    whole_numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    forward_to_deserialize_any! {
        bool i128 u128 f32 f64 char bytes byte_buf unit seq tuple tuple_struct map
        identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Strict<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[cfg(test)]
mod tests;
