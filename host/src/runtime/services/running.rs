//! All services of the host, with their stores.

use super::callees::{Callees, Pins};
use super::canary::Canary;
use super::generation::Generation;
use super::known_stores;
use super::routing_table::{Route, RoutingTable};
use super::service::Service;
use super::tick::tick;
use crate::durable_file::create_folder;
use crate::private_file;
use crate::registry::ServiceSpec;
use crate::runtime::instance::figures::ServiceFigures;
use crate::runtime::problem::LoadProblem;
use crate::store::ServiceStore;
use crate::wall_clock::WallClock;
use arc_swap::{ArcSwap, Guard};
use parking_lot::Mutex;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

/// How often a start checks whether all services have started.
const START_POLL: Duration = Duration::from_millis(20);

/// The services of a host. Those who change them take turns.
pub struct Services {
    table: Arc<ArcSwap<RoutingTable>>,
    /// Held while the routing table is changed.
    changing: Mutex<()>,
    /// Services that the registry no longer names, and that have not come to their end.
    leaving: Mutex<Vec<Arc<Service>>>,
    stores: tokio::sync::Mutex<HashMap<String, ServiceStore>>,
    /// How many stores were opened, one of a name that came back each time.
    stores_opened: Arc<AtomicU64>,
    copying: Arc<Semaphore>,
    /// By the names of services, as the stores are.
    figures: Mutex<HashMap<String, Arc<ServiceFigures>>>,
    data: PathBuf,
    clock: Arc<WallClock>,
    draining: CancellationToken,
}

impl Services {
    /// No services yet; their stores will be in `data`, and their times are of `clock`.
    pub fn new(data: &Path, clock: Arc<WallClock>) -> Self {
        Self {
            table: Arc::default(),
            changing: Mutex::default(),
            leaving: Mutex::default(),
            stores: tokio::sync::Mutex::default(),
            stores_opened: Arc::default(),
            copying: Arc::new(Semaphore::new(1)),
            figures: Mutex::default(),
            data: data.to_owned(),
            clock,
            draining: CancellationToken::new(),
        }
    }

    /// Who serves now.
    pub fn routing_table(&self) -> Guard<Arc<RoutingTable>> {
        self.table.load()
    }

    /// The services that the registry no longer names, and that still finish what they began.
    pub fn leaving(&self) -> Vec<Arc<Service>> {
        self.leaving.lock().clone()
    }

    /// The machine's clock.
    pub fn clock(&self) -> &Arc<WallClock> {
        &self.clock
    }

    /// Why not every service that was there at the start serves; none if they do, and none is to
    /// stop.
    pub fn unready(&self) -> Option<String> {
        if self.draining.is_cancelled() {
            return Some("the host is draining".to_owned());
        }
        let table = self.routing_table();
        if table.routes().next().is_none() {
            return Some("the host is starting".to_owned());
        }
        let services = table.routes().map(|route| &route.service);
        let waiting = services
            .filter(|service| !service.is_ready())
            .map(|service| {
                let (name, state) = (service.name(), service.status().state.name());
                format!("{name} is {state}")
            });
        let waiting: Vec<String> = waiting.collect();
        (!waiting.is_empty()).then(|| waiting.join(", "))
    }

    /// Whether every service serves, or will not soon.
    pub fn are_settled(&self) -> bool {
        let table = self.routing_table();
        table.routes().next().is_some() && table.routes().all(|route| route.service.is_settled())
    }

    /// Waits until they are.
    pub async fn settle(&self) {
        while !self.are_settled() {
            tokio::time::sleep(START_POLL).await;
        }
    }

    /// The callees of a new generation.
    pub fn callees(&self) -> Arc<Callees> {
        Callees::in_table(Arc::clone(&self.table))
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
        // Before it is written to.
        self.stores_opened.fetch_add(1, Relaxed);
        let (opened, clock) = (file.clone(), Arc::clone(&self.clock));
        let bytes_max = spec.limits.store;
        let (data, service) = (self.data.clone(), spec.name.clone());
        // A log of gigabytes is read and written over first.
        let opening = spawn_blocking(move || -> Result<ServiceStore, String> {
            if known_stores::is_missing(&opened) {
                known_stores::check_new(&data, &service, &opened)?;
            }
            // SQLite would have the log beside the file that it leads to, and a backup look here.
            if opened.is_symlink() {
                let problem = "it is a symbolic link: move the file that it leads to here, with \
                               its `-wal` if there is one, or link the folder `stores`";
                return Err(problem.to_owned());
            }
            if let Some(folder) = opened.parent() {
                create_folder(folder)
                    .and_then(|()| private_file::tighten(folder))
                    .map_err(|error| error.to_string())?;
            }
            let store = ServiceStore::open(&opened, bytes_max, clock);
            let store = store.map_err(|error| error.to_string())?;
            if let Err(error) = known_stores::note(&data, &service) {
                tracing::warn!(service, %error, "that the service has a store could not be noted");
            }
            Ok(store)
        });
        let store = opening
            .await
            .map_err(|error| error.to_string())
            .flatten()
            .map_err(|error| LoadProblem::Store { file, error })?;
        stores.insert(spec.name.clone(), store.clone());
        Ok(store)
    }

    /// How many stores were opened until now: while that stays, those that are closed are written
    /// to by none.
    pub fn stores_opened(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.stores_opened)
    }

    /// The one turn to copy all stores: a copy takes its part of the disk, and holds up the
    /// checkpoints of the store that it reads.
    pub fn copying(&self) -> Arc<Semaphore> {
        Arc::clone(&self.copying)
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The stores that are open, with the names of their services, callers before their callees.
    pub async fn open_stores(&self) -> Vec<(String, ServiceStore)> {
        let stores = self.stores.lock().await;
        let table = self.routing_table();
        // Those of services that leave come first: no other service calls them.
        let place = |name: &str| {
            table
                .routes()
                .position(|route| route.service.name() == name)
        };
        let mut open: Vec<_> = stores
            .iter()
            .map(|(name, store)| (name.clone(), store.clone()))
            .collect();
        open.sort_by_key(|(name, _)| Reverse(place(name).unwrap_or(usize::MAX)));
        open
    }

    /// The figures of a service, which all its generations add to.
    pub fn figures(&self, name: &str) -> Arc<ServiceFigures> {
        Arc::clone(self.figures.lock().entry(name.to_owned()).or_default())
    }

    /// Forgets the figures of services that were planned, and are none.
    pub fn forget_planned(&self) {
        let (table, leaving) = (self.routing_table(), self.leaving.lock());
        let is_leaving = |name: &str| leaving.iter().any(|service| service.name() == name);
        let mut figures = self.figures.lock();
        figures.retain(|name, _| table.get(name).is_some() || is_leaving(name));
    }

    /// Adds services, of which none serves yet. If they are awaited, the host is ready only when
    /// they serve.
    pub fn take_in(&self, names: &[&str], are_awaited: bool) {
        let mut new = Vec::new();
        self.change(|table| {
            for name in names {
                if table.get(name).is_some() {
                    continue;
                }
                let service = Arc::new(Service::new(name, are_awaited, self.figures(name)));
                new.push(Arc::clone(&service));
                table.insert(Route {
                    service,
                    stable: None,
                    canary: None,
                });
            }
        });
        // After the routing table, in which the ticks look for their service.
        for service in new {
            let table = Arc::clone(&self.table);
            let (clock, draining) = (Arc::clone(&self.clock), self.draining.clone());
            tokio::spawn(tick(table, service, clock, draining));
        }
    }

    /// Lists the services as `names` are: callees before their callers.
    pub fn sort_as(&self, names: &[&str]) {
        self.change(|table| table.sort_as(names));
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
        let before = self.table.load_full();
        let mut after = RoutingTable::clone(&before);
        let mut replaced = Vec::new();
        for arrival in arrivals {
            after.change(&arrival.spec.name, |route| {
                replaced.extend(route.stable.replace(Arc::clone(arrival)));
            });
        }
        let begun = Instant::now();
        let left = leaving
            .iter()
            .filter_map(|name| before.get(name))
            .flat_map(Route::generations);
        for old in replaced.iter().chain(left) {
            old.callees.pin(pins_of(old, &before));
        }
        self.table.store(Arc::new(after));
        for arrival in arrivals {
            arrival.callees.unpin();
        }
        let took = begun.elapsed();
        for arrival in arrivals {
            if let Some(route) = self.routing_table().get(&arrival.spec.name) {
                arrival.set_number(route.service.note_switched());
            }
        }
        (replaced, took)
    }

    /// Puts a canary beside the generation that serves, or removes it, if `expected` is there now.
    /// Returns whether it did. A replaced or removed canary keeps to its callees.
    pub fn set_canary(
        &self,
        name: &str,
        expected: Option<&Arc<Canary>>,
        canary: Option<Arc<Canary>>,
    ) -> bool {
        self.change(|table| {
            let before = table.get(name).and_then(|route| route.canary.clone());
            let is_expected = match (&before, expected) {
                (None, None) => true,
                (Some(before), Some(expected)) => Arc::ptr_eq(before, expected),
                _ => false,
            };
            if !is_expected {
                return false;
            }
            if let Some(before) = before.map(|before| Arc::clone(before.generation())) {
                let goes_on = |canary: &Arc<Canary>| Arc::ptr_eq(canary.generation(), &before);
                if !canary.as_ref().is_some_and(goes_on) {
                    before.callees.pin(pins_of(&before, table));
                }
            }
            table.change(name, |route| route.canary = canary);
            true
        })
    }

    /// Removes a service: no new request finds it. Returns it with its generations.
    /// `finish_removal` must follow when these are gone.
    pub fn remove(&self, name: &str) -> Option<(Arc<Service>, Vec<Arc<Generation>>)> {
        let route = self.change(|table| table.remove(name))?;
        route.service.removed().cancel();
        route.service.note_draining();
        self.leaving.lock().push(Arc::clone(&route.service));
        let generations = route.generations().map(Arc::clone).collect();
        Some((route.service, generations))
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
        if is_used || self.routing_table().get(name).is_some() {
            return;
        }
        self.figures.lock().remove(name);
        let store = stores.remove(name);
        // To close may take as long as a checkpoint. No other service waits for that.
        drop(stores);
        if let Some(store) = store {
            store.close().await;
        }
    }

    /// Puts a changed table in the place of the one that serves.
    fn change<T>(&self, change: impl FnOnce(&mut RoutingTable) -> T) -> T {
        let _turn = self.changing.lock();
        let mut table = RoutingTable::clone(&self.routing_table());
        let result = change(&mut table);
        self.table.store(Arc::new(table));
        result
    }

    /// Says that no new work will come: `/readyz` turns, and ticks end.
    pub fn begin_drain(&self) {
        self.draining.cancel();
        for route in self.routing_table().routes() {
            route.service.note_draining();
        }
    }

    /// Cancelled by [`Services::begin_drain`].
    pub fn draining(&self) -> &CancellationToken {
        &self.draining
    }

    /// Ends all instances, callers before callees, and closes the stores; waits at most `time`.
    /// Returns whether nothing uses the stores any more.
    pub async fn finish_drain(&self, time: Duration) -> bool {
        let mut are_ended = true;
        let deadline = tokio::time::Instant::now() + time;
        let table = self.table.load_full();
        for route in table.routes().rev() {
            for generation in route.generations() {
                generation.drain();
                // Past the deadline what is left is cut off with the process.
                generation.live.close();
                let ended = tokio::time::timeout_at(deadline, generation.live.wait()).await;
                are_ended &= ended.is_ok();
            }
        }
        for (_, store) in self.open_stores().await {
            store.close().await;
        }
        are_ended
    }
}

fn pins_of(generation: &Generation, table: &RoutingTable) -> Pins {
    generation
        .spec
        .links
        .iter()
        .filter_map(|link| {
            let stable = table.get(&link.service)?.stable.as_ref()?;
            Some((link.service.clone(), Arc::clone(stable)))
        })
        .collect()
}

/// The folder of the stores in the data folder.
pub const STORES: &str = "stores";

/// The file of a service's store: it belongs to the name.
pub fn store_file(data: &Path, service: &str) -> PathBuf {
    data.join(STORES).join(format!("{service}.sqlite"))
}

/// The names of the services that have a store in a data folder, sorted.
///
/// # Errors
/// The folder of the stores cannot be read.
pub fn stored_services(data: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(data.join(STORES))? {
        let name = entry?.file_name();
        let service = name.to_str().and_then(|name| name.strip_suffix(".sqlite"));
        names.extend(service.map(str::to_owned));
    }
    names.sort();
    Ok(names)
}
