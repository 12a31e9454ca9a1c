//! Why a tick stops before its end.

use super::pay::CutShort;
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
    /// Why other payments may fail as this one did; none where the error is of one payment.
    pub(super) fn of_others(&self) -> Option<CutShort> {
        match self {
            Self::Store(_)
            | Self::Users(_)
            | Self::Ledger(LedgerError::Unavailable(_) | LedgerError::Clock) => {
                Some(CutShort::IsDown)
            }
            Self::Ledger(LedgerError::NotScreened(_)) => Some(CutShort::NoVerdict),
            Self::Ledger(_) => None,
        }
    }
}
