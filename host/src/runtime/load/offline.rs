//! What the host can check of the services' data without serving them.

use super::component_file::ComponentFile;
use super::imports;
use super::loader::{Loader, Prepared};
use crate::registry::{Registry, ServiceSpec};
use crate::runtime::problem::LoadProblem;
use crate::runtime::services::audit::{self, AuditCheck, AuditReport};
use crate::runtime::services::callees::{Callees, Pins};
use crate::runtime::services::generation::Generation;
use crate::runtime::services::metrics::Metric;
use crate::runtime::services::running::{store_file, stored_services};
use crate::store::ServiceStore;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use tokio::task::JoinError;
use wasmtime::component::Component;

/// Something of each service, or why the service cannot serve.
pub(super) type PerService<'r, T> = Vec<(&'r ServiceSpec, Result<T, Vec<LoadProblem>>)>;

/// What `strongroom verify` found out about a service.
pub struct Verification {
    /// The service, or the name of a store that no service has.
    pub service: String,
    /// The report, whether its invariants hold or not.
    pub outcome: Result<AuditReport, VerifyError>,
    /// Why not all of it could be checked.
    pub unchecked: Option<&'static str>,
}

impl Verification {
    /// Whether every check came to its end, and found nothing.
    pub fn is_sound(&self) -> bool {
        let is_kept = |check: &AuditCheck| check.violations.is_empty();
        let report = self.outcome.as_ref();
        report.is_ok_and(|report| report.checks.iter().all(is_kept))
    }

    /// Whether there was nothing to check.
    pub fn has_no_store(&self) -> bool {
        let is_missing = |problem: &LoadProblem| matches!(problem, LoadProblem::NoStore { .. });
        match &self.outcome {
            Err(VerifyError::NotLoaded(problems)) => problems.iter().all(is_missing),
            _ => false,
        }
    }
}

/// Why only the file of a store was checked.
const NO_AUDIT: &str = "its component cannot check what the rows say";
const NO_SERVICE: &str = "no service of the registry has this store";

/// Why the data of a service could not be checked.
pub enum VerifyError {
    /// The component cannot be loaded, or there is no store.
    NotLoaded(Vec<LoadProblem>),
    /// The component failed before the end, in its own words.
    Unfinished(String),
}

/// Checks the files of all stores in `data`, and has every service that can check its data do so,
/// at the same time.
pub async fn verify(loader: &Loader, registry: &Registry, data: &Path) -> Vec<Verification> {
    let mut checks = Vec::new();
    for (spec, examined) in examined(loader, registry, data) {
        let has_no_audit = examined.as_ref().is_ok_and(|there| there.auditor.is_none());
        let unchecked = has_no_audit.then_some(NO_AUDIT);
        // Each on a core of its own, if there are as many.
        checks.push((
            spec.name.clone(),
            unchecked,
            tokio::spawn(examine(examined)),
        ));
    }
    let mut verified = Vec::new();
    for (service, unchecked, check) in checks {
        verified.push(Verification {
            service,
            outcome: check.await.map_err(unfinished).flatten(),
            unchecked,
        });
    }
    verified.extend(stores_without_service(registry, data));
    verified
}

/// A figure of a service, in its own words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Figure {
    /// The service.
    pub service: String,
    /// The name of the metric, and its labels if it has any.
    pub name: String,
    /// The value.
    pub value: i64,
}

impl Figure {
    /// The figures that a service exports.
    pub fn of(service: &str, metrics: &[Metric]) -> Vec<Self> {
        let mut figures = Vec::new();
        for metric in metrics {
            for sample in &metric.samples {
                let mut name = metric.name.clone();
                for (label, value) in &sample.labels {
                    name.push_str(&format!(" {label}={value}"));
                }
                figures.push(Self {
                    service: service.to_owned(),
                    name,
                    value: sample.value,
                });
            }
        }
        figures
    }
}

/// The figures that services export, of the stores in `data`. Those of a service that cannot be
/// loaded or asked are left out.
pub async fn figures(loader: &Loader, registry: &Registry, data: &Path) -> Vec<Figure> {
    let all = prepare_all(loader, registry);
    let mut figures = Vec::new();
    for (index, (spec, prepared)) in all.iter().enumerate() {
        let Ok(prepared) = prepared else { continue };
        let Ok(examined) = auditor(loader, spec, prepared, &all[..index], data) else {
            continue;
        };
        let Some(generation) = examined.auditor else {
            continue;
        };
        if let Some(Ok(metrics)) = generation.metrics().await {
            figures.extend(Figure::of(&spec.name, &metrics));
        }
    }
    figures
}

/// What there is of a service to examine.
struct Examined {
    snapshot: ServiceStore,
    /// None if its component has no check.
    auditor: Option<Arc<Generation>>,
}

async fn examine(examined: Result<Examined, Vec<LoadProblem>>) -> Result<AuditReport, VerifyError> {
    let Examined { snapshot, auditor } = examined.map_err(VerifyError::NotLoaded)?;
    let file = tokio::task::spawn_blocking(move || file_check(&snapshot));
    let Some(auditor) = auditor else {
        return file.await.map(AuditReport::of).map_err(unfinished);
    };
    // Both at once: the one reads the file's pages, and the other its rows.
    let audit = tokio::spawn(async move { audit::audit(&auditor).await });
    let file = file.await.map_err(unfinished)?;
    // What a broken file says of its rows is no news, and may have no end.
    if !file.violations.is_empty() {
        audit.abort();
        return Ok(AuditReport::of(file));
    }
    match audit.await {
        Ok(Some(Ok(mut report))) => {
            report.checks.insert(0, file);
            Ok(report)
        }
        Ok(Some(Err(reason))) => Err(VerifyError::Unfinished(reason)),
        Ok(None) => Ok(AuditReport::of(file)),
        Err(panic) => Err(unfinished(panic)),
    }
}

fn unfinished(panic: JoinError) -> VerifyError {
    VerifyError::Unfinished(panic.to_string())
}

/// Checks the file of a store, whatever its rows mean.
fn file_check(snapshot: &ServiceStore) -> AuditCheck {
    let checked = snapshot.check_file();
    let (pages, violations) = checked.unwrap_or_else(|error| (0, vec![error.to_string()]));
    AuditCheck {
        name:
            "the pages of the store's file are whole, and its indexes and constraints fit its rows"
                .to_owned(),
        examined: pages,
        violations,
    }
}

/// Checks the stores that are in the folder and that no service of the registry has.
fn stores_without_service(registry: &Registry, data: &Path) -> Vec<Verification> {
    // Without the folder there is nothing to check.
    let mut names = stored_services(data).unwrap_or_default();
    names.retain(|name| registry.service(name).is_none());
    let verified = names.into_iter().map(|service| {
        let opened = open_snapshot(data, &service);
        let report = opened.map(|snapshot| AuditReport::of(file_check(&snapshot)));
        Verification {
            service,
            outcome: report.map_err(VerifyError::NotLoaded),
            unchecked: Some(NO_SERVICE),
        }
    });
    verified.collect()
}

/// Opens what there is to examine of each service: it has a store since its first start, whether it
/// uses it or not. A component that can check its data sees one snapshot of that store in `data`.
/// Its links lead to generations that are made for it alone, and see one snapshot of theirs. So
/// audits can run at the same time. None of them can write, or send anything.
fn examined<'r>(loader: &Loader, registry: &'r Registry, data: &Path) -> PerService<'r, Examined> {
    let all = prepare_all(loader, registry);
    let opened: Vec<_> = all
        .iter()
        .enumerate()
        .map(|(index, (spec, prepared))| {
            let prepared = prepared.as_ref().ok()?;
            Some(match loader.can_audit(prepared) {
                // The registry lists callees before their callers.
                true => auditor(loader, spec, prepared, &all[..index], data),
                false => open_snapshot(data, &spec.name).map(|snapshot| Examined {
                    snapshot,
                    auditor: None,
                }),
            })
        })
        .collect();
    all.into_iter()
        .zip(opened)
        .filter_map(|((spec, prepared), opened)| match prepared {
            Ok(_) => Some((spec, opened?)),
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
) -> Result<Examined, Vec<LoadProblem>> {
    let snapshot = open_snapshot(data, &spec.name)?;
    let auditor = generation(loader, spec, prepared, snapshot.clone())?;
    let mut made = Pins::from([(spec.name.clone(), Arc::clone(&auditor))]);
    let mut called: HashSet<&str> = callees_of(spec).collect();
    for (spec, prepared) in earlier.iter().rev() {
        if !called.contains(spec.name.as_str()) {
            continue;
        }
        called.extend(callees_of(spec));
        let generation = prepared.as_ref().ok().map(|prepared| {
            let snapshot = open_snapshot(data, &spec.name)?;
            generation(loader, spec, prepared, snapshot)
        });
        // A service that cannot be made does not serve, and calls to it fail.
        if let Some(Ok(generation)) = generation {
            made.insert(spec.name.clone(), generation);
        }
    }
    for caller in made.values() {
        let callees = callees_of(&caller.spec)
            .filter_map(|name| Some((name.to_owned(), Arc::clone(made.get(name)?))));
        caller.callees.pin(callees.collect());
    }
    Ok(Examined {
        snapshot,
        auditor: Some(auditor),
    })
}

fn callees_of(spec: &ServiceSpec) -> impl Iterator<Item = &str> {
    spec.links.iter().map(|link| link.service.as_str())
}

fn open_snapshot(data: &Path, service: &str) -> Result<ServiceStore, Vec<LoadProblem>> {
    let file = store_file(data, service);
    if !file.exists() {
        return Err(vec![LoadProblem::NoStore { file }]);
    }
    ServiceStore::open_snapshot(&file).map_err(|error| {
        let error = error.to_string();
        vec![LoadProblem::Store { file, error }]
    })
}

fn generation(
    loader: &Loader,
    spec: &ServiceSpec,
    prepared: &Prepared,
    snapshot: ServiceStore,
) -> Result<Arc<Generation>, Vec<LoadProblem>> {
    let prepared = loader.prepare_again(spec, prepared, Callees::none())?;
    let spec = audit::as_auditor(spec);
    let generation = loader.generation(&spec, prepared, Some(snapshot), Arc::default());
    Ok(Arc::new(generation))
}

/// Loads and type-checks a service, whose callees have the components that `callee` returns.
pub(super) fn prepare<'c>(
    loader: &Loader,
    spec: &ServiceSpec,
    callee: impl Fn(&str) -> Option<&'c Component>,
) -> Result<Prepared, Vec<LoadProblem>> {
    let file = ComponentFile::read(&spec.component).map_err(|problem| vec![problem])?;
    let prepared = loader.prepare(spec, &file, Callees::none())?;
    let problems = imports::check_links(spec, &prepared.component, callee);
    match problems.is_empty() {
        true => Ok(prepared),
        false => Err(problems),
    }
}

/// Loads and type-checks every service, each with callees of its own. Callees come first.
pub(super) fn prepare_all<'r>(loader: &Loader, registry: &'r Registry) -> PerService<'r, Prepared> {
    let mut components: HashMap<&str, Component> = HashMap::new();
    let mut all = Vec::new();
    for spec in &registry.services {
        let prepared = prepare(loader, spec, |name| components.get(name));
        if let Ok(prepared) = &prepared {
            components.insert(&spec.name, prepared.component.clone());
        }
        all.push((spec, prepared));
    }
    all
}
