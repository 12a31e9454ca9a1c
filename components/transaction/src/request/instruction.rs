//! A request in its one canonical form.

use super::Metadata;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The canonical name of the call, part of the transfer's id. `/send` is another name of `/transfer`: the same key on both is the same
/// request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `POST /deposit`.
    Deposit,
    /// `POST /withdraw`.
    Withdraw,
    /// `POST /transfer` and `POST /send`.
    Transfer,
    /// `POST /holds`.
    Hold,
    /// `POST /holds/{id}/capture`.
    Capture,
    /// `POST /holds/{id}/void`.
    Void,
    /// `POST /{id}/reverse`.
    Reverse,
    /// `POST /batch`.
    Batch,
    /// A date of a standing order.
    Schedule,
}

impl Route {
    /// The name. It never changes, or retries would get new ids.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::Withdraw => "withdraw",
            Self::Transfer => "transfer",
            Self::Hold => "hold",
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Reverse => "reverse",
            Self::Batch => "batch",
            Self::Schedule => "schedule",
        }
    }
}

/// What a transfer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Money into an account, from outside the bank.
    Deposit,
    /// Money out of an account, to outside the bank.
    Withdrawal,
    /// From one account to another.
    Transfer,
    /// Reserves money for another account.
    Hold,
    /// Moves what a hold has reserved, or a part of it.
    Capture,
    /// Releases what a hold has reserved.
    Void,
    /// Releases a hold whose time was up.
    Expiry,
    /// Moves a posted amount back.
    Reversal,
}

impl Kind {
    /// Whether it is what somebody wants paid, and not what follows from a payment of before.
    pub const fn is_payment(self) -> bool {
        matches!(
            self,
            Self::Deposit | Self::Withdrawal | Self::Transfer | Self::Hold
        )
    }

    /// The word that clients see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::Withdrawal => "withdrawal",
            Self::Transfer => "transfer",
            Self::Hold => "hold",
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Expiry => "expiry",
            Self::Reversal => "reversal",
        }
    }
}

/// How the account to credit is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountRef {
    /// By its id.
    Id(Uuid),
    /// By its number, without spaces, in capital letters.
    Number(String),
}

/// What a client wants done with money, parsed and checked.
///
/// Two requests that mean the same have the same instruction: `"12.3"` and `"12.30"` EUR, or a body with its fields in another order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instruction {
    /// What it is for.
    pub kind: Kind,
    /// The account to debit; none for a deposit, and where a subject says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Uuid>,
    /// The account to credit; none for a withdrawal, and where a subject says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<AccountRef>,
    /// Minor units of `currency`.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// What the parties see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The client's own notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    /// The hold to capture or void, or the transaction to reverse; of no other kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Uuid>,
    /// How long a hold lasts, in seconds; of holds only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u32>,
}

impl Instruction {
    /// SHA-256 of the canonical JSON: the fields in this order, absent ones left out, so that a field of a later release does not
    /// change the fingerprint of a request without it.
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(self.to_json()).into()
    }

    /// The canonical JSON, as an intent keeps it.
    pub fn to_json(&self) -> String {
        // Strings, integers, and maps of strings always serialize.
        serde_json::to_string(self).unwrap_or_default()
    }
}
