//! Requests to the ledger.

use crate::words::{ActorKind, Direction, Kind};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use strongroom_sdk::identity::Identity;
use strongroom_sdk::money::Money;
use uuid::Uuid;

/// The longest reference, in characters, as in SEPA.
pub const REFERENCE_CHARACTERS_MAX: usize = 140;
/// The longest time of a hold: 90 days.
pub const HOLD_SECONDS_MAX: u32 = 90 * 24 * 60 * 60;
/// The fewest legs of a posting.
pub const LEGS_MIN: usize = 2;
/// The most legs of a posting.
pub const LEGS_MAX: usize = 100;
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
    /// Only those of this user; the ledger reports any other as not found.
    Owner(Uuid),
    /// Those of any customer, and the internal ones, for staff and for clients of the bank.
    Bank,
}

/// Who makes a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor {
    /// What the actor is.
    pub kind: ActorKind,
    /// The id of the user or client; nil for the bank.
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

    /// The caller of a request.
    pub fn of(caller: &Identity) -> Self {
        let kind = match caller.client {
            Some(_) => ActorKind::Client,
            None => ActorKind::User,
        };
        Self {
            kind,
            id: caller.actor(),
        }
    }
}

/// A debit or a credit of a posting of several legs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// The account's id.
    pub account: Uuid,
    /// Debit or credit.
    pub direction: Direction,
    /// The amount.
    pub amount: Money,
    /// The screening's rule that denies it, and so the whole posting; no part of the client's
    /// request.
    #[serde(skip)]
    pub denied_by: Option<String>,
}

/// What to do with money, parsed and checked.
///
/// Requests of the same meaning have the same instruction: `"12.3"` and `"12.30"` EUR, or the same
/// body with its fields in another order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instruction {
    /// The kind of movement.
    pub kind: Kind,
    /// The account to debit; none for a deposit, and where there is an original.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Uuid>,
    /// The account to credit; none for a withdrawal, and where there is an original.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<AccountRef>,
    /// The amount to move or hold; none where there are legs, and for the reversal of such a
    /// posting. A void, an expiry, and a reversal have the whole amount of their original.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// A text that both parties see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The client's own notes: a JSON object, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
    /// The hold of a capture, void, or expiry, or the posting of a reversal; none for other kinds.
    #[serde(rename = "subject", default, skip_serializing_if = "Option::is_none")]
    pub original: Option<Uuid>,
    /// How long a hold lasts from its recording, in seconds; none for other kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u32>,
    /// Of a posting of several legs; empty for other kinds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legs: Vec<Leg>,
}

impl Instruction {
    /// An instruction with no more than a kind and an amount; the caller adds the rest.
    pub const fn new(kind: Kind, amount: Money) -> Self {
        Self {
            kind,
            source: None,
            destination: None,
            amount: Some(amount),
            reference: None,
            metadata: None,
            original: None,
            expires_in: None,
            legs: Vec::new(),
        }
    }

    /// An instruction to post several legs; the caller adds the rest.
    pub const fn of_legs(legs: Vec<Leg>) -> Self {
        Self {
            kind: Kind::Posting,
            source: None,
            destination: None,
            amount: None,
            reference: None,
            metadata: None,
            original: None,
            expires_in: None,
            legs,
        }
    }

    /// SHA-256 of the canonical JSON: the fields in this order without absent ones, so that a new
    /// field of a later release does not change the fingerprint of a request without it.
    pub fn fingerprint(&self) -> [u8; 32] {
        // Strings, integers, and UUIDs always serialize.
        Sha256::digest(serde_json::to_vec(self).unwrap_or_default()).into()
    }
}

/// A request to move money. The ledger decides at most once on the same `id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Derived from the client's idempotency key: a retry has the same id.
    pub id: Uuid,
    /// SHA-256 of the canonical request.
    pub fingerprint: [u8; 32],
    /// Whose accounts may be debited.
    pub authority: DebitAuthority,
    /// Who makes the request.
    pub actor: Actor,
    /// The customer for whom the actor makes it, if they differ.
    pub on_behalf_of: Option<Uuid>,
    /// The host's id of a request by staff.
    pub request_id: Option<String>,
    /// What to do.
    pub instruction: Instruction,
    /// The screening's rule that denies it; see [`is_rule`].
    pub denied_by: Option<String>,
    /// The time of the client's request, in milliseconds since 1970 UTC.
    pub requested_at_ms: i64,
}

/// Whether a text is the name of a screening's rule: 1 to [`RULE_CHARACTERS_MAX`] of a-z, 0-9, `_`.
pub fn is_rule(text: &str) -> bool {
    let is_of_a_rule = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    (1..=RULE_CHARACTERS_MAX).contains(&text.len()) && text.chars().all(is_of_a_rule)
}

#[cfg(test)]
mod tests;
