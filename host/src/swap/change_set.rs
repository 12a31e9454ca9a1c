//! A change of services that hang together: loaded, checked, started, warmed, and switched in one step.
//!
//! What fails at any step is refused, alone: its old generation stays, and so the others are checked again, now against that one. One
//! that does not fit any more is refused as well, until what is left fits together. So whatever the mistake is, the lineup after the
//! switch is one whose links fit.

use super::files::Files;
use super::history::Steps;
use crate::registry::{Digest, ServiceSpec};
use crate::runtime::{Generation, Lineup, LoadProblem, Loader, Post, Services};
use crate::store::ServiceStore;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Services that take longer to start are not waited for before the host says where it listens.
const SOON: Duration = Duration::from_secs(5);

/// A service that is to change.
pub(super) struct Candidate {
    pub(super) spec: ServiceSpec,
    /// The digest of what was to be loaded: the file may have been saved again since.
    pub(super) digest: Option<Digest>,
    /// What differs from what runs.
    pub(super) changed: Vec<String>,
    pub(super) steps: Steps,
    store: Option<ServiceStore>,
    pub(super) outcome: Result<Arc<Generation>, Vec<LoadProblem>>,
    /// What its `start` has for the operator.
    pub(super) announcements: Vec<String>,
}

impl Candidate {
    /// Loads a component for a service; it serves nobody yet. It can be started only if it `opens_store`.
    pub(super) async fn load(
        wish: Wish,
        services: &Arc<Services>,
        loader: &Arc<Loader>,
        files: &Files,
        opens_store: bool,
    ) -> Self {
        let begun = Instant::now();
        let Wish {
            spec,
            digest,
            changed,
            ..
        } = wish;
        let store = if opens_store {
            services.store(&spec).await.map(Some)
        } else {
            Ok(None)
        };
        let (store, outcome) = match store {
            Ok(store) => {
                let loaded = load(&spec, services, loader, files, store.clone()).await;
                (store, loaded)
            }
            Err(problem) => (None, Err(vec![problem])),
        };
        let digest = outcome
            .as_ref()
            .map_or(digest, |generation| Some(generation.digest()));
        Self {
            spec,
            digest,
            changed,
            steps: Steps {
                load: Some(begun.elapsed()),
                ..Steps::default()
            },
            store,
            outcome: outcome.map(Arc::new),
            announcements: Vec::new(),
        }
    }

    /// The generation, unless it was refused.
    pub(super) fn generation(&self) -> Option<&Arc<Generation>> {
        self.outcome.as_ref().ok()
    }

    /// Starts the generation, and warms it to take over from the one that is replaced.
    async fn start(&mut self, replaced: Option<&Generation>) {
        let Some(generation) = self.generation().cloned() else {
            return;
        };
        let begun = Instant::now();
        let started = generation.start().await;
        self.steps.start = Some(begun.elapsed());
        match started {
            Ok(announcements) => self.announcements = announcements,
            Err(reason) => {
                self.refuse(vec![LoadProblem::Start(reason)]);
                return;
            }
        }
        let begun = Instant::now();
        let warmed = generation.warm(replaced).await;
        self.steps.warm = Some(begun.elapsed());
        if let Err(reason) = warmed {
            self.refuse(vec![LoadProblem::Instantiate(reason)]);
        }
    }

    /// Lets the store grow as far as the generation that serves may.
    async fn resize_store(&self) {
        let (Ok(generation), Some(store)) = (&self.outcome, &self.store) else {
            return;
        };
        if let Err(error) = store.resize(generation.spec().limits.store).await {
            let service = &self.spec.name;
            tracing::warn!(service, %error, "the store keeps its old size limit");
        }
    }

    pub(super) fn refuse(&mut self, problems: Vec<LoadProblem>) {
        if let Ok(generation) = &self.outcome {
            generation.call_whoever_serves();
            generation.drain();
        }
        self.outcome = Err(problems);
    }
}

async fn load(
    spec: &ServiceSpec,
    services: &Arc<Services>,
    loader: &Arc<Loader>,
    files: &Files,
    store: Option<ServiceStore>,
) -> Result<Generation, Vec<LoadProblem>> {
    let file = files
        .component(&spec.component)
        .await
        .map_err(|problem| vec![problem])?;
    let work = {
        let (spec, services, loader) = (spec.clone(), Arc::clone(services), Arc::clone(loader));
        move || loader.load(&spec, &file, &services, store)
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| vec![LoadProblem::Engine(error.to_string())])?
}

/// Services that change together: callees before their callers.
pub(super) struct Change<'a> {
    pub(super) services: &'a Arc<Services>,
    pub(super) loader: &'a Arc<Loader>,
    pub(super) candidates: Vec<Candidate>,
    /// Services that are to be removed, whose calls therefore need not fit any more.
    pub(super) leaving: &'a [&'a str],
}

impl Change<'_> {
    /// Refuses what does not fit, until what is left does.
    pub(super) fn settle(&mut self) {
        loop {
            let lineup = self.services.lineup();
            let unfit = self.unfit(&lineup);
            if unfit.is_empty() {
                return;
            }
            for (name, problems) in unfit {
                if let Some(candidate) = self.candidate_mut(&name) {
                    candidate.refuse(problems);
                }
            }
        }
    }

    /// The candidates that do not fit those that they call, or those that call them.
    fn unfit(&self, lineup: &Lineup) -> Vec<(String, Vec<LoadProblem>)> {
        let arrivals: HashMap<&str, &Generation> = self
            .candidates
            .iter()
            .filter_map(|candidate| {
                let generation = candidate.generation()?;
                Some((candidate.spec.name.as_str(), generation.as_ref()))
            })
            .collect();
        let after = |name: &str| {
            let stable = || lineup.get(name)?.stable.as_deref();
            arrivals.get(name).copied().or_else(stable)
        };
        let mut unfit = Vec::new();
        for (name, arrival) in &arrivals {
            let mut problems = self.loader.check_links(arrival, after);
            if calls_itself(name, after) {
                problems.push(LoadProblem::Circle);
            }
            if !problems.is_empty() {
                unfit.push(((*name).to_owned(), problems));
            }
        }
        for caller in lineup.posts().flat_map(|post| self.callers_that_stay(post)) {
            for (name, arrival) in &arrivals {
                let problems = self.loader.check_link(caller, arrival);
                let broken = problems
                    .into_iter()
                    .map(|problem| LoadProblem::BreaksCaller {
                        caller: caller.spec().name.clone(),
                        problem: Box::new(problem),
                    });
                let broken: Vec<_> = broken.collect();
                if !broken.is_empty() {
                    unfit.push(((*name).to_owned(), broken));
                }
            }
        }
        unfit
    }

    /// The generations of a service that go on after the switch.
    fn callers_that_stay<'p>(&self, post: &'p Post) -> Vec<&'p Generation> {
        let name = post.service.name();
        if self.leaving.contains(&name) {
            return Vec::new();
        }
        let is_replaced = self
            .candidates
            .iter()
            .any(|candidate| candidate.spec.name == name && candidate.outcome.is_ok());
        let stable = post.stable.as_deref().filter(|_| !is_replaced);
        let canary = post
            .canary
            .as_ref()
            .map(|canary| canary.generation().as_ref());
        stable.into_iter().chain(canary).collect()
    }

    /// Starts all that is left, callees first.
    pub(super) async fn start(&mut self) {
        let begun = Instant::now();
        for index in 0..self.candidates.len() {
            self.pin();
            self.grow_store(index).await;
            let time_left = SOON.saturating_sub(begun.elapsed());
            let services = self.services;
            let names = self.names();
            let lineup = services.lineup().clone();
            let replaced = lineup
                .get(&self.candidates[index].spec.name)
                .and_then(|post| post.stable.as_deref());
            {
                let mut start = std::pin::pin!(self.candidates[index].start(replaced));
                if tokio::time::timeout(time_left, &mut start).await.is_err() {
                    note_slow_start(services, &names);
                    start.await;
                }
            }
            if self.candidates[index].outcome.is_err() {
                self.settle();
            }
        }
    }

    /// Gives more room before `start`, which may need it; less room comes after the switch.
    async fn grow_store(&self, index: usize) {
        let candidate = &self.candidates[index];
        let lineup = self.services.lineup().clone();
        let stable = lineup
            .get(&candidate.spec.name)
            .and_then(|post| post.stable.as_ref());
        let is_more =
            stable.is_some_and(|old| old.spec().limits.store < candidate.spec.limits.store);
        if is_more {
            candidate.resize_store().await;
        }
    }

    fn names(&self) -> Vec<String> {
        let names = self
            .candidates
            .iter()
            .map(|candidate| candidate.spec.name.clone());
        names.collect()
    }

    /// Until the switch, new generations call each other and nobody who is to be replaced.
    fn pin(&self) {
        let arrivals: HashMap<String, Arc<Generation>> = self
            .candidates
            .iter()
            .filter_map(|candidate| {
                let generation = candidate.generation()?;
                Some((candidate.spec.name.clone(), Arc::clone(generation)))
            })
            .collect();
        for candidate in &self.candidates {
            let Some(generation) = candidate.generation() else {
                continue;
            };
            // Its callees only: with itself among them it would hold itself for ever.
            let callees = generation.spec().links.iter().filter_map(|link| {
                let arrival = arrivals.get(&link.service)?;
                Some((link.service.clone(), Arc::clone(arrival)))
            });
            generation.call_only(callees.collect());
        }
    }

    /// Lets the new generations serve; answers the ones they replaced, and how long the switch took.
    pub(super) async fn switch(&self) -> (Vec<Arc<Generation>>, Duration) {
        self.pin();
        let arrivals: Vec<_> = self
            .candidates
            .iter()
            .filter_map(|candidate| candidate.generation().cloned())
            .collect();
        let switched = self.services.switch(&arrivals, self.leaving);
        for candidate in &self.candidates {
            candidate.resize_store().await;
        }
        switched
    }

    fn candidate_mut(&mut self, name: &str) -> Option<&mut Candidate> {
        self.candidates
            .iter_mut()
            .find(|candidate| candidate.spec.name == name)
    }
}

/// Whether a service would come back to itself by links: its own new ones, and old ones of services whose change was refused.
fn calls_itself<'g>(name: &str, after: impl Fn(&str) -> Option<&'g Generation>) -> bool {
    let mut seen = HashSet::new();
    let mut ahead = vec![name.to_owned()];
    while let Some(caller) = ahead.pop() {
        let links = after(&caller).map_or(&[][..], |generation| &generation.spec().links);
        for link in links {
            if link.service == name {
                return true;
            }
            if seen.insert(link.service.clone()) {
                ahead.push(link.service.clone());
            }
        }
    }
    false
}

fn note_slow_start(services: &Services, names: &[String]) {
    let lineup = services.lineup();
    for post in names.iter().filter_map(|name| lineup.get(name)) {
        post.service.note_slow_start();
    }
}

/// A service that does not run as the registry says.
pub(super) struct Wish {
    /// What the registry says.
    pub(super) spec: ServiceSpec,
    /// The component's digest when it was looked at; none if it could not be read.
    pub(super) digest: Option<Digest>,
    /// What differs from what runs.
    pub(super) changed: Vec<String>,
    /// The services that it calls, or called until now.
    pub(super) calls: Vec<String>,
    /// Whether it was not refused already, as it is.
    pub(super) is_new: bool,
}

/// Parts services into those that hang together by links, each part in the order of the whole. A part in which nothing is new is
/// left out: it was refused, and would be again.
pub(super) fn connected(wishes: Vec<Wish>) -> Vec<Vec<Wish>> {
    let mut parts: Vec<Vec<Wish>> = Vec::new();
    for wish in wishes {
        let hangs_together = |part: &Vec<Wish>| {
            part.iter().any(|other| {
                wish.calls.contains(&other.spec.name) || other.calls.contains(&wish.spec.name)
            })
        };
        let (joined, apart): (Vec<_>, Vec<_>) = parts.into_iter().partition(hangs_together);
        let mut part: Vec<_> = joined.into_iter().flatten().collect();
        part.push(wish);
        parts = apart;
        parts.push(part);
    }
    parts.retain(|part| part.iter().any(|wish| wish.is_new));
    parts
}
