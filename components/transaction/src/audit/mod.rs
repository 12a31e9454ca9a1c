//! The invariants that this service's store must keep by itself, and with the ledger.
//!
//! Nothing here moves money, and of a payment nothing is stored: what is checked are standing orders ([`orders`]), and that each of their
//! dates ended as the ledger decided.
//!
//! The host lets an audit read one snapshot of the store, and the ledger reads one of its own, which was taken later: an outcome that is
//! noted here is in the ledger there.

mod orders;

use strongroom_ledger_api::{Journal, LedgerError};
use strongroom_sdk::audit::Report;
use strongroom_sdk::store::{Store, StoreError};

/// Why an audit did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The store does not respond, or a row has a column of a type or word that cannot be.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ledger does not respond.
    #[error("the ledger: {0}")]
    Ledger(#[from] LedgerError),
}

/// Checks every invariant.
///
/// # Errors
/// [`AuditError`]. A broken row that can be read is no error but a violation in the report.
pub fn check_invariants<S: Store, J: Journal>(
    store: &S,
    journal: &J,
) -> Result<Report, AuditError> {
    let mut report = Report::default();
    orders::check(store, journal, &mut report)?;
    Ok(report)
}

#[cfg(test)]
mod tests;
