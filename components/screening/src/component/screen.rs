//! The import `strongroom:screening/screen`.

use super::bindings::strongroom::screening::screen as wit;
use crate::screening::{NoVerdict, Screening, Verdict};
use strongroom_ledger_api::{AccountRef, Kind, Transfer};
use strongroom_sdk::money::Money;

/// The screening to which the registry links this service.
#[derive(Debug, Clone, Copy)]
pub(super) struct LinkedScreening;

impl Screening for LinkedScreening {
    fn check(&self, payment: &Transfer) -> Result<Verdict, NoVerdict> {
        let amount = payment.instruction.amount;
        let amount = amount.ok_or_else(|| NoVerdict("a payment has no amount".to_owned()))?;
        match wit::check(&form_of(payment, amount)) {
            Ok(wit::Verdict::Allowed) => Ok(Verdict::Allowed),
            Ok(wit::Verdict::Denied(rule)) => Ok(Verdict::Denied(rule)),
            Err(wit::Error::Invalid(cause) | wit::Error::Unavailable(cause)) => {
                Err(NoVerdict(cause))
            }
        }
    }
}

fn form_of(transfer: &Transfer, amount: Money) -> wit::Payment {
    let instruction = &transfer.instruction;
    let destination = instruction.destination.as_ref();
    wit::Payment {
        id: transfer.id.to_string(),
        fingerprint: hex::encode(transfer.fingerprint),
        kind: match instruction.kind {
            Kind::Deposit => wit::Kind::Deposit,
            Kind::Withdrawal => wit::Kind::Withdrawal,
            // A posting is judged as transfers, and the last four are no payments: they need no
            // verdict.
            Kind::Transfer
            | Kind::Hold
            | Kind::Posting
            | Kind::Capture
            | Kind::Void
            | Kind::Expiry
            | Kind::Reversal => wit::Kind::Transfer,
        },
        initiator: transfer.actor.id.to_string(),
        source: instruction.source.map(|id| id.to_string()),
        destination: destination.map(|account| match account {
            AccountRef::Id(id) => wit::AccountRef::Id(id.to_string()),
            AccountRef::Number(number) => wit::AccountRef::Number(number.clone()),
        }),
        amount_minor: amount.minor(),
        currency: amount.currency().code().to_owned(),
        reference: instruction.reference.clone(),
        requested_at_ms: transfer.requested_at_ms,
    }
}
