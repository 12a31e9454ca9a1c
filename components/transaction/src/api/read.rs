//! The calls that read transactions: the ledger's records, and nothing else.

use crate::Error;
use crate::index::{self, ListFilter, Scope};
use crate::service::{Env, Service};
use crate::view::{BatchView, unavailable};
use serde::Serialize;
use strongroom_ledger_api::view::TransactionView;
use strongroom_ledger_api::{Directory, Journal, LOOKUP_IDS_MAX, Posting};
use strongroom_sdk::identity::Identity;
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::problem::Problem;
use utoipa::ToSchema;
use uuid::Uuid;

/// How many parts of the journal a list follows before it responds.
const PARTS_PER_LIST_MAX: usize = 20;

/// What has the id of a `GET /{id}`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = TransactionOrBatch)]
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

    /// `GET /`: of an account, its owner's; without one, staff and clients. Newest first.
    ///
    /// # Errors
    /// 404 where there is no such account for the caller; 422; 503 where the ledger does not
    /// respond, or the index is too far behind the journal.
    pub fn list(
        &self,
        identity: &Identity,
        page: &Page<i64, ListFilter>,
    ) -> Result<List<TransactionView>, Problem> {
        let filter = &page.filter;
        filter.check()?;
        match filter.account_id {
            None if !identity.reads_all() => {
                return Err(Problem::validation_failed().with_error(
                    "/account_id",
                    "missing",
                    "is missing",
                ));
            }
            None => {}
            Some(id) => {
                let account = self.ledger.find(id).map_err(unavailable)?;
                if !account.is_some_and(|account| identity.may_read(account.owner_id)) {
                    return Err(Problem::not_found());
                }
            }
        }
        let scope = if identity.reads_all() {
            Scope::All
        } else {
            Scope::User(identity.subject)
        };
        if !index::follow(&self.store, &self.ledger, PARTS_PER_LIST_MAX).map_err(behind)? {
            return Err(Problem::unavailable());
        }
        let found = index::search(&self.store, filter, scope, &page.window())?;
        let list = List::cut(found.rows, page, |row| row.sequence, found.reached);
        let ids: Vec<_> = list.data.iter().map(|row| row.id).collect();
        let mut postings = Vec::with_capacity(ids.len());
        for ids in ids.chunks(LOOKUP_IDS_MAX) {
            postings.extend(self.ledger.lookup_many(ids).map_err(unavailable)?);
        }
        let mut postings = postings.into_iter();
        list.try_map(|row| {
            let posting = postings
                .next()
                .flatten()
                .ok_or_else(|| Problem::internal(format!("the journal has no {}", row.id)))?;
            TransactionView::for_viewer(&posting, identity)
        })
    }
}

fn behind(error: Error) -> Problem {
    match error {
        Error::Store(error) => error.into(),
        Error::Ledger(error) => unavailable(error),
        Error::Users(_) | Error::Ahead => unavailable(error),
    }
}

pub(super) fn recorded(ledger: &impl Journal, id: Uuid) -> Result<Option<Posting>, Problem> {
    ledger.lookup(id).map_err(unavailable)
}

pub(super) fn may_read(identity: &Identity, posting: &Posting) -> bool {
    identity.reads_all() || posting.concerns(identity.subject)
}
