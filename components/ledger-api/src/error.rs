//! Why the ledger records nothing.

use crate::batch::Refusal;
use strongroom_sdk::store::StoreError;

/// Which account of a transfer, and how it was named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The account to debit.
    Source,
    /// The account to credit, by its id.
    DestinationId,
    /// The account to credit, by its number.
    DestinationNumber,
}

impl Side {
    /// The member of a transfer's body that names it (RFC 6901).
    pub const fn pointer(self) -> &'static str {
        match self {
            Self::Source => "/from_account_id",
            Self::DestinationId => "/to_account_id",
            Self::DestinationNumber => "/to_account_number",
        }
    }
}

/// Why nothing is recorded, or the ledger did not say. A decline is not among these: it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// There is no such account, or this user may not debit it.
    #[error("account not found: {}", .0.pointer())]
    AccountNotFound(Side),
    /// There is no such hold or posting, or it is not this user's to capture, void, or reverse.
    #[error("original not found")]
    OriginalNotFound,
    /// The id belongs to a request with another fingerprint.
    #[error("the id is taken by another request")]
    IdReused,
    /// Source and destination are one account: money does not move from an account to itself. Which way the destination was named.
    #[error("invalid: {}", .0.pointer())]
    SameAccount(Side),
    /// A deposit to an account of the actor, or a reversal of what touches one: a colleague must do
    /// it.
    #[error("the account is the actor's own")]
    OwnAccount,
    /// A field does not hold what it must.
    #[error("invalid: {0}")]
    Invalid(String),
    /// The screening has no verdict.
    #[error("not screened: {0}")]
    NotScreened(String),
    /// The host does not trust the machine's clock. Nothing is recorded.
    #[error("the machine's clock is not trusted")]
    Clock,
    /// The ledger cannot respond now. The request may have been decided or not: ask again with the same id.
    #[error("unavailable: {0}")]
    Unavailable(String),
}

impl LedgerError {
    /// The error of a field that does not hold what it must.
    pub fn invalid(field: &str) -> Self {
        Self::Invalid(field.to_owned())
    }

    /// The words for the client, where the error is the client's own; none where it is the bank's.
    pub fn refusal(&self) -> Option<Refusal> {
        let (code, pointer, detail) = match self {
            Self::AccountNotFound(side) => (
                "account_not_found",
                side.pointer(),
                "is no account that can be used here",
            ),
            Self::SameAccount(side) => (
                "validation_failed",
                side.pointer(),
                "must be another account than from_account_id",
            ),
            _ => return None,
        };
        Some(Refusal {
            code: code.to_owned(),
            pointer: pointer.to_owned(),
            detail: detail.to_owned(),
        })
    }
}

impl From<StoreError> for LedgerError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Clock => Self::Clock,
            error => Self::Unavailable(error.to_string()),
        }
    }
}
