//! The calls that read transactions: the ledger's records, and nothing else.

use crate::service::{Env, Service};
use crate::view::{BatchView, unavailable};
use serde::{Deserialize, Serialize};
use strongroom_ledger_api::view::TransactionView;
use strongroom_ledger_api::{Directory, Journal, Posting};
use strongroom_sdk::identity::Identity;
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use uuid::Uuid;

/// The parameters of `GET /`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListFilter {
    /// The account that pays or is paid.
    pub account_id: Uuid,
}

/// What has the id of a `GET /{id}`.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Found {
    /// A row of the ledger's journal.
    Transaction(Box<TransactionView>),
    /// Many transfers under one key.
    Batch(BatchView),
}

impl<E: Env> Service<E> {
    /// `GET /{id}`: those whom it [concerns](Posting::concerns), and staff. The payee does not see
    /// what was declined.
    ///
    /// # Errors
    /// 404, also for what was refused or is not decided; 503 where the ledger does not respond.
    pub fn get(&self, identity: &Identity, id: Uuid) -> Result<Found, Problem> {
        if let Some(posting) = recorded(&self.ledger, id)? {
            if !may_read(identity, &posting) {
                return Err(Problem::not_found());
            }
            let view = TransactionView::for_viewer(&posting, identity)?;
            return Ok(Found::Transaction(Box::new(view)));
        }
        let found = self.ledger.find_batch(id).map_err(unavailable)?;
        let batch = found
            .filter(|batch| identity.may_read(batch.on_behalf_of.unwrap_or(batch.actor.id)))
            .ok_or_else(Problem::not_found)?;
        BatchView::of_record(batch).map(Found::Batch)
    }

    /// `GET /?account_id=`: the account's owner, and staff; newest first.
    ///
    /// # Errors
    /// 404; 503 where the ledger does not respond.
    pub fn list(
        &self,
        identity: &Identity,
        page: &Page<u64, ListFilter>,
    ) -> Result<List<TransactionView>, Problem> {
        let account_id = page.filter.account_id;
        let account = self.ledger.find(account_id).map_err(unavailable)?;
        if !account.is_some_and(|account| identity.may_read(account.owner_id)) {
            return Err(Problem::not_found());
        }
        let limit = u32::try_from(page.fetch()).unwrap_or(u32::MAX);
        let postings = match page.after {
            // Nothing comes before the first. The ledger takes 0 for the newest.
            Some(0) => Vec::new(),
            after => self
                .ledger
                .history(account_id, after.unwrap_or(0), limit)
                .map_err(unavailable)?,
        };
        List::new(postings, page, |posting| posting.sequence)
            .try_map(|posting| TransactionView::for_viewer(&posting, identity))
    }
}

/// The ledger's record of an id, if there is one.
pub(super) fn recorded(ledger: &impl Journal, id: Uuid) -> Result<Option<Posting>, Problem> {
    ledger.lookup(id).map_err(unavailable)
}

/// Whether a user may see a posting.
pub(super) fn may_read(identity: &Identity, posting: &Posting) -> bool {
    identity.reads_all() || posting.concerns(identity.subject)
}
