//! The parameters of `GET /`.

use rust_decimal::Decimal;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use strongroom_ledger_api::Kind;
use strongroom_ledger_api::view::statuses;
use strongroom_sdk::clock::parse_rfc3339;
use strongroom_sdk::metadata::KEY_CHARACTERS_MAX;
use strongroom_sdk::money::SCALE_MAX;
use strongroom_sdk::openapi::{Amount, Timestamp, words};
use strongroom_sdk::problem::Problem;
use utoipa::IntoParams;
use utoipa::openapi::Object;
use uuid::Uuid;

/// The most keys of metadata in one filter.
const METADATA_MAX: usize = 10;
const METADATA: &str = "metadata.";

const NAMES: &[&str] = &[
    "account_id",
    "type",
    "status",
    "from",
    "to",
    "reference",
    "min_amount",
    "max_amount",
    "initiator_id",
    "metadata.KEY",
];

/// What a list of transactions is asked for: all of it must match.
#[derive(Debug, Clone, Default, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListFilter {
    /// The account that pays or is paid. Only staff and API keys may leave it out.
    pub account_id: Option<Uuid>,
    /// The kind of transaction.
    #[param(rename = "type", schema_with = kind_words)]
    pub kind: Option<Kind>,
    /// The status, as the transaction has it.
    #[param(schema_with = status_words)]
    pub status: Option<&'static str>,
    /// Requested at this time or later.
    #[param(rename = "from", value_type = Option<Timestamp>)]
    pub from_ms: Option<i64>,
    /// Requested at this time or earlier.
    #[param(rename = "to", value_type = Option<Timestamp>)]
    pub to_ms: Option<i64>,
    /// The whole reference.
    pub reference: Option<String>,
    /// At least this amount, in whatever currency.
    #[param(value_type = Option<Amount>)]
    pub min_amount: Option<Decimal>,
    /// At most this amount.
    #[param(value_type = Option<Amount>)]
    pub max_amount: Option<Decimal>,
    /// Who made the request: a user or a client.
    pub initiator_id: Option<Uuid>,
    /// The metadata has this value. `KEY` stands for its key, of 1 to 64 characters, as in
    /// `metadata.order=4711`. There may be 10 such parameters, each of another key.
    #[param(rename = "metadata.KEY", value_type = Option<String>)]
    pub metadata: BTreeMap<String, String>,
}

impl ListFilter {
    /// Checks what no parameter can say alone.
    pub fn check(&self) -> Result<(), Problem> {
        if let (Some(from), Some(to)) = (self.from_ms, self.to_ms)
            && from > to
        {
            return Err(Problem::invalid("/from", "must not be after `to`"));
        }
        match (self.min_amount, self.max_amount) {
            (Some(min), Some(max)) if min > max => Err(Problem::invalid(
                "/min_amount",
                "must not be more than `max_amount`",
            )),
            _ => Ok(()),
        }
    }
}

impl<'de> Deserialize<'de> for ListFilter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FilterVisitor)
    }
}

struct FilterVisitor;

impl<'de> Visitor<'de> for FilterVisitor {
    type Value = ListFilter;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("filters")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ListFilter, A::Error> {
        let mut filter = ListFilter::default();
        let mut seen = BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "account_id" => filter.account_id = Some(map.next_value()?),
                "type" => filter.kind = Some(map.next_value::<Read<_>>()?.0),
                "status" => filter.status = Some(map.next_value::<Read<Status>>()?.0.0),
                "from" => filter.from_ms = Some(map.next_value::<Read<Time>>()?.0.0),
                "to" => filter.to_ms = Some(map.next_value::<Read<Time>>()?.0.0),
                "reference" => filter.reference = Some(map.next_value()?),
                "min_amount" => filter.min_amount = Some(map.next_value::<Read<_>>()?.0),
                "max_amount" => filter.max_amount = Some(map.next_value::<Read<_>>()?.0),
                "initiator_id" => filter.initiator_id = Some(map.next_value()?),
                _ => {
                    let Some(key) = name.strip_prefix(METADATA) else {
                        return Err(A::Error::unknown_field(&name, NAMES));
                    };
                    let is_short = (1..=KEY_CHARACTERS_MAX).contains(&key.chars().count());
                    if !is_short || filter.metadata.len() == METADATA_MAX {
                        map.next_value::<WrongKey>()?;
                    }
                    filter.metadata.insert(key.to_owned(), map.next_value()?);
                }
            }
            if !seen.insert(name.clone()) {
                return Err(A::Error::custom(format!("duplicate field `{name}`")));
            }
        }
        Ok(filter)
    }
}

/// A value that is read from a text.
struct Read<T>(T);

trait Parameter: Sized {
    fn parse(text: &str) -> Option<Self>;

    /// What the text must be.
    fn expected() -> String;
}

impl<'de, T: Parameter> Deserialize<'de> for Read<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        T::parse(&text)
            .map(Self)
            .ok_or_else(|| expected(&T::expected()))
    }
}

/// The client sees what follows `expected`.
fn expected<E: Error>(what: &str) -> E {
    E::custom(format!("not that, expected {what}"))
}

/// The value of a key of metadata that no object has.
struct WrongKey;

impl<'de> Deserialize<'de> for WrongKey {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(expected("one of at most 10 keys of 1 to 64 characters"))
    }
}

/// Those that are listed: an expiry is only how a hold ended.
fn kinds() -> impl Iterator<Item = Kind> {
    let is_listed = |kind: &Kind| !matches!(kind, Kind::Expiry);
    Kind::ALL.iter().copied().filter(is_listed)
}

impl Parameter for Kind {
    fn parse(text: &str) -> Option<Self> {
        kinds().find(|kind| kind.as_str() == text)
    }

    fn expected() -> String {
        let words: Vec<_> = kinds().map(Self::as_str).collect();
        format!("one of {}", words.join(", "))
    }
}

fn kind_words() -> Object {
    words(kinds().map(Kind::as_str))
}

fn status_words() -> Object {
    words(statuses())
}

struct Status(&'static str);

impl Parameter for Status {
    fn parse(text: &str) -> Option<Self> {
        statuses().find(|status| *status == text).map(Self)
    }

    fn expected() -> String {
        let words: Vec<_> = statuses().collect();
        format!("one of {}", words.join(", "))
    }
}

struct Time(i64);

impl Parameter for Time {
    fn parse(text: &str) -> Option<Self> {
        parse_rfc3339(text).map(Self)
    }

    fn expected() -> String {
        "a time of RFC 3339, such as 2026-11-22T19:10:57.123Z (in a URL, the + of an offset is \
         written %2B)"
            .to_owned()
    }
}

impl Parameter for Decimal {
    fn parse(text: &str) -> Option<Self> {
        let is_plain = text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
            && text.starts_with(|first: char| first.is_ascii_digit())
            && text.ends_with(|last: char| last.is_ascii_digit());
        let amount = Self::from_str_exact(text).ok().filter(|_| is_plain)?;
        (amount.scale() <= SCALE_MAX).then_some(amount)
    }

    fn expected() -> String {
        "a plain decimal of at most 4 digits after the point, such as 12.34".to_owned()
    }
}
