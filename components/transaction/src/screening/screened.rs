//! A ledger that posts nothing unseen.

use super::{NotScreened, Screening, Verdict};
use crate::ledger::{Ledger, LedgerError, Posting, Transfer};
use uuid::Uuid;

/// A ledger behind a screening.
#[derive(Debug, Clone, Copy, Default)]
pub struct Screened<L, S> {
    /// The one who decides.
    pub ledger: L,
    /// The one who is asked before.
    pub screening: S,
}

impl<L: Ledger, S: Screening> Ledger for Screened<L, S> {
    /// Posts what is allowed, and gives up for ever what is denied, so that no late attempt can post it after all.
    fn post(&self, transfer: &Transfer) -> Result<Posting, LedgerError> {
        if !transfer.instruction.kind.is_payment() || self.ledger.lookup(transfer.id)?.is_some() {
            // Decided before: asking again moves nothing, and must not wait for a screening that may be down for long.
            return self.ledger.post(transfer);
        }
        match self.screening.check(transfer) {
            Ok(Verdict::Allowed) => self.ledger.post(transfer),
            Ok(Verdict::Denied(rule)) => self.ledger.fence(&transfer.clone().denied_by(rule)),
            Err(NotScreened(cause)) => Err(LedgerError::NotScreened(cause)),
        }
    }

    /// What is denied is given up first: an atomic batch then moves nothing, any other all the rest.
    fn post_batch(
        &self,
        transfers: &[Transfer],
        atomic: bool,
    ) -> Result<Vec<Result<Posting, LedgerError>>, LedgerError> {
        let mut denied = Vec::new();
        for transfer in transfers {
            if self.ledger.lookup(transfer.id)?.is_some() {
                continue;
            }
            match self.screening.check(transfer) {
                Ok(Verdict::Allowed) => {}
                Ok(Verdict::Denied(rule)) => denied.push(transfer.clone().denied_by(rule)),
                Err(NotScreened(cause)) => return Err(LedgerError::NotScreened(cause)),
            }
        }
        if !denied.is_empty() {
            self.ledger.fence_batch(&denied)?;
        }
        self.ledger.post_batch(transfers, atomic)
    }

    fn fence_batch(&self, transfers: &[Transfer]) -> Result<Vec<Posting>, LedgerError> {
        self.ledger.fence_batch(transfers)
    }

    fn fence(&self, transfer: &Transfer) -> Result<Posting, LedgerError> {
        self.ledger.fence(transfer)
    }

    fn lookup(&self, id: Uuid) -> Result<Option<Posting>, LedgerError> {
        self.ledger.lookup(id)
    }

    fn history(
        &self,
        account_id: Uuid,
        before: u64,
        limit: u32,
    ) -> Result<Vec<Posting>, LedgerError> {
        self.ledger.history(account_id, before, limit)
    }

    fn owner_of(&self, account_id: Uuid) -> Result<Option<Uuid>, LedgerError> {
        self.ledger.owner_of(account_id)
    }
}
