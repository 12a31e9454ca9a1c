//! The invariants that this service's store must keep by itself, and with the ledger.
//!
//! - `audit_log`: who created and deleted each webhook;
//! - `journal`: how far each webhook has followed the journal.

mod audit_log;
mod journal;
#[cfg(test)]
mod tests;

use crate::Error;
use crate::service::{Env, Service};
use strongroom_sdk::audit::Report;
use strongroom_sdk::audit_log::check_chain;

/// Checks every invariant.
///
/// # Errors
/// [`Error`]. A broken row that can be read is no error but a violation in the report.
pub fn check_invariants<E: Env>(service: &Service<E>) -> Result<Report, Error> {
    let mut report = Report::default();
    check_chain(&service.store, &mut report)?;
    report.checks.push(audit_log::check(&service.store)?);
    let followed = journal::check(&service.store, &service.journal)?;
    report.checks.push(followed);
    Ok(report)
}
