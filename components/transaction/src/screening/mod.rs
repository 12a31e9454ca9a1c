//! Asking for a second opinion before money moves, and failing closed: without an answer nothing is posted.
//!
//! [`Screened`] stands before the ledger as a ledger of its own, so that every way to it, that of recovery too, leads through here.
//! In the component it is there with the feature `screening` alone, which adds the import `strongroom:screening/screen`. What it has
//! left in the ledger is understood always: records outlive a swap.

mod denial;
mod screened;

pub use denial::{is_denial, note};
pub use screened::Screened;

use crate::ledger::Transfer;

/// What the screening says of a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may be made.
    Allowed,
    /// It must not be made; the rule that says so, for the bank's own eyes.
    Denied(String),
}

/// There is no verdict now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no verdict: {0}")]
pub struct NotScreened(pub String);

/// The one who judges.
pub trait Screening {
    /// Judges a transfer; the verdict on an id and fingerprint that were judged before is the same again.
    ///
    /// # Errors
    /// [`NotScreened`].
    fn check(&self, transfer: &Transfer) -> Result<Verdict, NotScreened>;
}
