//! The invariants that this service's store must keep by itself, and with the ledger: nobody was told anything else than what the ledger
//! decided.
//!
//! Nothing here moves money, and every answer can be made again from the ledger's record. So an audit does just that, and compares.
//!
//! - [`matching`]: the requests and payments that have an outcome, met with the ledger's journal, page by page;
//! - [`requests`]: a request for one transfer, and its answer;
//! - [`batches`]: the same for many transfers;
//! - [`orders`]: standing orders, and the payments of each;
//! - [`webhooks`]: how far webhooks have followed the journal, and who made them.
//!
//! The host lets an audit read one snapshot of the store, and the ledger answers from one of its own, which was taken later: whatever has
//! an outcome here is in the ledger there. The other way round it need not be so: what the ledger alone has was asked for since,
//! or its request is no longer kept.

mod batches;
mod matching;
mod orders;
mod requests;
mod webhooks;

use crate::event::Journal;
use crate::ledger::{Ledger, LedgerError};
use strongroom_sdk::audit::Report;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::store::{Row, Store, StoreError};

/// Why an audit did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The store does not answer, or a row has a column of a type or word that cannot be.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ledger does not answer.
    #[error("the ledger: {0}")]
    Ledger(#[from] LedgerError),
}

/// Checks every invariant.
///
/// # Errors
/// [`AuditError`]. A broken row that can be read is no error but a violation in the report.
pub fn check_invariants<S: Store, L: Ledger + Journal>(
    store: &S,
    ledger: &L,
    clock: &impl Clock,
) -> Result<Report, AuditError> {
    let mut report = Report::default();
    let mut requests = requests::Requests::new();
    let mut payments = orders::Payments::new();
    orders::check(store, ledger, &mut payments, &mut report)?;
    requests.check_open(store, ledger, clock.now_ms(), &mut report)?;
    batches::check(store, ledger, &mut requests)?;
    matching::check(store, ledger, &mut requests, &mut payments)?;
    webhooks::check(store, ledger, &mut report)?;
    webhooks::check_log(store, &mut report)?;
    report.checks.extend(requests.into_checks());
    report.checks.push(payments.into_check());
    Ok(report)
}

/// The one number that `sql` answers.
fn number<S: Store>(store: &S, sql: &str) -> Result<i64, StoreError> {
    let row = store.query(sql, &[])?.first();
    row.map_or(Ok(0), |row: Row| row.integer(0))
}
