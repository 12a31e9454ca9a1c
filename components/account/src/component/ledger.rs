//! `strongroom:account/ledger`, `/journal`, and `/directory`.

use super::Component;
use super::bindings::exports::strongroom::account::{directory, journal, ledger};
use crate::ledger::LocalLedger;
use strongroom_ledger_api::wit::{WitForm, read, types};
use strongroom_ledger_api::{Batch, Directory, Journal, Ledger, Transfer};
use strongroom_sdk::clock::SystemClock;
use strongroom_sdk::store::HostStore;
use uuid::Uuid;

/// The books of this service.
const LEDGER: LocalLedger<HostStore, SystemClock> = LocalLedger {
    store: HostStore,
    clock: SystemClock,
};

impl ledger::Guest for Component {
    fn post(transfer: types::Transfer) -> Result<types::Reply, types::Error> {
        Ok(LEDGER.post(&Transfer::from_wit(transfer)?)?.into_wit())
    }

    fn post_batch(batch: types::Batch) -> Result<types::BatchReply, types::Error> {
        Ok(LEDGER.post_batch(&Batch::from_wit(batch)?)?.into_wit())
    }

    fn cancel(transfer: types::Transfer) -> Result<types::Reply, types::Error> {
        Ok(LEDGER.cancel(&Transfer::from_wit(transfer)?)?.into_wit())
    }

    fn judge(transfer: types::Transfer) -> Result<Option<types::Decline>, types::Error> {
        Ok(LEDGER.judge(&Transfer::from_wit(transfer)?)?.into_wit())
    }
}

impl journal::Guest for Component {
    fn journal(after: u64, limit: u32) -> Result<Vec<types::Posting>, types::Error> {
        Ok(LEDGER.journal(after, limit)?.into_wit())
    }

    fn head() -> Result<u64, types::Error> {
        Ok(LEDGER.head()?)
    }

    fn lookup_many(ids: Vec<String>) -> Result<Vec<Option<types::Posting>>, types::Error> {
        let ids: Vec<Uuid> = read(ids, "ids")?;
        Ok(LEDGER.lookup_many(&ids)?.into_wit())
    }

    fn find_batch(id: String) -> Result<Option<types::BatchRecord>, types::Error> {
        Ok(LEDGER.find_batch(read(id, "id")?)?.into_wit())
    }

    fn journal_of(
        user_id: String,
        after: u64,
        limit: u32,
    ) -> Result<Vec<types::Posting>, types::Error> {
        let postings = LEDGER.journal_of(read(user_id, "user-id")?, after, limit)?;
        Ok(postings.into_wit())
    }
}

impl directory::Guest for Component {
    fn find(id: String) -> Result<Option<types::AccountSummary>, types::Error> {
        Ok(LEDGER.find(read(id, "id")?)?.into_wit())
    }

    fn changes(after: u64) -> Result<Vec<types::AccountChange>, types::Error> {
        Ok(LEDGER.changes(after)?.into_wit())
    }
}
