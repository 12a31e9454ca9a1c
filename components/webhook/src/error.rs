//! Why a tick or an audit stops.

use strongroom_ledger_api::LedgerError;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::StoreError;

/// Why a tick or an audit stops before its end. The next one goes on from the same place.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The journal cannot be read.
    #[error("the journal: {0}")]
    Journal(#[from] LedgerError),
    /// The store cannot be read or written.
    #[error("the store: {0}")]
    Store(#[from] StoreError),
    /// A webhook has followed the journal further than it goes.
    #[error(
        "a webhook has followed the ledger's journal to {cursor}, and it ends at {head}: the two \
         stores are of different moments; restore both from one backup"
    )]
    Ahead {
        /// How far the webhook has followed it.
        cursor: u64,
        /// Where it ends.
        head: u64,
    },
    /// A webhook has followed another journal.
    #[error(
        "a webhook has followed the ledger's journal to {cursor}, where another transaction stands \
         now: the two stores are of different moments; restore both from one backup, or give the \
         webhooks an empty store and create them again"
    )]
    OtherJournal {
        /// How far the webhook has followed it.
        cursor: u64,
    },
    /// A posting has no JSON.
    #[error("the event: {0}")]
    Event(String),
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Event(problem.detail().to_owned())
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::Event(error.to_string())
    }
}
