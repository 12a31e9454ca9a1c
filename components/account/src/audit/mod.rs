//! The invariants that must hold in the store, checked from its rows alone.
//!
//! The ledger may be running meanwhile, and each page is read from its own snapshot. So the accounts are read first, each with the
//! number of its entries and events at that moment, and the append-only tables after them, of which then only that much is counted.
//! Memory: about a hundred bytes for each account; everything else is streamed in pages of [`PAGE_ROWS`].

mod accounts;
mod events;
mod holds;
mod journal;
mod totals;

use strongroom_sdk::audit::Report;

use accounts::Accounts;
use strongroom_sdk::store::{Store, StoreError};

/// How many rows are asked for at a time: the host limits how many one answer may have.
pub const PAGE_ROWS: i64 = 1_000;

/// Checks every invariant.
///
/// # Errors
/// [`StoreError`] where the store does not answer, or a row has a column of a type or word that cannot be. Any other broken row is no
/// error but a violation in the report.
pub fn check_invariants<S: Store>(store: &S) -> Result<Report, StoreError> {
    let mut accounts = Accounts::read(store)?;
    let mut report = Report::default();
    report.checks.extend(journal::check(store, &mut accounts)?);
    report.checks.extend(accounts.check_balances(store)?);
    report.checks.extend(events::check(store, &mut accounts)?);
    totals::check(store, &mut report)?;
    Ok(report)
}

#[cfg(test)]
mod tests;
