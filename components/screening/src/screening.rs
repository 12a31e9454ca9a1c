//! Where verdicts come from.

use strongroom_ledger_api::Transfer;

/// A screening's verdict on a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The payment may be made.
    Allowed,
    /// The payment must not be made; the name of the rule.
    Denied(String),
}

/// There is no verdict now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no verdict: {0}")]
pub struct NoVerdict(pub String);

/// Judges payments.
pub trait Screening {
    /// Judges a payment. For the same id and fingerprint it returns the same verdict.
    fn check(&self, payment: &Transfer) -> Result<Verdict, NoVerdict>;
}
