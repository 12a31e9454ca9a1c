//! The invariants that must hold in the store, checked from its rows alone.
//!
//! All walks go a page at a time, so that memory does not grow with the bank:
//!
//! - [`journal`]: along the journal, with its entries and holds beside it;
//! - [`batches`]: along the batches, with their lines beside them;
//! - [`accounts`]: from account to account, with what its entries came to;
//! - [`events`]: from account to account, with what the audit log says of it.
//!
//! What can only be told by looking at all rows at once is asked of SQL.
//!
//! The host lets an audit read one snapshot of the store, so that the walks fit together while the ledger goes on.

mod accounts;
mod batches;
mod events;
mod holds;
mod journal;
mod totals;

use strongroom_sdk::audit::{Check, Report};
use strongroom_sdk::audit_log::check_chain;
use strongroom_sdk::store::{Store, StoreError};

/// Checks every invariant.
///
/// # Errors
/// [`StoreError`] where the store does not answer, or a row has a column of a type or word that cannot be. Any other broken row is no
/// error but a violation in the report.
pub fn check_invariants<S: Store>(store: &S) -> Result<Report, StoreError> {
    let mut report = Report::default();
    let mut sums = accounts::Sums::new(store)?;
    journal::check(store, &mut sums, &mut report)?;
    batches::check(store, &mut report)?;
    accounts::check(store, sums, &mut report)?;
    check_chain(store, &mut report)?;
    report.checks.push(events::check(store)?);
    Ok(report)
}

/// Notes each row that `sql` answers: it answers broken ones, by a number, and at most a few.
fn require_none<S: Store>(
    store: &S,
    check: &mut Check,
    sql: &str,
    violation: impl Fn(i64) -> String,
) -> Result<(), StoreError> {
    for row in store.query(sql, &[])? {
        let number = row.integer(0)?;
        check.violation(violation(number));
    }
    Ok(())
}

/// The one number that `sql` answers.
fn number<S: Store>(store: &S, sql: &str) -> Result<i64, StoreError> {
    let row = store.query(sql, &[])?.first();
    row.map_or(Ok(0), |row| row.integer(0))
}

#[cfg(test)]
mod tests;
