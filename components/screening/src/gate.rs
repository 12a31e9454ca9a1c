//! A ledger that posts no payment without a verdict.
//!
//! The screening judges only what the ledger does not know yet. A retry returns the recorded
//! posting, whatever the screening says by then.

#[cfg(test)]
mod tests;

use crate::legs::payments;
use crate::screening::{NoVerdict, Screening, Verdict};
use strongroom_ledger_api::{
    Batch, BatchLine, BatchReply, Decline, Journal, Kind, Ledger, LedgerError, Reply, Transfer,
    is_rule,
};

/// A ledger behind a screening.
#[derive(Debug, Clone, Copy)]
pub struct Gate<L, S> {
    /// Decides and records.
    pub ledger: L,
    /// Judges payments that the ledger does not know yet.
    pub screening: S,
}

impl<L: Ledger + Journal, S: Screening> Ledger for Gate<L, S> {
    /// Posts what is allowed. The ledger records the rest as declined, so that it never posts the
    /// id of a denied payment.
    ///
    /// A capture or the like follows from an earlier payment, which has its verdict.
    fn post(&self, transfer: &Transfer) -> Result<Reply, LedgerError> {
        let is_judged = transfer.instruction.kind.is_payment() && transfer.denied_by.is_none();
        if !is_judged || self.ledger.lookup(transfer.id)?.is_some() {
            return self.ledger.post(transfer);
        }
        if transfer.instruction.kind == Kind::Posting {
            return self.ledger.post(&self.judged(transfer)?);
        }
        match self.denied_by(transfer)? {
            None => self.ledger.post(transfer),
            denied_by => self.ledger.post(&Transfer {
                denied_by,
                ..transfer.clone()
            }),
        }
    }

    /// Asks for the verdicts on all lines before it posts: where one is missing, it posts none.
    fn post_batch(&self, batch: &Batch) -> Result<BatchReply, LedgerError> {
        if self.ledger.find_batch(batch.id)?.is_some() {
            return self.ledger.post_batch(batch);
        }
        let mut judged = batch.clone();
        for (index, line) in judged.instruction.lines.iter_mut().enumerate() {
            if let BatchLine::Transfer { denied_by, .. } = line
                && denied_by.is_none()
                && let Some(transfer) = batch.transfer(index)
            {
                *denied_by = self.denied_by(&transfer)?;
            }
        }
        self.ledger.post_batch(&judged)
    }

    fn cancel(&self, transfer: &Transfer) -> Result<Reply, LedgerError> {
        self.ledger.cancel(transfer)
    }

    /// Asks no screening: nothing moves yet.
    fn judge(&self, transfer: &Transfer) -> Result<Option<Decline>, LedgerError> {
        self.ledger.judge(transfer)
    }
}

impl<L, S: Screening> Gate<L, S> {
    /// A posting of several legs with the verdicts on its [payments](payments): a denial is that of
    /// the leg that pays.
    fn judged(&self, posting: &Transfer) -> Result<Transfer, LedgerError> {
        let mut judged = posting.clone();
        for (leg, payment) in payments(posting) {
            if let Some(rule) = self.denied_by(&payment)? {
                if let Some(leg) = judged.instruction.legs.get_mut(leg) {
                    leg.denied_by = Some(rule);
                }
                break;
            }
        }
        Ok(judged)
    }

    /// The rule that denies a payment; none if it is allowed.
    fn denied_by(&self, payment: &Transfer) -> Result<Option<String>, LedgerError> {
        match self.screening.check(payment) {
            Ok(Verdict::Allowed) => Ok(None),
            Ok(Verdict::Denied(rule)) if is_rule(&rule) => Ok(Some(rule)),
            Ok(Verdict::Denied(_)) => Err(LedgerError::NotScreened(
                "the screening denies by a rule without a valid name".to_owned(),
            )),
            Err(NoVerdict(cause)) => Err(LedgerError::NotScreened(cause)),
        }
    }
}
