//! The check of a service's invariants: the report of `strongroom:service/audit`, and how to read
//! large tables for it.
//!
//! ```
//! use strongroom_sdk::audit::{Check, Report};
//!
//! let mut check = Check::new("no balance is negative");
//! for (account, balance) in [("a", 10), ("b", -1)] {
//!     check.examine();
//!     check.require(balance >= 0, || format!("account {account}: {balance}"));
//! }
//! let report = Report { checks: vec![check], totals: Vec::new() };
//! let violations: Vec<_> = report.violations().collect();
//! assert_eq!(violations, [("no balance is negative", "account b: -1")]);
//! ```

mod chain;
mod pages;
mod schema;

pub use chain::ChainWalk;
pub use pages::{PAGE_ROWS, Pages};
pub use schema::check_schema;

/// A check names at most so many broken rows. The first ones lead to the rest.
pub const VIOLATIONS_MAX: usize = 20;

/// One invariant, and the rows that break it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The invariant, in a sentence.
    pub name: &'static str,
    /// How many rows the check has examined.
    pub examined: u64,
    /// The first broken rows, each in words that identify the row. Empty if the invariant holds.
    pub violations: Vec<String>,
}

impl Check {
    /// A check that has not examined any row.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            examined: 0,
            violations: Vec::new(),
        }
    }

    /// Counts an examined row.
    pub fn examine(&mut self) {
        self.examined += 1;
    }

    /// Adds a violation unless the invariant `holds`, as [`Check::violation`] does.
    pub fn require(&mut self, holds: bool, violation: impl FnOnce() -> String) {
        if !holds && !self.is_full() {
            self.violation(violation());
        }
    }

    /// Adds a violation, at most once, while there is room for it.
    pub fn violation(&mut self, violation: String) {
        if !self.is_full() && !self.violations.contains(&violation) {
            self.violations.push(violation);
        }
    }

    /// Whether there is no room for another violation.
    pub fn is_full(&self) -> bool {
        self.violations.len() >= VIOLATIONS_MAX
    }
}

/// A figure for auditors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// What the figure is, such as `EUR, customers`.
    pub name: String,
    /// The figure; an amount has the currency's scale.
    pub value: String,
}

/// The result of an audit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// One check for each invariant.
    pub checks: Vec<Check>,
    /// The figures, such as the sums of each currency.
    pub totals: Vec<Total>,
}

impl Report {
    /// All violations, each with the name of its check.
    pub fn violations(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.checks.iter().flat_map(|check| {
            check
                .violations
                .iter()
                .map(|violation| (check.name, violation.as_str()))
        })
    }
}

#[cfg(test)]
#[cfg(feature = "native")]
mod tests;
