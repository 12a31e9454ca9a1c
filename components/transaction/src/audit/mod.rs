//! The invariants that this service's store must keep by itself, and with the ledger.
//!
//! What staff did to orders is in the audit log ([`audit_log`]).
//!
//! Nothing here moves money, and of a payment nothing is stored: what is checked are standing
//! orders ([`orders`]), that each of their dates ended as the ledger decided, and that what they
//! have followed is there ([`followed`]).
//!
//! The host lets an audit read one snapshot of the store, and the ledger reads one of its own, which was taken later: an outcome that is
//! noted here is in the ledger there.

mod audit_log;
mod followed;
mod orders;

use crate::users::Users;
use strongroom_ledger_api::{Directory, Journal, LedgerError};
use strongroom_sdk::audit::Report;
use strongroom_sdk::audit_log::check_chain;
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
pub fn check_invariants<S: Store, L: Journal + Directory>(
    store: &S,
    ledger: &L,
    users: &impl Users,
) -> Result<Report, AuditError> {
    let mut report = Report::default();
    orders::check(store, ledger, &mut report)?;
    report.checks.push(followed::check(store, ledger, users)?);
    check_chain(store, &mut report)?;
    report.checks.push(audit_log::check(store)?);
    Ok(report)
}

#[cfg(test)]
mod tests;
