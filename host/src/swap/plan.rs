//! What a registry would change in the running host: all that is known before a service starts.

use super::canary::WantedCanary;
use super::change_set::{Candidate, ChangeSet};
use super::check::refuse_misfits;
use super::diff::{PendingChange, connected, pending_changes};
use super::files::Files;
use super::load::load;
use super::removal;
use crate::registry::{Registry, ServiceSpec};
use crate::runtime::{Loader, Services, in_one_line};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a registry would change in the running host.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Plan {
    /// What is wrong with the registry, each with its line: then nothing would be changed.
    pub problems: Vec<String>,
    /// What would be changed, or refused.
    pub changes: Vec<PlannedChange>,
    /// What would take effect at the next start.
    pub notices: Vec<String>,
}

/// What a registry would change in one service.
#[derive(Debug, Serialize, Deserialize)]
pub struct PlannedChange {
    /// The name of the service.
    pub service: String,
    /// What differs from what runs.
    pub changed: Vec<String>,
    /// Why the change would be refused.
    pub refused: Option<String>,
}

impl PlannedChange {
    fn of(service: &str, what: &str) -> Self {
        Self {
            service: service.to_owned(),
            changed: vec![what.to_owned()],
            refused: None,
        }
    }
}

/// Compares a registry with the running services without changing them.
pub(super) struct Planner<'a> {
    pub(super) services: &'a Arc<Services>,
    pub(super) loader: &'a Arc<Loader>,
    pub(super) files: &'a Files,
}

impl Planner<'_> {
    /// The changes to the services that run now. Other changes may go on meanwhile.
    pub(super) async fn changes(&self, registry: &Registry) -> Vec<PlannedChange> {
        let leaving = removal::leaving(registry, &self.services.routing_table());
        let leaving: Vec<&str> = leaving.iter().map(String::as_str).collect();
        let mut changes = Vec::new();
        let pending = pending_changes(registry, self.services, self.files, None).await;
        for part in connected(pending) {
            changes.extend(self.part(part, &leaving).await);
        }
        // A registry with a link to a service that leaves does not parse.
        let removed = leaving.iter();
        changes.extend(removed.map(|name| PlannedChange::of(name, "removed")));
        for spec in &registry.services {
            changes.extend(self.canary(spec).await);
        }
        changes
    }

    async fn part(&self, part: Vec<PendingChange>, leaving: &[&str]) -> Vec<PlannedChange> {
        let mut set = ChangeSet::new(self.services, self.loader, leaving);
        load(&mut set, part, self.files, false).await;
        refuse_misfits(&mut set);
        set.candidates.into_iter().map(planned).collect()
    }

    async fn canary(&self, spec: &ServiceSpec) -> Vec<PlannedChange> {
        let route = self.services.routing_table().get(&spec.name).cloned();
        let running = route.and_then(|route| route.canary);
        match (running, WantedCanary::find(spec, self.files).await) {
            (None, None) => Vec::new(),
            (Some(running), Some(wanted)) if wanted.is(&running) => Vec::new(),
            (Some(_), None) => vec![PlannedChange::of(&spec.name, "canary ends")],
            (_, Some(wanted)) => self.part(vec![wanted.into_change()], &[]).await,
        }
    }
}

/// The change that a candidate stands for. The candidate ends.
fn planned(candidate: Candidate) -> PlannedChange {
    let problems = candidate.outcome.as_ref().err();
    let refused = problems.map(|problems| in_one_line(problems));
    if let Some(generation) = candidate.generation() {
        generation.callees.unpin();
        generation.drain();
    }
    PlannedChange {
        service: candidate.spec.name,
        changed: candidate.changed,
        refused,
    }
}
