//! The schemas of values that the bank writes as text.

use crate::calendar::Day;
use crate::identity::Role;
use utoipa::openapi::KnownFormat;
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaFormat, Type};

/// Gives a type this schema.
#[doc(hidden)]
#[macro_export]
macro_rules! schema {
    ($name:ty, $object:expr) => {
        impl $crate::openapi::utoipa::PartialSchema for $name {
            fn schema() -> $crate::openapi::utoipa::openapi::RefOr<
                $crate::openapi::utoipa::openapi::schema::Schema,
            > {
                $object.into()
            }
        }

        impl $crate::openapi::utoipa::ToSchema for $name {}
    };
}

/// Declares a schema of texts, to be named as the `value_type` of a field.
macro_rules! text {
    ($(#[doc = $description:literal])+ $name:ident, $example:literal, $object:expr) => {
        $(#[doc = $description])+
        #[derive(Debug)]
        pub enum $name {}

        schema!(
            $name,
            $object
                .schema_type(Type::String)
                .description(Some(concat!($($description),+).trim()))
                .examples([$example])
        );
    };
}

text! {
    /// A plain decimal number of at most the currency's decimals, zero or more.
    Amount, "12.34",
    ObjectBuilder::new().pattern(Some(r"^(0|[1-9][0-9]{0,15})(\.[0-9]{1,4})?$"))
}

text! {
    /// A plain decimal number with the currency's decimals, perhaps negative.
    SignedAmount, "12.34",
    ObjectBuilder::new().pattern(Some(r"^-?(0|[1-9][0-9]{0,18})(\.[0-9]{1,4})?$"))
}

text! {
    /// An ISO 4217 code.
    CurrencyCode, "EUR",
    ObjectBuilder::new().pattern(Some("^[A-Z]{3}$"))
}

text! {
    /// A time of RFC 3339 in UTC, to the millisecond.
    Timestamp, "2026-11-22T19:10:57.123Z",
    ObjectBuilder::new().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
}

text! {
    /// A SHA-256 hash in hexadecimal.
    HashText, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ObjectBuilder::new().pattern(Some("^[0-9a-f]{64}$"))
}

/// The schema of an id.
pub fn id() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
        .build()
}

/// The schema of one of these words.
pub fn words(words: impl IntoIterator<Item = &'static str>) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(words))
        .build()
}

/// The schema of a flag that always has this value.
pub fn flag(value: bool) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::Boolean)
        .enum_values(Some([value]))
        .build()
}

// No user has the role `service`.
schema!(Role, words(USER_ROLES.map(Role::as_str)));
const USER_ROLES: [Role; 4] = [Role::Customer, Role::Teller, Role::Auditor, Role::Admin];

schema!(
    Day,
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
        .description(Some("A day in UTC."))
        .examples(["2026-11-22"])
);
