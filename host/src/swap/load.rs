//! Loads the components of a change: reads and compiles them, and checks what each imports and
//! exports against the host.

use super::change_set::{Candidate, ChangeSet};
use super::diff::PendingChange;
use super::files::{Files, FoundComponent};
use super::history::StepTimes;
use crate::registry::ServiceSpec;
use crate::runtime::{Generation, LoadProblem};
use crate::store::ServiceStore;
use std::sync::Arc;
use std::time::Instant;

/// Makes a candidate of each pending change. They can be started only if it opens their stores.
pub(super) async fn load(
    set: &mut ChangeSet<'_>,
    part: Vec<PendingChange>,
    files: &Files,
    opens_stores: bool,
) {
    for pending in part {
        let candidate = candidate(set, pending, files, opens_stores).await;
        set.candidates.push(candidate);
    }
}

async fn candidate(
    set: &ChangeSet<'_>,
    pending: PendingChange,
    files: &Files,
    opens_store: bool,
) -> Candidate {
    let begun = Instant::now();
    let spec = pending.spec;
    let found = pending.component.digest;
    let store = if opens_store {
        set.services.store(&spec).await.map(Some)
    } else {
        Ok(None)
    };
    let (store, outcome) = match store {
        Ok(store) => {
            let loaded = generation(set, &spec, pending.component, files, store.clone()).await;
            (store, loaded.map(Arc::new))
        }
        Err(problem) => (None, Err(vec![problem])),
    };
    Candidate {
        digest: outcome.as_ref().map_or(found, |loaded| Some(loaded.digest)),
        spec,
        changed: pending.changed,
        steps: StepTimes {
            load: Some(begun.elapsed()),
            ..StepTimes::default()
        },
        store,
        outcome,
        announcements: Vec::new(),
    }
}

async fn generation(
    set: &ChangeSet<'_>,
    spec: &ServiceSpec,
    component: FoundComponent,
    files: &Files,
    store: Option<ServiceStore>,
) -> Result<Generation, Vec<LoadProblem>> {
    let content = match component.content {
        Some(content) => content,
        None => files.component(&spec.component).await,
    };
    let content = content.map_err(|problem| vec![problem])?;
    let (spec, services, loader) = (
        spec.clone(),
        Arc::clone(set.services),
        Arc::clone(set.loader),
    );
    let load = move || loader.load(&spec, &content, &services, store);
    tokio::task::spawn_blocking(load)
        .await
        .map_err(|error| vec![LoadProblem::Engine(error.to_string())])?
}
