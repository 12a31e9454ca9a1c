//! What is asked of the ledger.

use crate::words::{ActorKind, Kind};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use strongroom_sdk::money::Money;
use uuid::Uuid;

/// The longest reference, in characters: that of a SEPA remittance text.
pub const REFERENCE_CHARACTERS_MAX: usize = 140;
/// The longest metadata, in bytes of JSON.
pub const METADATA_BYTES_MAX: usize = 4_096;
/// The longest time of a hold: 90 days.
pub const HOLD_SECONDS_MAX: u32 = 90 * 24 * 60 * 60;
/// The longest name of a screening's rule, in characters.
pub const RULE_CHARACTERS_MAX: usize = 64;

/// How the account to credit is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountRef {
    /// By its id.
    Id(Uuid),
    /// By its number (IBAN), without spaces, in capital letters.
    Number(String),
}

/// Whose accounts may be debited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DebitAuthority {
    /// Those of this user alone; any other is as if it did not exist.
    Owner(Uuid),
    /// Any customer's: bank staff.
    Bank,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// What the actor is.
    pub kind: ActorKind,
    /// The user's id; nil for the bank.
    pub id: Uuid,
}

impl Actor {
    /// The bank itself.
    pub const BANK: Self = Self {
        kind: ActorKind::Bank,
        id: Uuid::nil(),
    };

    /// A user.
    pub const fn user(id: Uuid) -> Self {
        Self {
            kind: ActorKind::User,
            id,
        }
    }
}

/// What is to be done with money, parsed and checked.
///
/// Two requests that mean the same have the same instruction: `"12.3"` and `"12.30"` EUR, or a body with its fields in another order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instruction {
    /// What it is for.
    pub kind: Kind,
    /// The account to debit; none for a deposit, and where an original names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Uuid>,
    /// The account to credit; none for a withdrawal, and where an original names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<AccountRef>,
    /// What moves or is held. A void, an expiry, and a reversal name the whole amount of their original.
    pub amount: Money,
    /// What the parties see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The client's own notes: a JSON object, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
    /// The hold to capture, void, or let expire, or the posting to reverse; of no other kind.
    #[serde(rename = "subject", default, skip_serializing_if = "Option::is_none")]
    pub original: Option<Uuid>,
    /// How long a hold lasts from the moment it is recorded, in seconds; of holds only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u32>,
}

impl Instruction {
    /// Of a kind that names neither accounts nor an original; the caller adds what is its own.
    pub const fn new(kind: Kind, amount: Money) -> Self {
        Self {
            kind,
            source: None,
            destination: None,
            amount,
            reference: None,
            metadata: None,
            original: None,
            expires_in: None,
        }
    }

    /// SHA-256 of the canonical JSON: the fields in this order, absent ones left out, so that a field of a later release does not
    /// change the fingerprint of a request without it.
    pub fn fingerprint(&self) -> [u8; 32] {
        // Strings, integers, and UUIDs always serialize.
        Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).into()
    }
}

/// A request to move money. The same `id` is decided at most once, for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Derived from the client's idempotency key, so that a retry has the same id.
    pub id: Uuid,
    /// SHA-256 of the canonical request.
    pub fingerprint: [u8; 32],
    /// Whose accounts may be debited.
    pub authority: DebitAuthority,
    /// Who asks.
    pub actor: Actor,
    /// The customer for whom the actor asks, if they are not the same.
    pub on_behalf_of: Option<Uuid>,
    /// The host's id of the request in which staff ask.
    pub request_id: Option<String>,
    /// What is asked.
    pub instruction: Instruction,
    /// The rule of a screening that denies it; see [`is_rule`].
    pub denied_by: Option<String>,
    /// When the client asked, in milliseconds since 1970 UTC.
    pub requested_at_ms: i64,
}

/// Whether a text is the name of a screening's rule: at most [`RULE_CHARACTERS_MAX`] of a-z, 0-9, and `_`.
pub fn is_rule(text: &str) -> bool {
    let is_of_a_rule = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    (1..=RULE_CHARACTERS_MAX).contains(&text.len()) && text.chars().all(is_of_a_rule)
}

#[cfg(test)]
mod tests;
