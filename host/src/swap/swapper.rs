//! Compares the registry with what runs, and makes it so.

use super::canary::verdict;
use super::change::{Candidate, Change, Wish, connected};
use super::departure;
use super::files::Digests;
use super::history::{History, Outcome, Record, RecordRow, Steps};
use super::report::{Plan, PlannedChange, Report};
use super::trigger::Trigger;
use crate::registry::{CanarySpec, Digest, HostSpec, Registry, RegistryProblem, ServiceSpec};
use crate::runtime::{Canary, Generation, Lineup, LoadProblem, Loader, Post, Services};
use futures::StreamExt as _;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use tokio::sync::watch;

/// How many parts of a change are loaded at once.
const LOADED_AT_ONCE: usize = 4;

/// Makes the running services what the registry says.
pub struct Swapper {
    file: PathBuf,
    services: Arc<Services>,
    loader: Arc<Loader>,
    history: History,
    status: Mutex<RegistryStatus>,
    /// The files whose changes matter.
    files: watch::Sender<Vec<PathBuf>>,
    /// Held while something changes: changes come one after the other.
    state: tokio::sync::Mutex<State>,
}

/// What is known of the registry's file.
#[derive(Debug, Clone)]
pub struct RegistryStatus {
    /// When it was last taken.
    pub taken_at: SystemTime,
    /// Why it was refused since then.
    pub last_error: Option<String>,
}

struct State {
    /// The settings that the host was started with.
    host: HostSpec,
    digests: Digests,
    /// What was refused, so that it is not tried again while it is the same.
    refused: HashMap<Seat, Attempt>,
}

/// A place for a generation: a service's own, or its canary's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Seat {
    service: String,
    is_canary: bool,
}

impl Seat {
    fn stable(service: &str) -> Self {
        Self {
            service: service.to_owned(),
            is_canary: false,
        }
    }

    fn canary(service: &str) -> Self {
        Self {
            service: service.to_owned(),
            is_canary: true,
        }
    }
}

/// What was tried: with another component, table, or callee it may fare otherwise.
struct Attempt {
    spec: ServiceSpec,
    /// The table of the canary whose seat it is.
    canary: Option<CanarySpec>,
    digest: Option<Digest>,
    callees: Vec<Option<Digest>>,
}

impl Attempt {
    fn of(
        spec: &ServiceSpec,
        canary: Option<&CanarySpec>,
        digest: Option<Digest>,
        lineup: &Lineup,
    ) -> Self {
        let digest_of = |service: &str| Some(lineup.get(service)?.stable.as_ref()?.digest());
        Self {
            spec: spec.clone(),
            canary: canary.cloned(),
            digest,
            callees: spec
                .links
                .iter()
                .map(|link| digest_of(&link.service))
                .collect(),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.digest == other.digest
            && self.canary == other.canary
            && self.callees == other.callees
            && self.spec.differences(&other.spec).is_empty()
    }
}

impl Swapper {
    /// A swapper for these services, none of which serves yet.
    pub fn new(registry: &Registry, services: Arc<Services>, loader: Arc<Loader>) -> Self {
        Self {
            file: registry.file.clone(),
            services,
            loader,
            history: History::default(),
            status: Mutex::new(RegistryStatus {
                taken_at: SystemTime::now(),
                last_error: None,
            }),
            files: watch::Sender::new(files_of(registry)),
            state: tokio::sync::Mutex::new(State {
                host: registry.host.clone(),
                digests: Digests::default(),
                refused: HashMap::new(),
            }),
        }
    }

    /// The services.
    pub fn services(&self) -> &Arc<Services> {
        &self.services
    }

    /// The registry's file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// How the registry's file is.
    pub fn registry_status(&self) -> RegistryStatus {
        self.status
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The latest changes of a service, or of all, newest first.
    pub fn latest(&self, service: Option<&str>, count: usize) -> Vec<RecordRow> {
        let records = self.history.latest(service, count);
        records.into_iter().map(RecordRow::from).collect()
    }

    /// The files whose changes matter, as they come and go.
    pub(super) fn files(&self) -> watch::Receiver<Vec<PathBuf>> {
        self.files.subscribe()
    }

    /// Loads and starts every service of the registry that the host was started with.
    pub async fn start(&self, registry: &Registry) -> Report {
        let mut state = self.state.lock().await;
        self.apply(&mut state, registry, Trigger::Start).await
    }

    /// Reads the registry, and makes the services what it says.
    pub async fn reload(&self, trigger: Trigger) -> Report {
        let mut state = self.state.lock().await;
        if self.services.draining().is_cancelled() {
            return Report {
                problems: vec!["the host is draining; nothing is changed any more".to_owned()],
                ..Report::default()
            };
        }
        match Registry::load(&self.file) {
            Ok(registry) => self.apply(&mut state, &registry, trigger).await,
            Err(problems) => {
                self.note_broken_registry(&problems.0);
                Report::refused(&problems.0)
            }
        }
    }

    /// Says what this text would change if it were saved in the registry's place.
    pub async fn plan(&self, text: &str) -> Plan {
        let (registry, problems) = Registry::parse(&self.file, text);
        if !problems.is_empty() {
            return Plan {
                problems: problems.iter().map(ToString::to_string).collect(),
                ..Plan::default()
            };
        }
        let mut state = self.state.lock().await;
        let leaving = self.leaving(&registry);
        let leaving: Vec<&str> = leaving.iter().map(String::as_str).collect();
        let mut plan = Plan {
            notices: state.notices(&registry.host),
            ..Plan::default()
        };
        for part in connected(state.differing(&registry, &self.services.lineup(), true)) {
            let mut change = self.load(part, &leaving, false).await;
            change.settle();
            plan.changes
                .extend(change.candidates.into_iter().map(planned));
        }
        for name in leaving {
            // A registry in which somebody still links to it does not parse.
            plan.changes.push(PlannedChange {
                service: name.to_owned(),
                changed: vec!["removed".to_owned()],
                refused: None,
            });
        }
        plan.changes
            .extend(self.planned_canaries(&mut state, &registry));
        plan
    }

    fn planned_canaries(&self, state: &mut State, registry: &Registry) -> Vec<PlannedChange> {
        let lineup = self.services.lineup();
        let mut planned = Vec::new();
        for spec in &registry.services {
            let running = lineup
                .get(&spec.name)
                .and_then(|post| post.canary.as_deref());
            let wanted = spec.canary.as_ref();
            let text = match (running, wanted) {
                (Some(running), Some(_)) if state.is_canary_as_wanted(running, spec) => continue,
                (None, None) => continue,
                (_, Some(wanted)) => format!("canary: {}", wanted.component_as_written),
                (Some(_), None) => "canary: ends".to_owned(),
            };
            planned.push(PlannedChange {
                service: spec.name.clone(),
                changed: vec![text],
                refused: None,
            });
        }
        planned
    }

    async fn apply(&self, state: &mut State, registry: &Registry, trigger: Trigger) -> Report {
        let mut report = Report {
            notices: state.notices(&registry.host),
            ..Report::default()
        };
        for notice in &report.notices {
            tracing::warn!("{notice}");
        }
        self.note_registry();
        self.files.send_replace(files_of(registry));
        let names: Vec<&str> = registry
            .services
            .iter()
            .map(|spec| spec.name.as_str())
            .collect();
        let leaving = self.leaving(registry);
        let leaving: Vec<&str> = leaving.iter().map(String::as_str).collect();
        self.services.take_in(&names, trigger == Trigger::Start);

        // A service that was refused for its callee's sake is tried again when that has changed.
        for pass in 0..=registry.services.len() {
            let retry = pass == 0 && trigger.is_asked_for();
            let differing = state.differing(registry, &self.services.lineup(), retry);
            // Services that have nothing to do with each other do not wait for each other.
            let parts = connected(differing).into_iter();
            let mut ready = futures::stream::iter(parts.map(|part| self.ready(part, &leaving)))
                .buffer_unordered(LOADED_AT_ONCE);
            let mut has_switched = false;
            while let Some(change) = ready.next().await {
                has_switched |= self.finish(state, change, trigger, &mut report).await;
            }
            drop(ready);
            if !has_switched {
                break;
            }
        }
        self.remove(state, &leaving, trigger, &mut report);
        for spec in &registry.services {
            self.apply_canary(state, spec, trigger, &mut report).await;
        }
        self.services.sort_as(&names);
        state.forget_others(registry);
        report
    }

    async fn load<'a>(
        &'a self,
        part: Vec<Wish>,
        leaving: &'a [&'a str],
        opens_stores: bool,
    ) -> Change<'a> {
        let mut candidates = Vec::new();
        for Wish { spec, changed, .. } in part {
            let loaded =
                Candidate::load(spec, changed, &self.services, &self.loader, opens_stores).await;
            candidates.push(loaded);
        }
        Change {
            services: &self.services,
            loader: &self.loader,
            candidates,
            leaving,
        }
    }

    /// Loads, checks, starts, and warms: all but the switch.
    async fn ready<'a>(&'a self, part: Vec<Wish>, leaving: &'a [&'a str]) -> Change<'a> {
        let mut change = self.load(part, leaving, true).await;
        change.settle();
        change.start().await;
        change
    }

    /// Switches, and says what came of it; answers whether anything was switched.
    async fn finish(
        &self,
        state: &mut State,
        change: Change<'_>,
        trigger: Trigger,
        report: &mut Report,
    ) -> bool {
        let before = self.services.lineup().clone();
        let (replaced, switch_time) = change.switch().await;
        let mut has_switched = false;
        for mut candidate in change.candidates {
            let name = candidate.spec.name.clone();
            let Some(post) = self.services.lineup().get(&name).cloned() else {
                continue;
            };
            let old = before.get(&name).and_then(|post| post.stable.as_ref());
            report.announcements.append(&mut candidate.announcements);
            let mut record = Record::new(&candidate.spec.name, trigger, candidate.changed);
            record.from = old.map(|old| old.digest());
            record.to = state.digests.of(&candidate.spec.component);
            record.steps = candidate.steps;
            match &candidate.outcome {
                Ok(_) => {
                    has_switched = true;
                    record.steps.switch = Some(switch_time);
                    state.refused.remove(&Seat::stable(&name));
                }
                Err(problems) => {
                    post.service.refuse(problems);
                    let digest = record.to;
                    let lineup = self.services.lineup();
                    let attempt = Attempt::of(&candidate.spec, None, digest, &lineup);
                    state.refused.insert(Seat::stable(&name), attempt);
                    record.refuse(problems);
                }
            }
            record.generation = post.service.status().generation;
            if let Some(old) = replaced.iter().find(|old| old.spec().name == name) {
                departure::drain(Arc::clone(old), Arc::clone(&record.drained));
            }
            report.add(self.history.add(record));
        }
        has_switched
    }

    /// The services that serve and that the registry does not name.
    fn leaving(&self, registry: &Registry) -> Vec<String> {
        let lineup = self.services.lineup();
        let names = lineup.posts().map(|post| post.service.name().to_owned());
        names
            .filter(|name| registry.service(name).is_none())
            .collect()
    }

    fn remove(&self, state: &mut State, leaving: &[&str], trigger: Trigger, report: &mut Report) {
        // They go on calling each other until they have ended what they began.
        self.services.switch(&[], leaving);
        for name in leaving {
            let lineup = self.services.lineup();
            let Some(post) = lineup.get(name) else {
                continue;
            };
            let mut record = Record::new(name, trigger, vec!["removed".to_owned()]);
            record.generation = post.service.status().generation;
            record.from = post.stable.as_ref().map(|old| old.digest());
            if let Some(caller) = caller_that_stays(name, leaving, &lineup) {
                let problems = [LoadProblem::StillCalled { caller }];
                post.service.refuse(&problems);
                record.refuse(&problems);
            } else {
                record.outcome = Outcome::Removed;
                let generations = self.services.remove(name);
                departure::drain_removed(
                    Arc::clone(&self.services),
                    (*name).to_owned(),
                    generations,
                    Arc::clone(&record.drained),
                );
                state.refused.remove(&Seat::stable(name));
            }
            report.add(self.history.add(record));
        }
    }

    async fn apply_canary(
        &self,
        state: &mut State,
        spec: &ServiceSpec,
        trigger: Trigger,
        report: &mut Report,
    ) {
        let Some(post) = self.services.lineup().get(&spec.name).cloned() else {
            return;
        };
        let Some(stable) = &post.stable else { return };
        if let Some(running) = &post.canary {
            if state.is_canary_as_wanted(running, spec) {
                // The stable generation may be another one: they are compared from now on.
                if !running.is_beside(stable) {
                    let generation = Arc::clone(running.generation());
                    let canary = Canary::new(running.spec().clone(), generation, stable);
                    self.services.set_canary(&spec.name, Some(Arc::new(canary)));
                }
                return;
            }
            let changed = vec!["canary".to_owned()];
            let record = Record::new(&spec.name, trigger, changed);
            self.end_canary(&post, record, Outcome::CanaryEnded, report);
        }
        if let Some(wanted) = &spec.canary {
            let seat = Seat::canary(&spec.name);
            let spec = spec.of_canary(wanted);
            let digest = state.digests.of(&spec.component);
            let attempt = Attempt::of(&spec, Some(wanted), digest, &self.services.lineup());
            let was_refused = state
                .refused
                .get(&seat)
                .is_some_and(|refused| refused.is_same(&attempt));
            if was_refused && !trigger.is_asked_for() {
                return;
            }
            let mut record = Record::new(&spec.name, trigger, vec!["canary".to_owned()]);
            record.generation = post.service.status().generation;
            record.from = Some(stable.digest());
            record.to = digest;
            match self.start_canary(&spec, stable, &mut record.steps).await {
                Ok(generation) => {
                    let canary = Canary::new(wanted.clone(), generation, stable);
                    self.services.set_canary(&spec.name, Some(Arc::new(canary)));
                    record.outcome = Outcome::CanaryStarted;
                    state.refused.remove(&seat);
                    if !state.refused.contains_key(&Seat::stable(&spec.name)) {
                        post.service.note_settled();
                    }
                }
                Err(problems) => {
                    post.service.refuse(&problems);
                    record.refuse(&problems);
                    state.refused.insert(seat, attempt);
                }
            }
            report.add(self.history.add(record));
        }
    }

    async fn start_canary(
        &self,
        spec: &ServiceSpec,
        stable: &Generation,
        steps: &mut Steps,
    ) -> Result<Arc<Generation>, Vec<LoadProblem>> {
        let mut change = self.ready(vec![canary_wish(spec)], &[]).await;
        let mut candidate = change.candidates.remove(0);
        *steps = candidate.steps;
        if let Ok(generation) = &candidate.outcome {
            generation.call_whoever_serves();
            generation.set_number(stable.number());
        }
        std::mem::replace(&mut candidate.outcome, Err(Vec::new()))
    }

    fn end_canary(&self, post: &Post, mut record: Record, outcome: Outcome, report: &mut Report) {
        let name = post.service.name();
        let Some(canary) = self.services.set_canary(name, None) else {
            return;
        };
        record.outcome = outcome;
        record.generation = post.service.status().generation;
        record.from = Some(canary.generation().digest());
        record.to = post.stable.as_ref().map(|stable| stable.digest());
        departure::drain(Arc::clone(canary.generation()), Arc::clone(&record.drained));
        report.add(self.history.add(record));
    }

    /// Takes out the canaries that do worse than their stable generations.
    pub(super) async fn judge_canaries(&self) {
        let lineup = self.services.lineup().clone();
        for post in lineup.posts() {
            let (Some(stable), Some(canary)) = (&post.stable, &post.canary) else {
                continue;
            };
            let tally = canary.generation().tally();
            let Some(reason) = verdict(canary.spec(), &tally, &canary.stable_tally(stable)) else {
                continue;
            };
            let mut state = self.state.lock().await;
            let is_same = self
                .services
                .lineup()
                .get(post.service.name())
                .and_then(|post| post.canary.as_ref())
                .is_some_and(|now| Arc::ptr_eq(now.generation(), canary.generation()));
            if !is_same {
                continue;
            }
            let spec = canary.generation().spec();
            let digest = Some(canary.generation().digest());
            let lineup = self.services.lineup();
            let attempt = Attempt::of(spec, Some(canary.spec()), digest, &lineup);
            state.refused.insert(Seat::canary(&spec.name), attempt);
            let mut record = Record::new(&spec.name, Trigger::Saved, vec!["canary".to_owned()]);
            record.trigger = "canary";
            record.reason = Some(reason.clone());
            self.end_canary(
                post,
                record,
                Outcome::CanaryTakenOut,
                &mut Report::default(),
            );
            post.service
                .note_error(format!("the canary was taken out: {reason}"));
        }
    }

    fn note_registry(&self) {
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        *status = RegistryStatus {
            taken_at: SystemTime::now(),
            last_error: None,
        };
    }

    /// Nothing of a registry with a mistake is taken. Services are told of the mistakes in their tables, or all of them if a mistake
    /// is in nobody's.
    fn note_broken_registry(&self, problems: &[RegistryProblem]) {
        for problem in problems {
            tracing::error!(%problem, "the registry was refused; what serves goes on");
        }
        let lineup = self.services.lineup();
        for post in lineup.posts() {
            let table = format!("services.{}", post.service.name());
            let concerns = |problem: &&RegistryProblem| {
                let key = problem.key.as_str();
                !key.starts_with("services.")
                    || key == table
                    || key
                        .strip_prefix(&table)
                        .is_some_and(|rest| rest.starts_with('.'))
            };
            let reasons: Vec<_> = problems
                .iter()
                .filter(concerns)
                .map(ToString::to_string)
                .collect();
            if !reasons.is_empty() {
                post.service.note_error(reasons.join("; "));
            }
        }
        let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
        self.status
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .last_error = Some(texts.join("; "));
    }
}

impl State {
    /// The services that do not run as the registry says; callees before their callers. What was refused and is the same is nothing new,
    /// unless `retry`.
    fn differing(&mut self, registry: &Registry, lineup: &Lineup, retry: bool) -> Vec<Wish> {
        let mut differing = Vec::new();
        for spec in &registry.services {
            let digest = self.digests.of(&spec.component);
            let post = lineup.get(&spec.name);
            let changed = match post.and_then(|post| post.stable.as_ref()) {
                Some(running) => differences(running, spec, digest),
                None => vec!["added".to_owned()],
            };
            if changed.is_empty() {
                self.refused.remove(&Seat::stable(&spec.name));
                let has_refused_canary = self.refused.contains_key(&Seat::canary(&spec.name));
                if let Some(post) = post
                    && !(has_refused_canary && spec.canary.is_some())
                {
                    post.service.note_settled();
                }
                continue;
            }
            let attempt = Attempt::of(spec, None, digest, lineup);
            let was_refused = self
                .refused
                .get(&Seat::stable(&spec.name))
                .is_some_and(|refused| refused.is_same(&attempt));
            differing.push(Wish {
                spec: spec.clone(),
                changed,
                is_new: retry || !was_refused,
            });
        }
        differing
    }

    fn is_canary_as_wanted(&mut self, running: &Canary, spec: &ServiceSpec) -> bool {
        spec.canary.as_ref().is_some_and(|wanted| {
            let spec = spec.of_canary(wanted);
            let digest = self.digests.of(&spec.component);
            wanted == running.spec() && differences(running.generation(), &spec, digest).is_empty()
        })
    }

    /// The settings of the host that differ from those it was started with.
    fn notices(&self, new: &HostSpec) -> Vec<String> {
        let keys = self.host.differences(new);
        keys.into_iter()
            .map(|key| format!("host.{key} takes effect at the next start"))
            .collect()
    }

    fn forget_others(&mut self, registry: &Registry) {
        let files = files_of(registry);
        self.digests
            .keep(|file| files.iter().any(|known| known == file));
        self.refused.retain(|seat, _| {
            let spec = registry.service(&seat.service);
            spec.is_some_and(|spec| !seat.is_canary || spec.canary.is_some())
        });
    }
}

fn differences(running: &Generation, spec: &ServiceSpec, digest: Option<Digest>) -> Vec<String> {
    let mut found = running.spec().differences(spec);
    if digest != Some(running.digest()) && running.spec().component == spec.component {
        found.insert(0, format!("content of {}", spec.component_as_written));
    }
    found
}

fn canary_wish(spec: &ServiceSpec) -> Wish {
    Wish {
        spec: spec.clone(),
        changed: vec!["canary".to_owned()],
        is_new: true,
    }
}

fn planned(candidate: Candidate) -> PlannedChange {
    let refused = candidate
        .outcome
        .as_ref()
        .err()
        .map(|problems| words(problems));
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

fn words(problems: &[LoadProblem]) -> String {
    let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

/// A service that stays, and whose running generation calls `name`.
fn caller_that_stays(name: &str, leaving: &[&str], lineup: &Lineup) -> Option<String> {
    let staying = lineup
        .posts()
        .filter(|post| !leaving.contains(&post.service.name()));
    for post in staying {
        let canary = post.canary.as_ref().map(|canary| canary.generation());
        for caller in post.stable.iter().chain(canary) {
            if caller.spec().links.iter().any(|link| link.service == name) {
                return Some(post.service.name().to_owned());
            }
        }
    }
    None
}

/// The registry, and every component that it names.
fn files_of(registry: &Registry) -> Vec<PathBuf> {
    let mut files = vec![registry.file.clone()];
    for spec in &registry.services {
        files.push(spec.component.clone());
        files.extend(spec.canary.as_ref().map(|canary| canary.component.clone()));
    }
    files
}
