//! The traits by the imports of a component. The registry links these to a service.
//!
//! A component imports only the interfaces whose functions it calls: the linker drops the others.

mod bindings {
    wit_bindgen::generate!({
        path: ["../../wit/store", "../../wit/config", "../../wit/service", "../../wit/account"],
        inline: "
            package strongroom:ledger-links;
            world imports {
                import strongroom:account/ledger@0.1.0;
                import strongroom:account/journal@0.1.0;
                import strongroom:account/directory@0.1.0;
            }
        ",
        world: "strongroom:ledger-links/imports",
        with: {
            "strongroom:account/types@0.1.0": crate::wit::types,
        },
        generate_all,
    });
}

use crate::batch::{Batch, BatchRecord, BatchReply};
use crate::error::LedgerError;
use crate::ledger::{AccountChange, AccountSummary, Directory, Journal, Ledger};
use crate::posting::{Posting, Reply};
use crate::transfer::Transfer;
use crate::wit::WitForm;
use crate::words::Decline;
use bindings::strongroom::account::{directory, journal, ledger};
use uuid::Uuid;

/// The ledger to which the registry links this service.
#[derive(Debug, Clone, Copy, Default)]
pub struct Linked;

impl Ledger for Linked {
    fn post(&self, transfer: &Transfer) -> Result<Reply, LedgerError> {
        let reply = ledger::post(&transfer.clone().into_wit())?;
        Ok(Reply::from_wit(reply)?)
    }

    fn post_batch(&self, batch: &Batch) -> Result<BatchReply, LedgerError> {
        let reply = ledger::post_batch(&batch.clone().into_wit())?;
        Ok(BatchReply::from_wit(reply)?)
    }

    fn cancel(&self, transfer: &Transfer) -> Result<Reply, LedgerError> {
        let reply = ledger::cancel(&transfer.clone().into_wit())?;
        Ok(Reply::from_wit(reply)?)
    }

    fn judge(&self, transfer: &Transfer) -> Result<Option<Decline>, LedgerError> {
        let decline = ledger::judge(&transfer.clone().into_wit())?;
        Ok(Option::from_wit(decline)?)
    }
}

impl Journal for Linked {
    fn journal(&self, after: u64, limit: u32) -> Result<Vec<Posting>, LedgerError> {
        Ok(Vec::from_wit(journal::journal(after, limit)?)?)
    }

    fn head(&self) -> Result<u64, LedgerError> {
        Ok(journal::head()?)
    }

    fn lookup_many(&self, ids: &[Uuid]) -> Result<Vec<Option<Posting>>, LedgerError> {
        let found = journal::lookup_many(&ids.to_vec().into_wit())?;
        if found.len() != ids.len() {
            return Err(LedgerError::Unavailable(
                "the ledger returned a wrong number of postings".to_owned(),
            ));
        }
        Ok(Vec::from_wit(found)?)
    }

    fn find_batch(&self, id: Uuid) -> Result<Option<BatchRecord>, LedgerError> {
        Ok(Option::from_wit(journal::find_batch(&id.into_wit())?)?)
    }

    fn journal_of(
        &self,
        user_id: Uuid,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Posting>, LedgerError> {
        let found = journal::journal_of(&user_id.into_wit(), after, limit)?;
        Ok(Vec::from_wit(found)?)
    }
}

impl Directory for Linked {
    fn find(&self, account_id: Uuid) -> Result<Option<AccountSummary>, LedgerError> {
        Ok(Option::from_wit(directory::find(&account_id.into_wit())?)?)
    }

    fn changes(&self, after: u64) -> Result<Vec<AccountChange>, LedgerError> {
        Ok(Vec::from_wit(directory::changes(after)?)?)
    }
}
