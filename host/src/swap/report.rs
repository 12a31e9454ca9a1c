//! What a reload did, and what one would do: for the admin API and `strongroom check --against`.

use super::history::{Record, RecordRow};
use crate::registry::RegistryProblem;
use serde::{Deserialize, Serialize};

/// What a reload did.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// What is wrong with the registry: then nothing was changed.
    pub problems: Vec<String>,
    /// What was changed, or refused.
    pub changes: Vec<RecordRow>,
    /// What takes effect at the next start.
    pub notices: Vec<String>,
    /// What the operator must be told once.
    #[serde(skip)]
    pub announcements: Vec<String>,
}

impl Report {
    pub(super) fn refused(problems: &[RegistryProblem]) -> Self {
        Self {
            problems: problems.iter().map(ToString::to_string).collect(),
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, record: Record) {
        self.changes.push(record.into());
    }

    /// Whether all that was asked for is done.
    pub fn is_done(&self) -> bool {
        self.problems.is_empty() && self.changes.iter().all(|change| !change.is_refusal())
    }
}

/// What a registry would change in the running host.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Plan {
    /// What is wrong with the registry: then nothing would be changed.
    pub problems: Vec<String>,
    /// What would be changed, or refused.
    pub changes: Vec<PlannedChange>,
    /// What would take effect at the next start.
    pub notices: Vec<String>,
}

/// What would become of one service.
#[derive(Debug, Serialize, Deserialize)]
pub struct PlannedChange {
    /// The service.
    pub service: String,
    /// What differs.
    pub changed: Vec<String>,
    /// Why it would be refused.
    pub refused: Option<String>,
}
