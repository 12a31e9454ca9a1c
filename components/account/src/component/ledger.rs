//! `strongroom:account/ledger`, `/journal`, and `/directory`.

use super::Component;
use super::bindings::exports::strongroom::account::{directory, journal, ledger};
use crate::account::by_id;
use crate::ledger::LocalLedger;
use strongroom_ledger_api::wit::types;
use strongroom_ledger_api::{Journal, Ledger};
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
        Ok(LEDGER.post(&transfer.try_into()?)?.into())
    }

    fn post_batch(batch: types::Batch) -> Result<types::BatchReply, types::Error> {
        Ok(LEDGER.post_batch(&batch.try_into()?)?.into())
    }

    fn cancel(transfer: types::Transfer) -> Result<types::Reply, types::Error> {
        Ok(LEDGER.cancel(&transfer.try_into()?)?.into())
    }
}

impl journal::Guest for Component {
    fn journal(after: u64, limit: u32) -> Result<Vec<types::Posting>, types::Error> {
        let postings = LEDGER.journal(after, limit)?;
        Ok(postings.into_iter().map(Into::into).collect())
    }

    fn head() -> Result<u64, types::Error> {
        Ok(LEDGER.head()?)
    }

    fn lookup_many(ids: Vec<String>) -> Result<Vec<Option<types::Posting>>, types::Error> {
        let ids = ids.iter().map(|id| uuid(id, "ids"));
        let found = LEDGER.lookup_many(&ids.collect::<Result<Vec<_>, _>>()?)?;
        Ok(found.into_iter().map(|one| one.map(Into::into)).collect())
    }

    fn find_batch(id: String) -> Result<Option<types::BatchRecord>, types::Error> {
        Ok(LEDGER.find_batch(uuid(&id, "id")?)?.map(Into::into))
    }

    fn history(
        account_id: String,
        before: u64,
        limit: u32,
    ) -> Result<Vec<types::Posting>, types::Error> {
        let postings = LEDGER.history(uuid(&account_id, "account-id")?, before, limit)?;
        Ok(postings.into_iter().map(Into::into).collect())
    }
}

impl directory::Guest for Component {
    fn find(id: String) -> Result<Option<directory::Account>, directory::Error> {
        let id = Uuid::parse_str(&id).map_err(|_| directory::Error::Invalid("id".to_owned()))?;
        let account = by_id(&HostStore, id)
            .map_err(|error| directory::Error::Unavailable(error.to_string()))?;
        Ok(account.map(|account| directory::Account {
            id: account.id.to_string(),
            owner_id: account.owner_id.to_string(),
            currency: account.currency.code().to_owned(),
            status: account.status.as_str().to_owned(),
            number: account.number,
        }))
    }
}

fn uuid(text: &str, field: &str) -> Result<Uuid, types::Error> {
    Uuid::parse_str(text).map_err(|_| types::Error::Invalid(field.to_owned()))
}
