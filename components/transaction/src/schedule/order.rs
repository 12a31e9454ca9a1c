//! What a client has requested.

use super::calendar::Plan;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use strongroom_ledger_api::Instruction;
use utoipa::ToSchema;

/// What the bank does on a date on which the source has too little.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnInsufficientFunds {
    /// Nothing: the next date is the next attempt.
    #[default]
    Skip,
    /// It retries each hour for three days, but never past the next date.
    Retry,
}

/// A request, parsed and checked. It never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingOrder {
    /// The transfer of each date.
    pub instruction: Instruction,
    /// The dates.
    pub plan: Plan,
    /// What the bank does on a date on which the source has too little.
    pub on_insufficient_funds: OnInsufficientFunds,
}

impl StandingOrder {
    /// The canonical JSON, as the store keeps it.
    pub fn to_json(&self) -> String {
        // Strings, integers, and maps of strings always serialize.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// SHA-256 of the canonical JSON: tells a repeated request from another under the same key.
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(self.to_json()).into()
    }
}
