//! Why the ledger records nothing for a request.

use strongroom_sdk::store::StoreError;

/// Which account of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The account to debit.
    Source,
    /// The account to credit.
    Destination,
}

impl Side {
    /// The word of the ledger's interface.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Destination => "destination",
        }
    }
}

/// Why nothing was recorded. A decline is not among these: it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// There is no such account, or this user may not debit it.
    #[error("account not found: {}", .0.as_str())]
    AccountNotFound(Side),
    /// There is no such hold or posting, or it is not this user's to capture, void, or reverse.
    #[error("subject not found")]
    SubjectNotFound,
    /// Another transfer of the same atomic batch was refused.
    #[error("another transfer of the batch was refused")]
    BatchRefused,
    /// The id belongs to a transfer with another fingerprint.
    #[error("the id is taken by another transfer")]
    IdReused,
    /// A field is not what it must be.
    #[error("invalid: {0}")]
    Invalid(&'static str),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}
