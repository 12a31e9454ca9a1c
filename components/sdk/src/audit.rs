//! What a service reports of the invariants of its data: the words of `strongroom:service/audit`, and how an audit reads large tables.

mod chain;

pub use chain::ChainWalk;

use crate::store::{Row, Store, StoreError, Value};
use std::borrow::Cow;
use std::vec;

/// How many rows of a common table an audit reads at a time. The host answers 4 MiB at once, and no row of the bank with a client's own
/// words in it reaches 8 KiB.
pub const PAGE_ROWS: usize = 500;

/// How many broken rows a check names. The first ones lead to the rest.
pub const VIOLATIONS_MAX: usize = 20;

/// One invariant, and where it does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What holds, in a sentence.
    pub name: &'static str,
    /// How many rows were looked at.
    pub examined: u64,
    /// The first broken rows, each in words that lead to the row; empty if the invariant holds.
    pub violations: Vec<String>,
}

impl Check {
    /// A check that has looked at nothing yet.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            examined: 0,
            violations: Vec::new(),
        }
    }

    /// Notes that a row was looked at.
    pub fn examine(&mut self) {
        self.examined += 1;
    }

    /// Notes a broken row, while there is room; once, however often it is looked at.
    pub fn require(&mut self, holds: bool, violation: impl FnOnce() -> String) {
        if !holds && !self.is_full() {
            self.violation(violation());
        }
    }

    /// Notes a broken row, as [`Check::require`] does.
    pub fn violation(&mut self, violation: String) {
        if !self.is_full() && !self.violations.contains(&violation) {
            self.violations.push(violation);
        }
    }

    /// Whether no more broken rows are noted.
    pub fn is_full(&self) -> bool {
        self.violations.len() >= VIOLATIONS_MAX
    }
}

/// A figure that an auditor wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// What it is the total of.
    pub name: String,
    /// At the currency's scale.
    pub value: String,
}

/// The outcome of an audit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Every invariant.
    pub checks: Vec<Check>,
    /// Figures for each currency.
    pub totals: Vec<Total>,
}

/// A [`Report`] in the words of a component's own bindings, of which `$wit` is the module `strongroom::service::audit`.
#[macro_export]
macro_rules! audit_report {
    ($wit:ident, $report:expr) => {{
        let report: $crate::audit::Report = $report;
        let checks = report.checks.into_iter().map(|check| $wit::Check {
            name: check.name.to_owned(),
            examined: check.examined,
            violations: check.violations,
        });
        let totals = report.totals.into_iter().map(|total| $wit::Total {
            name: total.name,
            value: total.value,
        });
        $wit::Report {
            checks: checks.collect(),
            totals: totals.collect(),
        }
    }};
}

impl Report {
    /// All broken rows, each with the invariant it breaks.
    pub fn violations(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.checks.iter().flat_map(|check| {
            check
                .violations
                .iter()
                .map(|violation| (check.name, violation.as_str()))
        })
    }
}

/// The rows of a table in an order, read a page at a time: however large the table is, one page is in memory.
///
/// The pages fit together where the table does not change meanwhile; an audit reads one snapshot.
#[derive(Debug)]
pub struct Pages<'a, S> {
    store: &'a S,
    sql: Cow<'static, str>,
    place: Vec<Value>,
    page_rows: usize,
    page: vec::IntoIter<Row>,
    is_last: bool,
}

impl<'a, S: Store> Pages<'a, S> {
    /// The rows behind `place`. The statement takes the place as `?1`, `?2`, .., and behind it how many rows to answer; its first columns are
    /// each row's own place.
    pub fn new<const N: usize>(
        store: &'a S,
        sql: impl Into<Cow<'static, str>>,
        place: [Value; N],
        page_rows: usize,
    ) -> Self {
        Self {
            store,
            sql: sql.into(),
            place: place.into(),
            page_rows,
            page: Vec::new().into_iter(),
            is_last: false,
        }
    }

    /// The next row, which is still to come.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn peek(&mut self) -> Result<Option<&Row>, StoreError> {
        self.fill()?;
        Ok(self.page.as_slice().first())
    }

    fn fill(&mut self) -> Result<(), StoreError> {
        if self.is_last || !self.page.as_slice().is_empty() {
            return Ok(());
        }
        let mut params = self.place.clone();
        params.push(Value::from(
            i64::try_from(self.page_rows).unwrap_or(i64::MAX),
        ));
        // Where this fails, nothing follows.
        self.is_last = true;
        let rows = self.store.query(&self.sql, &params)?.rows;
        self.is_last = rows.len() < self.page_rows;
        if let Some(Row(last)) = rows.last() {
            let columns = self.place.len();
            self.place = last.iter().take(columns).cloned().collect();
        }
        self.page = rows.into_iter();
        Ok(())
    }
}

impl<S: Store> Iterator for Pages<'_, S> {
    type Item = Result<Row, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.fill() {
            Ok(()) => self.page.next().map(Ok),
            Err(error) => Some(Err(error)),
        }
    }
}

#[cfg(test)]
mod tests;
