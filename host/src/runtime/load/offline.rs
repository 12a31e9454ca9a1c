//! What the host can check of a registry's services without serving them: whether they fit, and
//! whether their data is sound.

use super::component_file::ComponentFile;
use super::imports;
use super::loader::{Loader, Prepared};
use crate::registry::{Registry, ServiceSpec};
use crate::runtime::problem::LoadProblem;
use crate::runtime::services::audit::{self, AuditReport};
use crate::runtime::services::callees::{Callees, Pins};
use crate::runtime::services::generation::Generation;
use crate::runtime::services::running::store_file;
use crate::store::ServiceStore;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use wasmtime::component::Component;

/// Something of each service, or why the service cannot serve.
type PerService<'r, T> = Vec<(&'r ServiceSpec, Result<T, Vec<LoadProblem>>)>;

/// Loads and type-checks every service. Returns those that cannot serve, with the reasons.
pub fn check<'r>(
    loader: &Loader,
    registry: &'r Registry,
) -> Vec<(&'r ServiceSpec, Vec<LoadProblem>)> {
    prepare_all(loader, registry)
        .into_iter()
        .filter_map(|(spec, prepared)| Some((spec, prepared.err()?)))
        .collect()
}

/// What `strongroom verify` found out about a service.
pub struct Verification<'r> {
    /// The service.
    pub service: &'r str,
    /// The report, whether its invariants hold or not.
    pub outcome: Result<AuditReport, VerifyError>,
}

/// Why the data of a service could not be checked.
pub enum VerifyError {
    /// The component cannot be loaded, or there is no store.
    NotLoaded(Vec<LoadProblem>),
    /// The component failed before the end, in its own words.
    Unfinished(String),
}

/// Has every service that can check its data do so, at the same time.
pub async fn verify<'r>(
    loader: &Loader,
    registry: &'r Registry,
    data: &Path,
) -> Vec<Verification<'r>> {
    let mut checks = Vec::new();
    for (spec, auditor) in auditors(loader, registry, data) {
        // Each on a core of its own, if there are as many.
        let check =
            auditor.map(|auditor| tokio::spawn(async move { audit::audit(&auditor).await }));
        checks.push((spec.name.as_str(), check));
    }
    let mut verified = Vec::new();
    for (service, check) in checks {
        let outcome = match check {
            Err(problems) => Err(VerifyError::NotLoaded(problems)),
            Ok(check) => match check.await {
                Ok(Some(report)) => report.map_err(VerifyError::Unfinished),
                Ok(None) => continue,
                Err(panic) => Err(VerifyError::Unfinished(panic.to_string())),
            },
        };
        verified.push(Verification { service, outcome });
    }
    verified
}

/// Makes a generation of each service whose component can check its data. It sees one snapshot of
/// its service's store in `data`. Its links lead to generations that are made for it alone, and see
/// one snapshot of theirs. So audits can run at the same time. None of them can write, or send
/// anything.
fn auditors<'r>(
    loader: &Loader,
    registry: &'r Registry,
    data: &Path,
) -> PerService<'r, Arc<Generation>> {
    let all = prepare_all(loader, registry);
    let made: Vec<_> = all
        .iter()
        .enumerate()
        .map(|(index, (spec, prepared))| {
            let prepared = prepared.as_ref().ok()?;
            let can_audit = loader.can_audit(prepared);
            // The registry lists callees before their callers.
            can_audit.then(|| auditor(loader, spec, prepared, &all[..index], data))
        })
        .collect();
    all.into_iter()
        .zip(made)
        .filter_map(|((spec, prepared), made)| match prepared {
            Ok(_) => Some((spec, made?)),
            // It could probably check its data, so the operator must hear that it did not.
            Err(problems) => Some((spec, Err(problems))),
        })
        .collect()
}

/// Makes the generation of an auditor, and those of its callees among `earlier`, direct and
/// indirect.
///
/// The snapshots are taken one after the other, callers before their callees. A service learns of
/// its callee's data only by calls. What it has stored of a result is in the callee's store by
/// then, and so in the callee's later snapshot. A host that runs meanwhile makes no contradiction
/// between the two. In the other order it could: the caller would know of rows that its callee's
/// snapshot lacks.
fn auditor(
    loader: &Loader,
    spec: &ServiceSpec,
    prepared: &Prepared,
    earlier: &[(&ServiceSpec, Result<Prepared, Vec<LoadProblem>>)],
    data: &Path,
) -> Result<Arc<Generation>, Vec<LoadProblem>> {
    let auditor = generation(loader, spec, prepared, data)?;
    let mut made = Pins::from([(spec.name.clone(), Arc::clone(&auditor))]);
    let mut called: HashSet<&str> = callees_of(spec).collect();
    for (spec, prepared) in earlier.iter().rev() {
        if !called.contains(spec.name.as_str()) {
            continue;
        }
        called.extend(callees_of(spec));
        let generation = prepared
            .as_ref()
            .ok()
            .map(|prepared| generation(loader, spec, prepared, data));
        // A service that cannot be made does not serve, and calls to it fail.
        if let Some(Ok(generation)) = generation {
            made.insert(spec.name.clone(), generation);
        }
    }
    for caller in made.values() {
        let callees = callees_of(caller.spec())
            .filter_map(|name| Some((name.to_owned(), Arc::clone(made.get(name)?))));
        caller.callees.pin(callees.collect());
    }
    Ok(auditor)
}

fn callees_of(spec: &ServiceSpec) -> impl Iterator<Item = &str> {
    spec.links.iter().map(|link| link.service.as_str())
}

fn generation(
    loader: &Loader,
    spec: &ServiceSpec,
    prepared: &Prepared,
    data: &Path,
) -> Result<Arc<Generation>, Vec<LoadProblem>> {
    let file = store_file(data, &spec.name);
    if !file.exists() {
        return Err(vec![LoadProblem::NoStore { file }]);
    }
    let prepared = loader.prepare_again(spec, prepared, Callees::none())?;
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
        let file = ComponentFile::read(&spec.component).map_err(|problem| vec![problem]);
        let prepared = file.and_then(|file| {
            let prepared = loader.prepare(spec, &file, Callees::none())?;
            let callee = |name: &str| components.get(name);
            let problems = imports::check_links(spec, &prepared.component, callee);
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
