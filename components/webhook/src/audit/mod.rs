//! The invariants that this service's store must keep by itself, and with the ledger.
//!
//! - `audit_log`: who created and deleted each webhook;
//! - `journal`: how far each webhook has followed the journal.

mod audit_log;
mod journal;
#[cfg(test)]
mod tests;

use crate::Error;
use strongroom_ledger_api::Journal;
use strongroom_sdk::audit::Report;
use strongroom_sdk::audit_log::check_chain;
use strongroom_sdk::store::Store;

/// Checks every invariant.
///
/// # Errors
/// [`Error`]. A broken row that can be read is no error but a violation in the report.
pub fn check_invariants<S: Store>(store: &S, journal: &impl Journal) -> Result<Report, Error> {
    let mut report = Report::default();
    check_chain(store, &mut report)?;
    report.checks.push(audit_log::check(store)?);
    report.checks.push(journal::check(store, journal)?);
    Ok(report)
}
