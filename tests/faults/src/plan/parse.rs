//! Reads a plan, and refuses each part that it does not understand: without its fault, a test would
//! pass.

use super::{Fault, Plan};
use serde::Deserialize;
use serde::de::Error as _;
use serde_json::{Map, Value};
use std::num::NonZeroU64;
use std::str::FromStr;

/// The part of a plan that cannot be understood, and why.
#[derive(Debug, thiserror::Error)]
#[error("`{part}`: {why}")]
pub struct PlanError {
    part: String,
    why: serde_json::Error,
}

impl FromStr for Plan {
    type Err = PlanError;

    fn from_str(text: &str) -> Result<Self, PlanError> {
        let mut plan = Self::default();
        for part in text.split(';').map(str::trim) {
            match part.split_once('=') {
                None if part.is_empty() => {}
                None if part == "after-start" => plan.is_after_start = true,
                None if part == "count" => plan.count = true,
                Some(("synchronous", "normal")) => plan.is_synchronous_normal = true,
                Some(("page-cache", file)) if !file.is_empty() => {
                    plan.page_cache = Some(file.into());
                }
                _ => plan.faults.push(fault(part).map_err(|why| PlanError {
                    part: part.to_owned(),
                    why,
                })?),
            }
        }
        Ok(plan)
    }
}

/// The words that every fault has.
#[derive(Deserialize)]
struct Place {
    store: String,
    at: NonZeroU64,
}

fn fault(part: &str) -> serde_json::Result<Fault> {
    let (verb, words) = part.split_once(char::is_whitespace).unwrap_or((part, ""));
    let mut values = Map::from_iter([("verb".to_owned(), Value::from(verb))]);
    for word in words.split_whitespace() {
        let pair = word.split_once('=');
        let (key, value) =
            pair.ok_or_else(|| serde_json::Error::custom(format!("`{word}` is no `key=value`")))?;
        let number = value.parse::<u64>().map(Value::from);
        let value = number.unwrap_or_else(|_| Value::from(value));
        if values.insert(key.to_owned(), value).is_some() {
            let why = format!("the key of `{word}` is there twice");
            return Err(serde_json::Error::custom(why));
        }
    }
    let (place, kind): (Map<_, _>, Map<_, _>) = values
        .into_iter()
        .partition(|(key, _)| ["store", "at"].contains(&key.as_str()));
    let kind = serde_json::from_value(Value::Object(kind))?;
    let Place { store, at } = serde_json::from_value(Value::Object(place))?;
    if store.is_empty() {
        return Err(serde_json::Error::custom("`store` is empty"));
    }
    Ok(Fault {
        text: part.to_owned(),
        store: (store != "*").then_some(store),
        at: at.get(),
        kind,
    })
}
