//! Why a tick stops before its end.

use crate::users::UsersError;
use strongroom_ledger_api::LedgerError;
use strongroom_sdk::store::StoreError;

/// Why a tick stops before its end. The next one goes on from the same place.
#[derive(Debug, thiserror::Error)]
pub enum TickError {
    /// The store does not work.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ledger does not decide, or the changes of accounts cannot be read.
    #[error("the ledger: {0}")]
    Ledger(#[from] LedgerError),
    /// The users, or their changes, cannot be read.
    #[error("the users: {0}")]
    Users(#[from] UsersError),
}

impl TickError {
    /// Whether other payments would fail as this one did. Otherwise the error is of one payment.
    pub(super) fn is_of_all(&self) -> bool {
        match self {
            Self::Store(_) | Self::Users(_) => true,
            Self::Ledger(error) => matches!(
                error,
                LedgerError::Unavailable(_) | LedgerError::Clock | LedgerError::NotScreened(_)
            ),
        }
    }
}
