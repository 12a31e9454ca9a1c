//! Services that change together, because links connect them.
//!
//! Each step works on the whole set. A service that fails at a step is refused alone, and keeps its
//! old generation. The others are checked against that one then, and those that do not fit it are
//! refused as well. So after the switch the links of all services fit.

use super::history::StepTimes;
use crate::registry::{Digest, ServiceSpec};
use crate::runtime::{Generation, LoadProblem, Loader, Services};
use crate::store::ServiceStore;
use std::collections::HashMap;
use std::sync::Arc;

/// Services that change together.
pub(super) struct ChangeSet<'a> {
    pub(super) services: &'a Arc<Services>,
    pub(super) loader: &'a Arc<Loader>,
    /// Services that are removed in the same pass: their calls need not fit any more.
    pub(super) leaving: &'a [&'a str],
    /// Callees before their callers.
    pub(super) candidates: Vec<Candidate>,
}

/// A service on its way to a new generation.
pub(super) struct Candidate {
    pub(super) spec: ServiceSpec,
    /// The component's digest, or none if it could not be read.
    pub(super) digest: Option<Digest>,
    /// What differs from what runs.
    pub(super) changed: Vec<String>,
    pub(super) steps: StepTimes,
    pub(super) store: Option<ServiceStore>,
    /// The new generation, or why it was refused.
    pub(super) outcome: Result<Arc<Generation>, Vec<LoadProblem>>,
    /// Lines that its `start` has for the operator.
    pub(super) announcements: Vec<String>,
}

impl<'a> ChangeSet<'a> {
    /// A set without candidates.
    pub(super) fn new(
        services: &'a Arc<Services>,
        loader: &'a Arc<Loader>,
        leaving: &'a [&'a str],
    ) -> Self {
        Self {
            services,
            loader,
            leaving,
            candidates: Vec::new(),
        }
    }

    /// The new generations that were not refused, by service.
    pub(super) fn arrivals(&self) -> HashMap<&str, &Arc<Generation>> {
        self.candidates
            .iter()
            .filter_map(|candidate| Some((candidate.spec.name.as_str(), candidate.generation()?)))
            .collect()
    }

    /// Has the new generations call each other, and not the ones that they replace.
    pub(super) fn pin(&self) {
        let arrivals = self.arrivals();
        for generation in arrivals.values() {
            // Its callees only: a generation that holds itself would never end.
            let callees = generation.spec.links.iter().filter_map(|link| {
                let arrival = *arrivals.get(link.service.as_str())?;
                Some((link.service.clone(), Arc::clone(arrival)))
            });
            generation.callees.pin(callees.collect());
        }
    }
}

impl Candidate {
    /// The new generation, unless it was refused.
    pub(super) fn generation(&self) -> Option<&Arc<Generation>> {
        self.outcome.as_ref().ok()
    }

    /// Lets the store grow as far as the new generation may use it.
    pub(super) async fn resize_store(&self) {
        let (Ok(generation), Some(store)) = (&self.outcome, &self.store) else {
            return;
        };
        if let Err(error) = store.resize(generation.spec.limits.store).await {
            let service = &self.spec.name;
            tracing::warn!(service, %error, "the store keeps its old size limit");
        }
    }

    /// Refuses the new generation, which ends.
    pub(super) fn refuse(&mut self, problems: Vec<LoadProblem>) {
        if let Ok(generation) = &self.outcome {
            generation.callees.unpin();
            generation.drain();
        }
        self.outcome = Err(problems);
    }
}
