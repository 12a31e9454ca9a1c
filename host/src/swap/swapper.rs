//! Compares the registry with what runs, and makes it so.

use super::change_set::{Candidate, Change, Wish, connected};
use super::drain;
use super::files::Files;
use super::history::{History, Record, RecordRow};
use super::refusals::{Attempt, Refusals, Seat};
use super::report::Report;
use super::trigger::Trigger;
use crate::file_reader::FileReader;
use crate::registry::{Digest, HostSpec, Registry, RegistryProblem, ServiceSpec};
use crate::runtime::{Canary, Generation, Loader, Services, in_one_line};
use futures::StreamExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use tokio::sync::watch;

/// How many parts of a change are loaded at once.
const LOADED_AT_ONCE: usize = 2;

/// How many files that do not answer are waited for at once, for changes and for plans. A plan may name any file, and must not keep a
/// change from its own.
const LOOKS_MAX: usize = 16;
const PLANNED_LOOKS_MAX: usize = 4;

/// Makes the running services what the registry says.
pub struct Swapper {
    file: PathBuf,
    /// The settings that the host was started with.
    host: HostSpec,
    services: Arc<Services>,
    pub(super) loader: Arc<Loader>,
    /// Tells the operator, once and not in the log.
    say: fn(&str),
    pub(super) history: History,
    pub(super) refusals: Refusals,
    status: Mutex<RegistryStatus>,
    /// The files whose changes matter.
    watched: watch::Sender<Vec<PathBuf>>,
    /// What is known of them.
    pub(super) files: Files,
    /// Reads the files that plans name.
    pub(super) planned_files: Arc<FileReader>,
    /// Held while something changes: changes come one after the other.
    changing: tokio::sync::Mutex<()>,
    /// Held while something is planned: a plan compiles what it finds, with all cores.
    pub(super) planning: tokio::sync::Mutex<()>,
}

/// What is known of the registry's file.
#[derive(Debug, Clone)]
pub struct RegistryStatus {
    /// When it was last taken.
    pub taken_at: SystemTime,
    /// Why it was refused since then.
    pub last_error: Option<String>,
}

impl Swapper {
    /// A swapper for these services, none of which serves yet; `say` tells the operator what their `start` has to be told.
    pub fn new(
        registry: &Registry,
        services: Arc<Services>,
        loader: Arc<Loader>,
        say: fn(&str),
    ) -> Self {
        Self {
            file: registry.file.clone(),
            host: registry.host.clone(),
            services,
            loader,
            say,
            history: History::default(),
            refusals: Refusals::default(),
            status: Mutex::new(RegistryStatus {
                taken_at: SystemTime::now(),
                last_error: None,
            }),
            watched: watch::Sender::new(files_of(registry)),
            files: Files::new(Arc::new(FileReader::new(LOOKS_MAX))),
            planned_files: Arc::new(FileReader::new(PLANNED_LOOKS_MAX)),
            changing: tokio::sync::Mutex::default(),
            planning: tokio::sync::Mutex::default(),
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
    pub(super) fn watched(&self) -> watch::Receiver<Vec<PathBuf>> {
        self.watched.subscribe()
    }

    /// Loads and starts every service of the registry that the host was started with.
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
                self.note_broken_registry(&problems.0);
                Report::refused(&problems.0)
            }
        }
    }

    async fn apply(&self, registry: &Registry, trigger: Trigger) -> Report {
        let mut report = Report {
            notices: self.notices(&registry.host),
            ..Report::default()
        };
        for notice in &report.notices {
            tracing::warn!("{notice}");
        }
        self.note_registry();
        let files = files_of(registry);
        self.watched.send_replace(files.clone());
        let names: Vec<&str> = registry
            .services
            .iter()
            .map(|spec| spec.name.as_str())
            .collect();
        let leaving = self.leaving(registry);
        let leaving: Vec<&str> = leaving.iter().map(String::as_str).collect();
        self.services.take_in(&names, trigger == Trigger::Start);

        // A canary of yesterday's table must not serve beside today's.
        for spec in &registry.services {
            self.end_unwanted_canary(spec, trigger, &mut report).await;
        }
        let retry = trigger.tries_again();
        self.apply_services(registry, (trigger, retry), &leaving, &mut report)
            .await;
        if self.remove(&leaving, trigger, &mut report) {
            // What did not fit a service that has left may fit now.
            self.apply_services(registry, (trigger, false), &[], &mut report)
                .await;
        }
        for spec in &registry.services {
            self.apply_canary(spec, trigger, &mut report).await;
        }
        self.services.sort_as(&names);
        self.files
            .keep(|file| files.iter().any(|known| known == file));
        self.refusals.keep(|seat| {
            let spec = registry.service(&seat.service);
            spec.is_some_and(|spec| !seat.is_canary || spec.canary.is_some())
        });
        report
    }

    /// Goes through what differs, until nothing more can be switched; with `retry` also through what was refused and is the same.
    async fn apply_services(
        &self,
        registry: &Registry,
        (trigger, retry): (Trigger, bool),
        leaving: &[&str],
        report: &mut Report,
    ) {
        // A service that was refused for its callee's sake is tried again when that has changed.
        for pass in 0..=registry.services.len() {
            let leaving = self.free_to_leave(leaving);
            let wishes = self
                .differing(&self.files, registry, retry && pass == 0)
                .await;
            self.note_settled(registry, &wishes);
            // Services that have nothing to do with each other do not wait for each other.
            let parts = connected(wishes).into_iter();
            let mut ready = futures::stream::iter(parts.map(|part| self.ready(part, &leaving)))
                .buffer_unordered(LOADED_AT_ONCE);
            let mut has_switched = false;
            while let Some(change) = ready.next().await {
                has_switched |= self.finish(change, trigger, report).await;
            }
            if !has_switched {
                return;
            }
        }
    }

    /// The services that do not run as the registry says; callees before their callers. What was refused and is the same is nothing new,
    /// unless `retry`.
    pub(super) async fn differing(
        &self,
        files: &Files,
        registry: &Registry,
        retry: bool,
    ) -> Vec<Wish> {
        let mut digests = Vec::with_capacity(registry.services.len());
        for spec in &registry.services {
            digests.push(files.digest(&spec.component).await);
        }
        let lineup = self.services.lineup();
        let mut wishes = Vec::new();
        for (spec, digest) in registry.services.iter().zip(digests) {
            let running = lineup
                .get(&spec.name)
                .and_then(|post| post.stable.as_deref());
            let changed = match running {
                Some(running) => differences(running, spec, digest),
                None => vec!["added".to_owned()],
            };
            if changed.is_empty() {
                continue;
            }
            let attempt = Attempt::of(spec, None, digest, &lineup);
            let was_refused = self.refusals.has_same(&Seat::stable(&spec.name), &attempt);
            wishes.push(Wish {
                spec: spec.clone(),
                digest,
                changed,
                calls: spec
                    .links
                    .iter()
                    .chain(running.map_or(&[][..], |running| &running.spec().links))
                    .map(|link| link.service.clone())
                    .collect(),
                is_new: retry || !was_refused,
            });
        }
        wishes
    }

    /// Notes that services run as the registry says, or why they do not.
    fn note_settled(&self, registry: &Registry, wishes: &[Wish]) {
        let lineup = self.services.lineup();
        for spec in &registry.services {
            let Some(post) = lineup.get(&spec.name) else {
                continue;
            };
            let wish = wishes.iter().find(|wish| wish.spec.name == spec.name);
            if wish.is_none() {
                self.refusals.forget(&Seat::stable(&spec.name));
            }
            let reasons = [Seat::stable(&spec.name), Seat::canary(&spec.name)];
            let reason = reasons.iter().find_map(|seat| self.refusals.reason(seat));
            match (wish, reason) {
                // The registry may have had a mistake meanwhile, which was the last thing to be said.
                (_, Some(reason)) => post.service.note_error(reason),
                (None, None) => post.service.note_settled(),
                (Some(_), None) => {}
            }
        }
    }

    pub(super) async fn load<'a>(
        &'a self,
        part: Vec<Wish>,
        leaving: &'a [&'a str],
        files: &Files,
        opens_stores: bool,
    ) -> Change<'a> {
        let mut candidates = Vec::new();
        for wish in part {
            let loaded =
                Candidate::load(wish, &self.services, &self.loader, files, opens_stores).await;
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
    pub(super) async fn ready<'a>(&'a self, part: Vec<Wish>, leaving: &'a [&'a str]) -> Change<'a> {
        let mut change = self.load(part, leaving, &self.files, true).await;
        change.settle();
        change.start().await;
        change
    }

    /// Switches, and says what came of it; answers whether anything was switched.
    async fn finish(&self, change: Change<'_>, trigger: Trigger, report: &mut Report) -> bool {
        let before = self.services.lineup().clone();
        let (replaced, switch_time) = change.switch().await;
        let mut has_switched = false;
        for mut candidate in change.candidates {
            let name = candidate.spec.name.clone();
            let Some(post) = self.services.lineup().get(&name).cloned() else {
                continue;
            };
            let old = before.get(&name).and_then(|post| post.stable.as_ref());
            candidate
                .announcements
                .drain(..)
                .for_each(|line| (self.say)(&line));
            let mut record = Record::new(&candidate.spec.name, trigger, candidate.changed);
            record.from = old.map(|old| old.digest());
            record.to = candidate.digest;
            record.steps = candidate.steps;
            match &candidate.outcome {
                Ok(_) => {
                    has_switched = true;
                    record.steps.switch = Some(switch_time);
                    self.refusals.forget(&Seat::stable(&name));
                }
                Err(problems) => {
                    post.service.refuse(problems);
                    let digest = record.to;
                    let lineup = self.services.lineup();
                    let attempt = Attempt::of(&candidate.spec, None, digest, &lineup)
                        .refused(in_one_line(problems));
                    self.refusals.note(Seat::stable(&name), attempt);
                    record.refuse(problems);
                }
            }
            record.generation = post.service.status().generation;
            if let Some(old) = replaced.iter().find(|old| old.spec().name == name) {
                drain::drain(Arc::clone(old), Arc::clone(&record.drained));
            }
            report.add(self.history.add(record));
        }
        has_switched
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

    /// Whether a canary is what the registry says.
    pub(super) async fn is_canary_as_wanted(
        &self,
        files: &Files,
        running: &Canary,
        spec: &ServiceSpec,
    ) -> bool {
        let Some(wanted) = &spec.canary else {
            return false;
        };
        let spec = spec.of_canary(wanted);
        let digest = files.digest(&spec.component).await;
        wanted == running.spec() && differences(running.generation(), &spec, digest).is_empty()
    }

    /// The settings of the host that differ from those it was started with.
    pub(super) fn notices(&self, new: &HostSpec) -> Vec<String> {
        let keys = self.host.differences(new);
        keys.into_iter()
            .map(|key| format!("host.{key} takes effect at the next start"))
            .collect()
    }
}

fn differences(running: &Generation, spec: &ServiceSpec, digest: Option<Digest>) -> Vec<String> {
    let mut found = running.spec().differences(spec);
    if digest != Some(running.digest()) && running.spec().component == spec.component {
        found.insert(0, format!("content of {}", spec.component_as_written));
    }
    found
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
