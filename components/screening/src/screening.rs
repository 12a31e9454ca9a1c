//! Where verdicts come from.

use strongroom_ledger_api::Transfer;

/// What a screening says of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may be made.
    Allowed,
    /// It must not be made; the name of the rule that says so.
    Denied(String),
}

/// There is no verdict now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no verdict: {0}")]
pub struct NoVerdict(pub String);

/// Judges payments.
pub trait Screening {
    /// Judges a payment. The verdict on an id and fingerprint that were judged before is the same
    /// again.
    ///
    /// # Errors
    /// [`NoVerdict`].
    fn check(&self, payment: &Transfer) -> Result<Verdict, NoVerdict>;
}
