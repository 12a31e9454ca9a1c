//! Why a tick, an audit, or a list stops.

use crate::users::UsersError;
use strongroom_ledger_api::LedgerError;
use strongroom_sdk::store::StoreError;

/// Why a tick, an audit, or a list stops before its end. The next one goes on from the same place.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The store does not work, or a column has a type or a word that it cannot have.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ledger does not decide, or what it has recorded cannot be read.
    #[error("the ledger: {0}")]
    Ledger(#[from] LedgerError),
    /// The users, or their changes, cannot be read.
    #[error("the users: {0}")]
    Users(#[from] UsersError),
    /// The journal ends before what was followed, or is another one: it was restored without this
    /// store. `verify` says how to have the index made again.
    #[error(
        "this store has followed the ledger's journal further than it goes, or another one, so the \
         two are of different moments: restore both from one backup, or see what `strongroom \
         verify` says"
    )]
    Ahead,
}
