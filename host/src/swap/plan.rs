//! What a registry would change in the running host: all that can be known before anything is started.

use super::change_set::{Candidate, connected};
use super::files::Files;
use super::swapper::Swapper;
use crate::registry::{Registry, ServiceSpec};
use crate::runtime::in_one_line;
use serde::{Deserialize, Serialize};

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

impl PlannedChange {
    fn of(service: &str, what: &str) -> Self {
        Self {
            service: service.to_owned(),
            changed: vec![what.to_owned()],
            refused: None,
        }
    }
}

impl Swapper {
    /// Says what this text would change if it were saved in the registry's place. Changes go on meanwhile, so it is a plan of what runs at
    /// some moment of it.
    pub async fn plan(&self, text: &str) -> Plan {
        let (registry, problems) = Registry::parse(self.file(), text);
        if !problems.is_empty() {
            return Plan {
                problems: problems.iter().map(ToString::to_string).collect(),
                ..Plan::default()
            };
        }
        let _turn = self.planning.lock().await;
        let files = self.files.snapshot(&self.planned_files);
        let leaving = self.leaving(&registry);
        let leaving: Vec<&str> = leaving.iter().map(String::as_str).collect();
        let mut plan = Plan {
            notices: self.notices(&registry.host),
            ..Plan::default()
        };
        for part in connected(self.differing(&files, &registry, true).await) {
            let mut change = self.load(part, &leaving, &files, false).await;
            change.settle();
            plan.changes
                .extend(change.candidates.into_iter().map(planned));
        }
        // A registry in which somebody still links to a service that leaves does not parse.
        let removed = leaving
            .iter()
            .map(|name| PlannedChange::of(name, "removed"));
        plan.changes.extend(removed);
        for spec in &registry.services {
            plan.changes.extend(self.planned_canary(&files, spec).await);
        }
        plan
    }

    async fn planned_canary(&self, files: &Files, spec: &ServiceSpec) -> Option<PlannedChange> {
        let post = self.services().lineup().get(&spec.name).cloned();
        let running = post.and_then(|post| post.canary);
        if let Some(running) = &running
            && self.is_canary_as_wanted(files, running, spec).await
        {
            return None;
        }
        match (running, &spec.canary) {
            (None, None) => None,
            (Some(_), None) => Some(PlannedChange::of(&spec.name, "canary ends")),
            (_, Some(wanted)) => {
                let wish = super::canary::wish(&spec.of_canary(wanted), None);
                let mut change = self.load(vec![wish], &[], files, false).await;
                change.settle();
                change.candidates.pop().map(planned)
            }
        }
    }
}

/// Says what would become of a candidate, and lets it go.
fn planned(candidate: Candidate) -> PlannedChange {
    let refused = candidate
        .outcome
        .as_ref()
        .err()
        .map(|problems| in_one_line(problems));
    if let Some(generation) = candidate.generation() {
        generation.call_whoever_serves();
        generation.drain();
    }
    PlannedChange {
        service: candidate.spec.name,
        changed: candidate.changed,
        refused,
    }
}
