//! Why the ledger records nothing.

use crate::batch::Refusal;
use std::borrow::Cow;
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
    /// The account of a leg, counted from 0.
    Leg(u32),
}

impl Side {
    /// The pointer (RFC 6901) to the member of a transfer's body that names it.
    pub fn pointer(self) -> Cow<'static, str> {
        match self {
            Self::Source => "/from_account_id".into(),
            Self::DestinationId => "/to_account_id".into(),
            Self::DestinationNumber => "/to_account_number".into(),
            Self::Leg(index) => format!("/entries/{index}/account_id").into(),
        }
    }
}

/// Why the ledger records nothing, or does not reply. It records a decline: that is no error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// There is no such account, or this user may not debit it.
    #[error("account not found: {}", .0.pointer())]
    AccountNotFound(Side),
    /// There is no such hold or posting, or this user may not capture, void, or reverse it.
    #[error("no such hold or posting")]
    OriginalNotFound,
    /// The id belongs to a request with another fingerprint.
    #[error("another request has this id")]
    IdReused,
    /// Source and destination are one account; the side says how the destination was named.
    #[error("invalid: {}", .0.pointer())]
    SameAccount(Side),
    /// A deposit to an account of the actor, or a reversal that touches one: a colleague must act.
    #[error("the account is the actor's own")]
    OwnAccount,
    /// A field has a wrong value; the text names the field.
    #[error("invalid: {0}")]
    Invalid(String),
    /// The screening has no verdict.
    #[error("not screened: {0}")]
    NotScreened(String),
    /// The host does not trust the machine's clock. Nothing is recorded.
    #[error("the machine's clock is not trusted")]
    Clock,
    /// The ledger did not reply. It may have decided: retry with the same id.
    #[error("unavailable: {0}")]
    Unavailable(String),
}

impl LedgerError {
    /// The error of a field with a wrong value.
    pub fn invalid(field: &str) -> Self {
        Self::Invalid(field.to_owned())
    }

    /// The words for the client, where the client is at fault; none for other errors.
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
            pointer: pointer.into_owned(),
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
