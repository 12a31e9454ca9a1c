//! What a reload did, for the admin API.

use super::history::Record;
use serde::Serialize;

/// What a reload did.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// What is wrong with the registry: then nothing was changed.
    pub problems: Vec<String>,
    /// What was changed, or refused.
    pub changes: Vec<Record>,
    /// What takes effect at the next start.
    pub notices: Vec<String>,
}

impl Report {
    /// Whether everything is as the registry says now.
    pub fn is_done(&self) -> bool {
        self.problems.is_empty() && self.changes.iter().all(|change| !change.is_refusal())
    }
}
