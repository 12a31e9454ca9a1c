//! The invariants that this service's store must keep by itself, and with the ledger.
//!
//! - [`orders`]: each standing order is as it was requested, and each of its dates began once;
//! - [`payments`]: each payment of an order ended as the ledger decided;
//! - [`followed`]: what was followed of accounts and users is there;
//! - [`audit_log`]: each order is what was asked for, and was cancelled by someone if it is;
//! - [`index`]: the lists of transactions are what the journal says.
//!
//! The host takes the snapshot of this store before the ledger's: an outcome that is recorded here
//! is in the ledger there.

mod audit_log;
mod followed;
mod index;
mod orders;
mod payments;

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
    orders::check(&service.store, &service.ledger, &mut report)?;
    report.checks.push(followed::check(service)?);
    check_chain(&service.store, &mut report)?;
    report.checks.push(audit_log::check(&service.store)?);
    report.checks.push(index::check(service)?);
    Ok(report)
}

#[cfg(test)]
mod tests;
