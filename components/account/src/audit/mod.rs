//! The invariants of the store, checked from its rows alone. `docs/audit-the-books.md` numbers
//! them: I1, I2, ..
//!
//! All walks go page by page, so that memory does not grow with the bank:
//!
//! - [`journal`]: along the journal, with its entries and holds beside it;
//! - [`batches`]: along the batches, with their lines beside them;
//! - [`accounts`]: from account to account, with the sums of its entries;
//! - [`events`]: from account to account, with its events in the audit log.
//!
//! SQL finds what only a look at all rows can find.
//!
//! The host shows an audit one snapshot of the store: the walks fit together while the ledger goes
//! on.

mod accounts;
mod batches;
mod events;
mod holds;
mod journal;
mod legs;
mod totals;

use strongroom_sdk::audit::{Check, Report};
use strongroom_sdk::audit_log::check_chain;
use strongroom_sdk::store::{Store, StoreError};

/// Checks every invariant.
///
/// # Errors
/// [`StoreError`] where the store fails, or a row has a column of a wrong type or word. Any other
/// broken row is a violation in the report.
pub fn check_invariants<S: Store>(store: &S) -> Result<Report, StoreError> {
    let mut report = Report::default();
    let mut sums = accounts::EntrySums::new(store)?;
    journal::check(store, &mut sums, &mut report)?;
    batches::check(store, &mut report)?;
    accounts::check(store, sums, &mut report)?;
    check_chain(store, &mut report)?;
    report.checks.push(events::check(store)?);
    Ok(report)
}

/// Reports each row that `sql` finds: it finds broken rows, each by a number, and at most a few.
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

#[cfg(test)]
mod tests;
