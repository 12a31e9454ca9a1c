//! Makes the running services what the registry says, one pass over the registry after the other.

use super::announcer::Announcer;
use super::change_set::ChangeSet;
use super::diff::{PendingChange, connected, pending_changes};
use super::files::Files;
use super::history::{History, Outcome, Record};
use super::pass::Pass;
use super::plan::{Plan, Planner};
use super::prepare::prepare;
use super::refusals::{Refusals, Slot};
use super::report::Report;
use super::switch::switch;
use super::trigger::Trigger;
use super::{canary, removal};
use crate::file_reader::FileReader;
use crate::fingerprint::Fingerprint;
use crate::registry::{Digest, HostSpec, Registry, RegistryProblem, ServiceSpec};
use crate::runtime::{Loader, Route, Services};
use futures::StreamExt as _;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::task::spawn_blocking;
use tokio::time::MissedTickBehavior;

/// How many parts of a change are prepared at once.
const PREPARED_AT_ONCE: usize = 2;
/// How often the host judges canaries.
const JUDGE_INTERVAL: Duration = Duration::from_secs(1);

/// How many files that do not respond a pass waits for at once, and how many a plan. A plan may
/// name any file, so it must not use up the pass's share.
const LOOKS_MAX: usize = 16;
const PLANNED_LOOKS_MAX: usize = 4;

/// Makes the running services what the registry says.
pub struct Swapper {
    file: PathBuf,
    /// The settings that the host was started with.
    host: HostSpec,
    services: Arc<Services>,
    loader: Arc<Loader>,
    announcer: Announcer,
    history: History,
    refusals: Refusals,
    status: Mutex<RegistryStatus>,
    /// The files whose changes matter.
    watched: Mutex<Vec<PathBuf>>,
    files: Files,
    /// Reads the files that plans name.
    planned_files: Arc<FileReader>,
    /// Held by a pass: there is one at a time.
    changing: tokio::sync::Mutex<()>,
    /// Held by a plan: a plan compiles what it finds, with all cores.
    planning: tokio::sync::Mutex<()>,
}

/// The state of the registry's file.
#[derive(Debug, Clone)]
pub struct RegistryStatus {
    /// When the host last took it.
    pub taken_at: SystemTime,
    /// Why the host has refused it since, if it has.
    pub last_error: Option<String>,
}

impl RegistryStatus {
    fn taken_now() -> Self {
        Self {
            taken_at: SystemTime::now(),
            last_error: None,
        }
    }
}

impl Swapper {
    /// A swapper for services of which none serves yet.
    pub fn new(
        registry: &Registry,
        services: Arc<Services>,
        loader: Arc<Loader>,
        announcer: Announcer,
    ) -> Self {
        Self {
            file: registry.file.clone(),
            host: registry.host.clone(),
            services,
            loader,
            announcer,
            history: History::default(),
            refusals: Refusals::default(),
            status: Mutex::new(RegistryStatus::taken_now()),
            watched: Mutex::new(registry.files()),
            files: Files::new(Arc::new(FileReader::new(LOOKS_MAX))),
            planned_files: Arc::new(FileReader::new(PLANNED_LOOKS_MAX)),
            changing: tokio::sync::Mutex::default(),
            planning: tokio::sync::Mutex::default(),
        }
    }

    /// The services that it changes.
    pub fn services(&self) -> &Arc<Services> {
        &self.services
    }

    /// The path of the registry's file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The state of the registry's file.
    pub fn registry_status(&self) -> RegistryStatus {
        self.status.lock().clone()
    }

    /// How many changes had each outcome.
    pub(super) fn outcomes(&self) -> impl Iterator<Item = (Outcome, u64)> {
        self.history.outcomes()
    }

    /// The latest changes of a service, or of all, newest first.
    pub fn latest(&self, service: Option<&str>, count: usize) -> Vec<Record> {
        self.history.latest(service, count)
    }

    /// The files whose changes matter: the registry, and the components that it names.
    pub(super) fn watched(&self) -> Vec<PathBuf> {
        self.watched.lock().clone()
    }

    /// The fingerprints of files, or none for a file that the host cannot look at.
    pub(super) async fn fingerprints(&self, files: &[PathBuf]) -> Vec<Option<Fingerprint>> {
        let mut fingerprints = Vec::with_capacity(files.len());
        for file in files {
            fingerprints.push(self.files.fingerprint(file).await);
        }
        fingerprints
    }

    /// Whether this is what the registry's file says now.
    pub(super) async fn is_registry(&self, registry: &Registry) -> bool {
        let content = self.files.registry(&self.file).await;
        Registry::of_file(&self.file, content).is_ok_and(|now| now == *registry)
    }

    /// Loads and starts every service of the registry that the host was started with. Those were
    /// taken in before, as the host awaits them; a later registry's are not awaited.
    pub async fn start(&self, registry: &Registry) -> Report {
        let _turn = self.changing.lock().await;
        self.apply(registry, Trigger::Start).await
    }

    /// Reads the registry, and makes the services what it says.
    pub async fn reload(&self, trigger: Trigger) -> Report {
        let _turn = self.changing.lock().await;
        if self.services.draining().is_cancelled() {
            return Report {
                problems: vec!["the host is draining; nothing is changed any more".to_owned()],
                ..Report::default()
            };
        }
        let content = self.files.registry(&self.file).await;
        match Registry::of_file(&self.file, content) {
            Ok(registry) => self.apply(&registry, trigger).await,
            Err(problems) => {
                self.refuse_registry(&problems.0);
                Report {
                    problems: texts(&problems.0),
                    ..Report::default()
                }
            }
        }
    }

    /// What a text would change if it were saved as the registry. Changes go on meanwhile.
    pub async fn plan(&self, text: &str) -> Plan {
        let (registry, problems) = Registry::parse(&self.file, text);
        if !problems.is_empty() {
            return Plan {
                problems: problems.iter().map(RegistryProblem::in_file).collect(),
                ..Plan::default()
            };
        }
        let _turn = self.planning.lock().await;
        let planner = Planner {
            services: &self.services,
            loader: &self.loader,
            files: &self.files.snapshot(&self.planned_files),
        };
        let changes = planner.changes(&registry).await;
        self.services.forget_planned();
        Plan {
            problems: Vec::new(),
            changes,
            notices: self.notices(&registry.host),
        }
    }

    /// Takes out canaries that do worse than the generations that serve; does not return.
    pub(super) async fn judge_canaries(&self) {
        let mut judge = tokio::time::interval(JUDGE_INTERVAL);
        judge.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            judge.tick().await;
            canary::judge(&self.services, &self.refusals, &self.history);
        }
    }

    async fn apply(&self, registry: &Registry, trigger: Trigger) -> Report {
        let mut pass = Pass {
            registry,
            trigger,
            services: &self.services,
            loader: &self.loader,
            files: &self.files,
            refusals: &self.refusals,
            history: &self.history,
            announcer: &self.announcer,
            report: Report {
                notices: self.notices(&registry.host),
                ..Report::default()
            },
        };
        for notice in &pass.report.notices {
            tracing::warn!("{notice}");
        }
        self.set_status(RegistryStatus::taken_now());
        let files = registry.files();
        *self.watched.lock() = files.clone();
        let names = registry.services.iter().map(|spec| spec.name.as_str());
        let names: Vec<&str> = names.collect();
        let leaving = removal::leaving(registry, &self.services.routing_table());
        let leaving: Vec<&str> = leaving.iter().map(String::as_str).collect();
        self.services.take_in(&names, false);
        // While services change, those of both registries.
        let both = self.scopes_in_effect(registry);
        self.set_scopes(both.into_iter().chain(registry.scopes()));

        let mut in_use = self.digests();
        let pending = self::pending(&pass, trigger.retries_refused()).await;
        let canaries = canary::end_unwanted(&mut pass, &pending, &leaving).await;
        change_services(&mut pass, pending, &leaving).await;
        if removal::remove(&mut pass, &leaving) {
            // What did not fit a service that was removed may fit now.
            let pending = self::pending(&pass, false).await;
            change_services(&mut pass, pending, &[]).await;
        }
        canary::apply(&mut pass, canaries).await;

        self.set_scopes(self.scopes_in_effect(registry));
        self.services.sort_as(&names);
        self.files
            .keep(|file| files.iter().any(|known| known == file));
        // What served before this pass was in use until now.
        in_use.extend(self.digests());
        self.remove_unused_code(in_use).await;
        self.refusals.keep(|slot| {
            let spec = registry.service(&slot.service);
            spec.is_some_and(|spec| !slot.is_canary || spec.canary.is_some())
        });
        pass.report
    }

    /// The scopes that calls need: those of the generations that serve, and what the registry says
    /// of services that do not yet.
    fn scopes_in_effect(&self, registry: &Registry) -> BTreeSet<String> {
        let table = self.services.routing_table();
        let waiting = registry.services.iter().filter(|spec| {
            let route = table.get(&spec.name);
            route.is_none_or(|route| route.stable.is_none())
        });
        let generations = table.routes().flat_map(Route::generations);
        let specs = generations.map(|generation| &generation.spec);
        specs.chain(waiting).flat_map(ServiceSpec::scopes).collect()
    }

    fn set_scopes(&self, scopes: impl IntoIterator<Item = String>) {
        if let Some(keys) = self.loader.keys() {
            keys.set_scopes(scopes.into_iter().collect());
        }
    }

    /// The components of the generations that serve.
    fn digests(&self) -> Vec<Digest> {
        let table = self.services.routing_table();
        let generations = table.routes().flat_map(Route::generations);
        generations.map(|generation| generation.digest).collect()
    }

    async fn remove_unused_code(&self, in_use: Vec<Digest>) {
        let loader = Arc::clone(&self.loader);
        // It only fails when the runtime ends.
        let _ = spawn_blocking(move || loader.remove_unused_code(&in_use)).await;
    }

    fn set_status(&self, status: RegistryStatus) {
        *self.status.lock() = status;
    }

    /// Refuses a registry with mistakes as a whole. A service shows the mistakes of its own table,
    /// and those that are in no service's table.
    fn refuse_registry(&self, problems: &[RegistryProblem]) {
        for problem in problems {
            tracing::error!(%problem, "the registry was refused; what serves goes on");
        }
        for route in self.services.routing_table().routes() {
            let table = format!("services.{}", route.service.name());
            let concerns = |problem: &&RegistryProblem| {
                let key = problem.key.as_str();
                let rest = key.strip_prefix(&table);
                !key.starts_with("services.")
                    || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            let reasons = texts(problems.iter().filter(concerns));
            let reason = (!reasons.is_empty()).then(|| reasons.join("; "));
            // The last error may be a mistake of an earlier registry.
            match reason.or_else(|| self.refusals.reason(route.service.name())) {
                Some(reason) => route.service.note_error(reason),
                None => route.service.note_settled(),
            }
        }
        self.set_status(RegistryStatus {
            last_error: Some(texts(problems).join("; ")),
            ..self.registry_status()
        });
    }

    /// The settings of the host that differ from those it was started with.
    fn notices(&self, new: &HostSpec) -> Vec<String> {
        let keys = self.host.differences(new);
        keys.into_iter()
            .map(|key| format!("host.{key} takes effect at the next start"))
            .collect()
    }
}

/// The services that differ. Those that were refused as they are now are not new, unless
/// `retries_refused`.
async fn pending(pass: &Pass<'_>, retries_refused: bool) -> Vec<PendingChange> {
    let refusals = (!retries_refused).then_some(pass.refusals);
    pending_changes(pass.registry, pass.services, pass.files, refusals).await
}

/// Changes the services that differ, until no more can be switched.
async fn change_services(pass: &mut Pass<'_>, first: Vec<PendingChange>, leaving: &[&str]) {
    let (services, loader, files) = (pass.services, pass.loader, pass.files);
    let mut pending = first;
    // A service that was refused because of its callee is retried when that has changed.
    for _round in 0..=pass.registry.services.len() {
        let leaving = removal::free_to_leave(leaving, &services.routing_table());
        let are_pending: Vec<_> = pending
            .iter()
            .map(|change| change.spec.name.clone())
            .collect();
        note_states(pass, &are_pending);
        // Services that no link connects do not wait for each other.
        let parts = connected(pending).into_iter().map(|part| {
            let set = ChangeSet::new(services, loader, &leaving);
            prepare(set, part, files)
        });
        let mut prepared = futures::stream::iter(parts).buffer_unordered(PREPARED_AT_ONCE);
        let mut has_switched = false;
        while let Some(set) = prepared.next().await {
            has_switched |= switch(pass, set).await;
        }
        if !has_switched {
            return;
        }
        pending = self::pending(pass, false).await;
    }
}

/// Notes which services run as the registry says, and why the others do not.
fn note_states(pass: &Pass<'_>, pending: &[String]) {
    let table = pass.services.routing_table();
    for spec in &pass.registry.services {
        let Some(route) = table.get(&spec.name) else {
            continue;
        };
        let is_pending = pending.contains(&spec.name);
        if !is_pending {
            pass.refusals.forget(&Slot::stable(&spec.name));
        }
        match pass.refusals.reason(&spec.name) {
            // The last error may be of the registry, which had a mistake meanwhile.
            Some(reason) => route.service.note_error(reason),
            None if !is_pending => route.service.note_settled(),
            None => {}
        }
    }
}

fn texts<'p>(problems: impl IntoIterator<Item = &'p RegistryProblem>) -> Vec<String> {
    problems.into_iter().map(ToString::to_string).collect()
}
