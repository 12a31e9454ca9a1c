//! What a service reports of the invariants of its data: the words of `strongroom:service/audit`.

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

    /// Notes a broken row, while there is room.
    pub fn require(&mut self, holds: bool, violation: impl FnOnce() -> String) {
        if !holds && self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(violation());
        }
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
