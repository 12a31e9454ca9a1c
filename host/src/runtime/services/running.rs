//! All services of the host, with their stores.

use super::callees::{Callees, Pins};
use super::canary::Canary;
use super::generation::Generation;
use super::routing_table::{Lineup, Post};
use super::service::Service;
use super::tick::tick;
use crate::durable_file::create_folder;
use crate::private_file;
use crate::registry::ServiceSpec;
use crate::runtime::problem::LoadProblem;
use crate::store::ServiceStore;
use crate::wall_clock::WallClock;
use arc_swap::{ArcSwap, Guard};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// The services of a host. Those who change them take turns.
pub struct Services {
    lineup: Arc<ArcSwap<Lineup>>,
    /// Held while the lineup is changed.
    changing: Mutex<()>,
    /// Services that the registry no longer names, and that have not come to their end.
    leaving: Mutex<Vec<Arc<Service>>>,
    stores: tokio::sync::Mutex<HashMap<String, ServiceStore>>,
    data: PathBuf,
    clock: Arc<WallClock>,
    draining: CancellationToken,
}

impl Services {
    /// No services yet; their stores will be in `data`, and their times are of `clock`.
    pub fn new(data: &Path, clock: Arc<WallClock>) -> Self {
        Self {
            lineup: Arc::default(),
            changing: Mutex::default(),
            leaving: Mutex::default(),
            stores: tokio::sync::Mutex::default(),
            data: data.to_owned(),
            clock,
            draining: CancellationToken::new(),
        }
    }

    /// Who serves now.
    pub fn lineup(&self) -> Guard<Arc<Lineup>> {
        self.lineup.load()
    }

    /// The services that the registry no longer names, and that still finish what they began.
    pub fn leaving(&self) -> Vec<Arc<Service>> {
        self.leaving.lock().clone()
    }

    /// The machine's clock.
    pub fn clock(&self) -> &Arc<WallClock> {
        &self.clock
    }

    /// Whether every service that was there at the start serves, and none is to stop.
    pub fn are_ready(&self) -> bool {
        let lineup = self.lineup();
        !self.draining.is_cancelled()
            && lineup.posts().next().is_some()
            && lineup.posts().all(|post| post.service.is_ready())
    }

    /// Whether every service serves, or will not soon.
    pub fn are_settled(&self) -> bool {
        let lineup = self.lineup();
        lineup.posts().next().is_some() && lineup.posts().all(|post| post.service.is_settled())
    }

    /// The callees of a new generation.
    pub fn callees(&self) -> Arc<Callees> {
        Callees::in_lineup(Arc::clone(&self.lineup))
    }

    /// The store of a service, opened if it is not; it may grow as far as `spec` says.
    ///
    /// # Errors
    /// It cannot be opened.
    pub async fn store(&self, spec: &ServiceSpec) -> Result<ServiceStore, LoadProblem> {
        let mut stores = self.stores.lock().await;
        if let Some(store) = stores.get(&spec.name) {
            return Ok(store.clone());
        }
        let file = store_file(&self.data, &spec.name);
        let open = || -> Result<ServiceStore, String> {
            if let Some(folder) = file.parent() {
                create_folder(folder)
                    .and_then(|()| private_file::tighten(folder))
                    .map_err(|error| error.to_string())?;
            }
            ServiceStore::open(&file, spec.limits.store, Arc::clone(&self.clock))
                .map_err(|error| error.to_string())
        };
        let store = open().map_err(|error| LoadProblem::Store {
            file: file.clone(),
            error,
        })?;
        stores.insert(spec.name.clone(), store.clone());
        Ok(store)
    }

    /// Adds services, of which none serves yet. If they are awaited, the host is ready only when
    /// they serve.
    pub fn take_in(&self, names: &[&str], are_awaited: bool) {
        let mut new = Vec::new();
        self.change(|lineup| {
            for name in names {
                if lineup.get(name).is_some() {
                    continue;
                }
                let service = Arc::new(Service::new(name, are_awaited));
                new.push(Arc::clone(&service));
                lineup.insert(Post {
                    service,
                    stable: None,
                    canary: None,
                });
            }
        });
        // After the lineup, in which the ticks look for their service.
        for service in new {
            let lineup = Arc::clone(&self.lineup);
            let (clock, draining) = (Arc::clone(&self.clock), self.draining.clone());
            tokio::spawn(tick(lineup, service, clock, draining));
        }
    }

    /// Lists the services as `names` are: callees before their callers.
    pub fn sort_as(&self, names: &[&str]) {
        self.change(|lineup| lineup.sort_as(names));
    }

    /// Replaces generations that serve, all in one step. Returns the replaced ones, and how long
    /// the step took.
    ///
    /// The replaced ones, and those of the services that are `leaving`, go on calling the callees
    /// that they were checked with.
    pub fn switch(
        &self,
        arrivals: &[Arc<Generation>],
        leaving: &[&str],
    ) -> (Vec<Arc<Generation>>, Duration) {
        let _turn = self.changing.lock();
        let before = self.lineup.load_full();
        let mut after = Lineup::clone(&before);
        let mut replaced = Vec::new();
        for arrival in arrivals {
            after.change(&arrival.spec().name, |post| {
                replaced.extend(post.stable.replace(Arc::clone(arrival)));
            });
        }
        let begun = Instant::now();
        let left = leaving
            .iter()
            .filter_map(|name| before.get(name))
            .flat_map(|post| {
                let canary = post.canary.as_ref().map(|canary| canary.generation());
                post.stable.iter().chain(canary)
            });
        for old in replaced.iter().chain(left) {
            old.callees.pin(pins_of(old, &before));
        }
        self.lineup.store(Arc::new(after));
        for arrival in arrivals {
            arrival.callees.unpin();
        }
        let took = begun.elapsed();
        for arrival in arrivals {
            if let Some(post) = self.lineup().get(&arrival.spec().name) {
                arrival.set_number(post.service.note_switched());
            }
        }
        (replaced, took)
    }

    /// Puts a canary beside the generation that serves, or removes it, if `expected` is there now.
    /// Returns whether it did. A removed canary keeps to its callees.
    pub fn set_canary(
        &self,
        name: &str,
        expected: Option<&Arc<Canary>>,
        canary: Option<Arc<Canary>>,
    ) -> bool {
        self.change(|lineup| {
            let before = lineup.get(name).and_then(|post| post.canary.clone());
            let is_expected = match (&before, expected) {
                (None, None) => true,
                (Some(before), Some(expected)) => Arc::ptr_eq(before, expected),
                _ => false,
            };
            if !is_expected {
                return false;
            }
            if let (Some(before), None) = (&before, &canary) {
                let generation = before.generation();
                generation.callees.pin(pins_of(generation, lineup));
            }
            lineup.change(name, |post| post.canary = canary);
            true
        })
    }

    /// Removes a service: no new request finds it. Returns it with its generations.
    /// `finish_removal` must follow when these are gone.
    pub fn remove(&self, name: &str) -> Option<(Arc<Service>, Vec<Arc<Generation>>)> {
        let post = self.change(|lineup| lineup.remove(name))?;
        post.service.removed().cancel();
        post.service.note_draining();
        self.leaving.lock().push(Arc::clone(&post.service));
        let canary = post.canary.map(|canary| Arc::clone(canary.generation()));
        Some((
            post.service,
            post.stable.into_iter().chain(canary).collect(),
        ))
    }

    /// Forgets a removed service, and closes its store unless another service of its name uses it.
    pub async fn finish_removal(&self, removed: &Arc<Service>) {
        let name = removed.name();
        let mut stores = self.stores.lock().await;
        let is_used = {
            let mut leaving = self.leaving.lock();
            leaving.retain(|service| !Arc::ptr_eq(service, removed));
            leaving.iter().any(|service| service.name() == name)
        };
        if is_used || self.lineup().get(name).is_some() {
            return;
        }
        let store = stores.remove(name);
        // To close may take as long as a checkpoint. No other service waits for that.
        drop(stores);
        if let Some(store) = store {
            store.close().await;
        }
    }

    /// Puts a changed lineup in the place of the one that serves.
    fn change<T>(&self, change: impl FnOnce(&mut Lineup) -> T) -> T {
        let _turn = self.changing.lock();
        let mut lineup = Lineup::clone(&self.lineup());
        let result = change(&mut lineup);
        self.lineup.store(Arc::new(lineup));
        result
    }

    /// Says that no new work will come: `/readyz` turns, and ticks end.
    pub fn begin_drain(&self) {
        self.draining.cancel();
        for post in self.lineup().posts() {
            post.service.note_draining();
        }
    }

    /// Cancelled by [`Services::begin_drain`].
    pub fn draining(&self) -> &CancellationToken {
        &self.draining
    }

    /// Ends all instances, callers before callees, and closes the stores; waits at most `time`.
    pub async fn finish_drain(&self, time: Duration) {
        let deadline = tokio::time::Instant::now() + time;
        let lineup = self.lineup.load_full();
        for post in lineup.posts().rev() {
            let canary = post.canary.as_ref().map(|canary| canary.generation());
            for generation in post.stable.iter().chain(canary) {
                generation.drain();
                // Past the deadline what is left is cut off with the process.
                let _ = tokio::time::timeout_at(deadline, generation.live.none()).await;
            }
        }
        for store in self.stores.lock().await.values() {
            store.close().await;
        }
    }
}

fn pins_of(generation: &Generation, lineup: &Lineup) -> Pins {
    generation
        .spec()
        .links
        .iter()
        .filter_map(|link| {
            let stable = lineup.get(&link.service)?.stable.as_ref()?;
            Some((link.service.clone(), Arc::clone(stable)))
        })
        .collect()
}

/// The file of a service's store: it belongs to the name.
pub fn store_file(data: &Path, service: &str) -> PathBuf {
    data.join("stores").join(format!("{service}.sqlite"))
}
