//! What can be said of a registry's services without serving them: whether they fit, and whether their data is sound.

use super::audit;
use super::callees::{Callees, Pins};
use super::generation::Generation;
use super::imports;
use super::loader::{Loader, Prepared};
use super::problem::LoadProblem;
use super::services::store_file;
use crate::registry::{Registry, ServiceSpec};
use crate::store::ServiceStore;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use wasmtime::component::Component;

/// Something of each service, or why the service cannot serve.
type PerService<'r, T> = Vec<(&'r ServiceSpec, Result<T, Vec<LoadProblem>>)>;

/// Loads and type-checks every service; answers those that cannot serve, with the reasons.
pub fn check<'r>(
    loader: &Loader,
    registry: &'r Registry,
) -> Vec<(&'r ServiceSpec, Vec<LoadProblem>)> {
    prepare_all(loader, registry)
        .into_iter()
        .filter_map(|(spec, prepared)| Some((spec, prepared.err()?)))
        .collect()
}

/// Makes a generation of each service whose component can check its data. Each sees one snapshot of its own service's store in `data`,
/// and so does whoever its links lead to: services that cannot check their data are there to be called. Nobody can write, or send
/// anything.
///
/// The snapshots are taken one after the other, callers before their callees. A service learns of its callee's data by calls alone, and
/// what it has stored of an answer is in the callee's store already. So the callee's later snapshot has everything that the
/// caller's tells of, and a host that goes on meanwhile makes no contradiction between the two. The other way round it would: the caller
/// could tell of what the callee has stored since.
pub fn auditors<'r>(
    loader: &Loader,
    registry: &'r Registry,
    data: &Path,
) -> PerService<'r, Arc<Generation>> {
    let mut wanted: HashSet<&str> = HashSet::new();
    let mut made = Pins::new();
    let mut auditors = Vec::new();
    // The registry lists callees before their callers.
    for (spec, prepared) in prepare_all(loader, registry).into_iter().rev() {
        let can_audit = match &prepared {
            Ok(prepared) => loader.can_audit(prepared),
            // Most likely it could: whoever trusts its data must be told.
            Err(_) => true,
        };
        if !can_audit && !wanted.contains(spec.name.as_str()) {
            continue;
        }
        wanted.extend(spec.links.iter().map(|link| link.service.as_str()));
        let generation = prepared.and_then(|prepared| auditor(loader, spec, prepared, data));
        if let Ok(generation) = &generation {
            made.insert(spec.name.clone(), Arc::clone(generation));
        }
        if can_audit {
            auditors.push((spec, generation));
        }
    }
    for caller in made.values() {
        let callees = caller.spec().links.iter().filter_map(|link| {
            let callee = made.get(&link.service)?;
            Some((link.service.clone(), Arc::clone(callee)))
        });
        caller.callees.pin(callees.collect());
    }
    auditors.reverse();
    auditors
}

fn auditor(
    loader: &Loader,
    spec: &ServiceSpec,
    prepared: Prepared,
    data: &Path,
) -> Result<Arc<Generation>, Vec<LoadProblem>> {
    let file = store_file(data, &spec.name);
    if !file.exists() {
        return Err(vec![LoadProblem::NoStore { file }]);
    }
    let snapshot = ServiceStore::open_snapshot(&file).map_err(|error| {
        let error = error.to_string();
        vec![LoadProblem::Store { file, error }]
    })?;
    let spec = audit::as_auditor(spec);
    Ok(Arc::new(loader.generation(&spec, prepared, Some(snapshot))))
}

fn prepare_all<'r>(loader: &Loader, registry: &'r Registry) -> PerService<'r, Prepared> {
    let mut components: HashMap<&str, Component> = HashMap::new();
    let mut all = Vec::new();
    for spec in &registry.services {
        let prepared = loader.prepare(spec, Callees::none()).and_then(|prepared| {
            let callee = |name: &str| components.get(name);
            let problems = imports::check_links(loader.engine(), spec, &prepared.component, callee);
            if problems.is_empty() {
                Ok(prepared)
            } else {
                Err(problems)
            }
        });
        if let Ok(prepared) = &prepared {
            components.insert(&spec.name, prepared.component.clone());
        }
        all.push((spec, prepared));
    }
    all
}
