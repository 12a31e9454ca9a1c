//! The ledger's interfaces on a store.

use super::batch::find_batch;
use super::{judge, post, read};
use crate::account::{by_id, changes};
use strongroom_ledger_api::{
    AccountChange, AccountSummary, Batch, BatchRecord, BatchReply, Decline, Directory, Journal,
    Ledger, LedgerError, Posting, Reply, Transfer,
};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::store::Store;
use uuid::Uuid;

/// The ledger of a store.
#[derive(Debug, Clone, Copy)]
pub struct LocalLedger<S, C> {
    /// The store of the account service.
    pub store: S,
    /// Tells the time of each decision.
    pub clock: C,
}

impl<S: Store, C: Clock> Ledger for LocalLedger<S, C> {
    fn post(&self, transfer: &Transfer) -> Result<Reply, LedgerError> {
        post::post(&self.store, &self.clock, transfer)
    }

    fn post_batch(&self, batch: &Batch) -> Result<BatchReply, LedgerError> {
        super::post_batch(&self.store, &self.clock, batch)
    }

    fn cancel(&self, transfer: &Transfer) -> Result<Reply, LedgerError> {
        post::cancel(&self.store, &self.clock, transfer)
    }

    fn judge(&self, transfer: &Transfer) -> Result<Option<Decline>, LedgerError> {
        judge::judge(&self.store, &self.clock, transfer)
    }
}

impl<S: Store, C: Clock> Journal for LocalLedger<S, C> {
    fn journal(&self, after: u64, limit: u32) -> Result<Vec<Posting>, LedgerError> {
        Ok(read::journal(&self.store, sequence(after), limit)?)
    }

    fn head(&self) -> Result<u64, LedgerError> {
        Ok(read::head(&self.store)?)
    }

    fn lookup_many(&self, ids: &[Uuid]) -> Result<Vec<Option<Posting>>, LedgerError> {
        read::lookup_many(&self.store, ids)
    }

    fn find_batch(&self, id: Uuid) -> Result<Option<BatchRecord>, LedgerError> {
        Ok(find_batch(&self.store, id)?)
    }

    fn journal_of(
        &self,
        user_id: Uuid,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Posting>, LedgerError> {
        let after = sequence(after);
        Ok(read::journal_of(&self.store, user_id, after, limit)?)
    }
}

/// A larger sequence than `i64` has is behind the end of any journal.
fn sequence(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

impl<S: Store, C: Clock> Directory for LocalLedger<S, C> {
    fn find(&self, account_id: Uuid) -> Result<Option<AccountSummary>, LedgerError> {
        Ok(by_id(&self.store, account_id)?.map(AccountSummary::from))
    }

    fn changes(&self, after: u64) -> Result<Vec<AccountChange>, LedgerError> {
        Ok(changes(&self.store, sequence(after))?)
    }
}
