//! Compares the registry with what runs.

use super::files::{Files, FoundComponent};
use super::refusals::{RefusalKey, Refusals, Slot};
use crate::registry::{Digest, Registry, ServiceSpec};
use crate::runtime::{Generation, Services};

/// How many components wait in memory to be loaded: each may have 64 MiB. More are read again.
const WAITING_MAX: usize = 8;

/// A service that does not run as the registry says.
pub(super) struct PendingChange {
    /// What the registry says.
    pub(super) spec: ServiceSpec,
    /// What was compared, to be loaded.
    pub(super) component: FoundComponent,
    /// What differs from what runs.
    pub(super) changed: Vec<String>,
    /// The services that it calls, or called until now.
    calls: Vec<String>,
    /// Whether it was not refused before, as it is.
    is_new: bool,
}

impl PendingChange {
    /// The start of a canary; `spec` is the service's with the canary's component.
    pub(super) fn of_canary(spec: ServiceSpec, component: FoundComponent) -> Self {
        Self {
            spec,
            component,
            changed: vec!["canary".to_owned()],
            calls: Vec::new(),
            is_new: true,
        }
    }
}

/// The services that do not run as the registry says, callees before their callers.
///
/// Those that were refused as they are now are not new; without `refusals` all are new.
pub(super) async fn pending_changes(
    registry: &Registry,
    services: &Services,
    files: &Files,
    refusals: Option<&Refusals>,
) -> Vec<PendingChange> {
    let mut components = Vec::with_capacity(registry.services.len());
    let mut waiting = 0;
    for spec in &registry.services {
        let mut component = files.find(&spec.component).await;
        if waiting == WAITING_MAX {
            component.content = None;
        }
        waiting += usize::from(component.content.is_some());
        components.push(component);
    }
    let table = services.routing_table();
    let mut pending = Vec::new();
    for (spec, component) in registry.services.iter().zip(components) {
        let running = table
            .get(&spec.name)
            .and_then(|route| route.stable.as_deref());
        let changed = match running {
            Some(running) => differences(running, spec, component.digest),
            None => vec!["added".to_owned()],
        };
        if changed.is_empty() {
            continue;
        }
        let key = RefusalKey::of(spec, None, component.digest, &table);
        let slot = Slot::stable(&spec.name);
        let was_refused = refusals.is_some_and(|refusals| refusals.has_same(&slot, &key));
        let links = running.map_or(&[][..], |running| &running.spec.links);
        let links = spec.links.iter().chain(links);
        pending.push(PendingChange {
            spec: spec.clone(),
            component,
            changed,
            calls: links.map(|link| link.service.clone()).collect(),
            is_new: !was_refused,
        });
    }
    pending
}

/// What differs between a running generation and what the registry says.
pub(super) fn differences(
    running: &Generation,
    spec: &ServiceSpec,
    digest: Option<Digest>,
) -> Vec<String> {
    let mut found = running.spec.differences(spec);
    if digest != Some(running.digest) && running.spec.component == spec.component {
        found.insert(0, format!("content of {}", spec.component_as_written));
    }
    found
}

/// Groups changes into parts that links connect, each in the order of the whole.
///
/// A part without anything new is left out: it was refused, and would be again.
pub(super) fn connected(pending: Vec<PendingChange>) -> Vec<Vec<PendingChange>> {
    let mut parts: Vec<Vec<PendingChange>> = Vec::new();
    for change in pending {
        let is_linked = |part: &Vec<PendingChange>| {
            part.iter().any(|other| {
                change.calls.contains(&other.spec.name) || other.calls.contains(&change.spec.name)
            })
        };
        let (linked, apart): (Vec<_>, Vec<_>) = parts.into_iter().partition(is_linked);
        let mut part: Vec<_> = linked.into_iter().flatten().collect();
        part.push(change);
        parts = apart;
        parts.push(part);
    }
    parts.retain(|part| part.iter().any(|change| change.is_new));
    parts
}
