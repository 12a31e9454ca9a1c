//! All services of the host, from start to drain.

use super::imports::LinkTarget;
use super::loader::Loader;
use super::problem::LoadProblem;
use super::service::{Service, ServiceState};
use crate::durable_file::create_folder;
use crate::links::Callee;
use crate::registry::{Registry, ServiceSpec};
use crate::store::ServiceStore;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often services tick.
const TICK: Duration = Duration::from_secs(1);
/// How often a drain looks whether it is done.
const DRAIN_POLL: Duration = Duration::from_millis(10);

/// The services of a registry.
pub struct Services {
    /// Callees before their callers.
    ordered: Vec<Arc<Service>>,
    by_name: HashMap<String, Arc<Service>>,
    stores: HashMap<String, ServiceStore>,
    draining: CancellationToken,
}

impl Services {
    /// Names every service; none serves yet. Opens their stores in `data`.
    ///
    /// # Errors
    /// A store that cannot be opened.
    pub fn open(registry: &Registry, data: &Path) -> Result<Self, LoadProblem> {
        let ordered: Vec<_> = registry
            .services
            .iter()
            .map(|spec| Arc::new(Service::new(&spec.name)))
            .collect();
        let by_name = ordered
            .iter()
            .map(|service| (service.name().to_owned(), Arc::clone(service)))
            .collect();
        let mut stores = HashMap::new();
        for spec in &registry.services {
            let file = store_file(data, &spec.name);
            let open = || -> Result<ServiceStore, String> {
                if let Some(folder) = file.parent() {
                    create_folder(folder).map_err(|error| error.to_string())?;
                }
                ServiceStore::open(&file, spec.limits.store).map_err(|error| error.to_string())
            };
            let store = open().map_err(|error| LoadProblem::Store {
                file: file.clone(),
                error,
            })?;
            stores.insert(spec.name.clone(), store);
        }
        Ok(Self {
            ordered,
            by_name,
            stores,
            draining: CancellationToken::new(),
        })
    }

    /// The service of a name.
    pub fn get(&self, name: &str) -> Option<&Arc<Service>> {
        self.by_name.get(name)
    }

    /// All services, callees before their callers.
    pub fn all(&self) -> &[Arc<Service>] {
        &self.ordered
    }

    /// Whether every service serves, and none is to stop.
    pub fn are_ready(&self) -> bool {
        !self.draining.is_cancelled()
            && self
                .ordered
                .iter()
                .all(|service| service.status().state == ServiceState::Serving)
    }

    /// Loads and starts every service; one that cannot serve is left `failed`, with its reason. Answers what the operator must be told.
    pub async fn start(self: &Arc<Self>, loader: &Arc<Loader>, registry: &Registry) -> Vec<String> {
        let mut announcements = Vec::new();
        for (index, spec) in registry.services.iter().enumerate() {
            let Some(service) = self.get(&spec.name) else {
                continue;
            };
            let started = Instant::now();
            match self.start_one(loader, spec).await {
                Ok((generation, mut told)) => {
                    service.install(generation);
                    announcements.append(&mut told);
                    tracing::info!(
                        service = spec.name,
                        milliseconds = started.elapsed().as_millis(),
                        "serving ({} of {})",
                        index + 1,
                        registry.services.len()
                    );
                }
                Err(problems) => {
                    for problem in &problems {
                        tracing::error!(service = spec.name, "the service cannot serve: {problem}");
                    }
                    service.refuse(&problems);
                }
            }
        }
        announcements
    }

    async fn start_one(
        self: &Arc<Self>,
        loader: &Arc<Loader>,
        spec: &ServiceSpec,
    ) -> Result<(super::Generation, Vec<String>), Vec<LoadProblem>> {
        let services = Arc::clone(self);
        let make = {
            let loader = Arc::clone(loader);
            let spec = spec.clone();
            let store = self.stores.get(&spec.name).cloned();
            move || {
                let prepared = loader.prepare(&spec, |name| services.link_target(name))?;
                Ok::<_, Vec<LoadProblem>>(loader.generation(&spec, prepared, store))
            }
        };
        let generation = tokio::task::spawn_blocking(make)
            .await
            .map_err(|error| vec![LoadProblem::Engine(error.to_string())])??;
        let told = generation
            .start()
            .await
            .map_err(|reason| vec![LoadProblem::Start(reason)])?;
        Ok((generation, told))
    }

    fn link_target(&self, name: &str) -> Option<LinkTarget> {
        let service = self.get(name)?;
        Some(LinkTarget {
            service: name.to_owned(),
            callee: Arc::clone(service) as Arc<dyn Callee>,
            component: service
                .generation()
                .map(|generation| generation.component().clone()),
        })
    }

    /// Ticks every service until the drain, each one by itself so that a slow one holds up nobody.
    pub fn spawn_ticks(&self) {
        for service in &self.ordered {
            let service = Arc::clone(service);
            let draining = self.draining.clone();
            tokio::spawn(async move {
                let mut clock = tokio::time::interval(TICK);
                clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
                loop {
                    tokio::select! {
                        () = draining.cancelled() => return,
                        _ = clock.tick() => {}
                    }
                    let Some(generation) = service.generation() else {
                        continue;
                    };
                    if let Err(reason) = generation.tick().await {
                        tracing::warn!(
                            service = service.name(),
                            reason,
                            "the service's tick failed"
                        );
                    }
                }
            });
        }
    }

    /// Says that no new work will come: `/readyz` turns, and ticks end.
    pub fn begin_drain(&self) {
        self.draining.cancel();
    }

    /// Ends all instances, callers before callees, and closes the stores; waits at most `time`.
    pub async fn finish_drain(&self, time: Duration) {
        let deadline = Instant::now() + time;
        for service in self.ordered.iter().rev() {
            service.drain();
        }
        for service in self.ordered.iter().rev() {
            let is_drained = || {
                service
                    .generation()
                    .is_none_or(|generation| generation.is_drained())
            };
            while !is_drained() && Instant::now() < deadline {
                tokio::time::sleep(DRAIN_POLL).await;
            }
        }
        for store in self.stores.values() {
            store.close().await;
        }
    }
}

/// The file of a service's store: it belongs to the name.
pub fn store_file(data: &Path, service: &str) -> PathBuf {
    data.join("stores").join(format!("{service}.sqlite"))
}
