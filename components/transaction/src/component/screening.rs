//! The link: this service's own words, to and from the import `strongroom:screening/screen`.

use super::bindings::strongroom::screening::screen as wit;
use crate::ledger::Transfer;
use crate::request::{AccountRef, Kind};
use crate::screening::{NotScreened, Screening, Verdict};

/// The screening that the registry links this service to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LinkedScreening;

impl Screening for LinkedScreening {
    fn check(&self, transfer: &Transfer) -> Result<Verdict, NotScreened> {
        match wit::check(&transfer.into()) {
            Ok(wit::Verdict::Allowed) => Ok(Verdict::Allowed),
            Ok(wit::Verdict::Denied(rule)) => Ok(Verdict::Denied(rule)),
            Err(wit::Error::Invalid(cause) | wit::Error::Unavailable(cause)) => {
                Err(NotScreened(cause))
            }
        }
    }
}

impl From<&Transfer> for wit::Payment {
    fn from(transfer: &Transfer) -> Self {
        let instruction = &transfer.instruction;
        let destination = instruction.destination.as_ref();
        Self {
            id: transfer.id.to_string(),
            fingerprint: transfer.fingerprint.to_vec(),
            kind: match instruction.kind {
                Kind::Deposit => wit::Kind::Deposit,
                Kind::Withdrawal => wit::Kind::Withdrawal,
                // A hold is the promise of a transfer; its capture, like all that follows from a payment, is not asked about again.
                Kind::Transfer
                | Kind::Hold
                | Kind::Capture
                | Kind::Void
                | Kind::Expiry
                | Kind::Reversal => wit::Kind::Transfer,
            },
            initiator: transfer.initiator.to_string(),
            source: instruction.source.map(|id| id.to_string()),
            destination: destination.map(|account| match account {
                AccountRef::Id(id) => wit::AccountRef::Id(id.to_string()),
                AccountRef::Number(number) => wit::AccountRef::Number(number.clone()),
            }),
            amount_minor: instruction.amount_minor,
            currency: instruction.currency.clone(),
            reference: instruction.reference.clone(),
            requested_at_ms: transfer.requested_at_ms,
        }
    }
}
