//! What can be said of a registry's services without serving them: whether they fit, and whether their data is sound.

use super::callees::Callees;
use super::generation::Generation;
use super::imports;
use super::loader::{Loader, Prepared};
use super::problem::LoadProblem;
use super::services::store_file;
use crate::registry::{Registry, ServiceSpec};
use crate::store::ServiceStore;
use std::collections::HashMap;
use std::path::Path;
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

/// Makes a generation of each service whose component can check its data. It sees one snapshot of the service's store in `data`, and
/// links lead nowhere.
pub fn auditors<'r>(
    loader: &Loader,
    registry: &'r Registry,
    data: &Path,
) -> PerService<'r, Generation> {
    let mut auditors = Vec::new();
    for (spec, prepared) in prepare_all(loader, registry) {
        let auditor = match prepared {
            Ok(prepared) if !loader.can_audit(&prepared) => continue,
            Ok(prepared) => auditor(loader, spec, prepared, data),
            Err(problems) => Err(problems),
        };
        auditors.push((spec, auditor));
    }
    auditors
}

fn auditor(
    loader: &Loader,
    spec: &ServiceSpec,
    prepared: Prepared,
    data: &Path,
) -> Result<Generation, Vec<LoadProblem>> {
    let file = store_file(data, &spec.name);
    let snapshot = ServiceStore::open_snapshot(&file).map_err(|error| {
        let error = error.to_string();
        vec![LoadProblem::Store { file, error }]
    })?;
    Ok(loader.generation(spec, prepared, Some(snapshot)))
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
