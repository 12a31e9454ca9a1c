//! The traits by the imports of a component: the registry's links say which service is behind them.
//!
//! A component imports only those interfaces of which it calls a function: the linker drops the others.

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
use crate::ledger::{AccountSummary, Directory, Journal, Ledger};
use crate::posting::{Posting, Reply};
use crate::transfer::Transfer;
use crate::wit::types;
use bindings::strongroom::account::{directory, journal, ledger};
use uuid::Uuid;

/// The ledger that the registry links this service to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Linked;

impl Ledger for Linked {
    fn post(&self, transfer: &Transfer) -> Result<Reply, LedgerError> {
        Ok(ledger::post(&transfer.into())?.try_into()?)
    }

    fn post_batch(&self, batch: &Batch) -> Result<BatchReply, LedgerError> {
        let batch =
            types::Batch::try_from(batch).map_err(|malformed| LedgerError::invalid(malformed.0))?;
        Ok(ledger::post_batch(&batch)?.try_into()?)
    }

    fn cancel(&self, transfer: &Transfer) -> Result<Reply, LedgerError> {
        Ok(ledger::cancel(&transfer.into())?.try_into()?)
    }
}

impl Journal for Linked {
    fn journal(&self, after: u64, limit: u32) -> Result<Vec<Posting>, LedgerError> {
        postings(journal::journal(after, limit)?)
    }

    fn head(&self) -> Result<u64, LedgerError> {
        Ok(journal::head()?)
    }

    fn lookup_many(&self, ids: &[Uuid]) -> Result<Vec<Option<Posting>>, LedgerError> {
        let texts: Vec<String> = ids.iter().map(Uuid::to_string).collect();
        let found = journal::lookup_many(&texts)?;
        if found.len() != ids.len() {
            return Err(LedgerError::Unavailable(
                "the ledger returned another number of postings than was asked for".to_owned(),
            ));
        }
        let found = found.into_iter();
        found
            .map(|posting| Ok(posting.map(Posting::try_from).transpose()?))
            .collect()
    }

    fn find_batch(&self, id: Uuid) -> Result<Option<BatchRecord>, LedgerError> {
        let found = journal::find_batch(&id.to_string())?;
        Ok(found.map(BatchRecord::try_from).transpose()?)
    }

    fn history(
        &self,
        account_id: Uuid,
        before: u64,
        limit: u32,
    ) -> Result<Vec<Posting>, LedgerError> {
        postings(journal::history(&account_id.to_string(), before, limit)?)
    }
}

fn postings(postings: Vec<types::Posting>) -> Result<Vec<Posting>, LedgerError> {
    let postings = postings.into_iter();
    postings
        .map(|posting| Ok(Posting::try_from(posting)?))
        .collect()
}

impl Directory for Linked {
    fn find(&self, account_id: Uuid) -> Result<Option<AccountSummary>, LedgerError> {
        let found = directory::find(&account_id.to_string()).map_err(|error| match error {
            directory::Error::Invalid(text) | directory::Error::Unavailable(text) => {
                LedgerError::Unavailable(text)
            }
        })?;
        let Some(account) = found else {
            return Ok(None);
        };
        let malformed =
            |_| LedgerError::Unavailable("the directory returned an id that is none".to_owned());
        Ok(Some(AccountSummary {
            id: Uuid::parse_str(&account.id).map_err(malformed)?,
            owner_id: Uuid::parse_str(&account.owner_id).map_err(malformed)?,
        }))
    }
}
