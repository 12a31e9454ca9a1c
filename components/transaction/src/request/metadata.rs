//! A client's own data on a transfer.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use strongroom_ledger_api::METADATA_BYTES_MAX;

const KEYS_MAX: usize = 50;

/// A JSON object of at most 50 strings, and of at most 4 KiB as JSON. Its keys are sorted, so that
/// it has one form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata(BTreeMap<String, String>);

impl Metadata {
    /// The metadata of a payment of a standing order: the order, and the date.
    pub(crate) fn of_schedule(schedule_id: uuid::Uuid, due: &str) -> Self {
        Self(BTreeMap::from([
            ("schedule_due".to_owned(), due.to_owned()),
            ("schedule_id".to_owned(), schedule_id.to_string()),
        ]))
    }

    /// The JSON text.
    pub fn to_json(&self) -> String {
        // A map of strings always serializes.
        serde_json::to_string(&self.0).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let metadata = Self(BTreeMap::deserialize(deserializer)?);
        if metadata.0.len() > KEYS_MAX || metadata.to_json().len() > METADATA_BYTES_MAX {
            // The client sees what follows `expected`.
            return Err(D::Error::custom(
                "too long, expected an object of at most 50 strings and 4096 bytes",
            ));
        }
        Ok(metadata)
    }
}
