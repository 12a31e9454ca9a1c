//! Makes a generation of what the registry says: compile, type-check, link. It does not serve yet.

use super::compiled::CompiledCache;
use super::component_file::ComponentFile;
use super::engine::Engines;
use super::imports;
use crate::keys::Keys;
use crate::registry::{Digest, ServiceSpec};
use crate::runtime::instance::context::{Context, Provisions};
use crate::runtime::instance::exports::Exports;
use crate::runtime::instance::figures::ServiceFigures;
use crate::runtime::instance::pool::{HttpExport, InstancePool};
use crate::runtime::limits::call_times::CallTimes;
use crate::runtime::limits::compute::Permits;
use crate::runtime::limits::cpu::{HostTurns, ServiceTurns, cores};
use crate::runtime::limits::guest_log::GuestLog;
use crate::runtime::limits::outbound::Outside;
use crate::runtime::limits::slots::Slots;
use crate::runtime::problem::LoadProblem;
use crate::runtime::services::audit::{AUDIT, AUDIT_FUNCTION};
use crate::runtime::services::callees::Callees;
use crate::runtime::services::generation::Generation;
use crate::runtime::services::running::Services;
use crate::store::ServiceStore;
use crate::wall_clock::TimeSource;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use wasmtime::component::{Component, InstancePre};

/// Everything that generations are made with.
pub struct Loader {
    engines: Engines,
    cache: CompiledCache,
    /// None where nothing is served, such as for a check.
    keys: Option<Arc<Keys>>,
    /// What the wall clock of the guests shows.
    time: TimeSource,
    /// When the data was last restored from a backup, in milliseconds since 1970 UTC.
    restored_at_ms: Option<i64>,
    compute: Permits,
    /// Whose turn it is, of all services' guests, to use much CPU time.
    turns: Arc<HostTurns>,
}

/// A component that fits the host. Whether it fits its callees is another question.
pub struct Prepared {
    pub component: Component,
    digest: Digest,
    pre: InstancePre<Context>,
    http: HttpExport,
    callees: Arc<Callees>,
}

impl Loader {
    /// A loader whose compiled code is kept in the folder `cache`. The guests' clock shows `time`.
    ///
    /// # Errors
    /// The engine cannot run here, or the folder cannot be used.
    pub fn new(cache: &Path, keys: Option<Arc<Keys>>, time: TimeSource) -> anyhow::Result<Self> {
        let engines = Engines::start()?;
        let cache = CompiledCache::open(cache)?;
        let turns = match keys {
            Some(_) => HostTurns::new(),
            None => HostTurns::unshared(),
        };
        Ok(Self {
            engines,
            cache,
            keys,
            time,
            restored_at_ms: None,
            compute: Permits::of_host(),
            turns,
        })
    }

    /// Tells the guests when the data was last restored from a backup.
    pub fn set_restored_at(&mut self, restored_at_ms: Option<i64>) {
        self.restored_at_ms = restored_at_ms;
    }

    /// The keys of a host that serves.
    pub fn keys(&self) -> Option<&Keys> {
        self.keys.as_deref()
    }

    /// Removes the compiled code of components that no service has run for long. Blocks.
    pub fn remove_unused_code(&self, in_use: &[Digest]) {
        if let Err(error) = self.cache.remove_unused(in_use) {
            tracing::warn!(%error, "the compiled code that no service runs could not be removed");
        }
    }

    /// Compiles a component, and checks its imports and exports against the host's. Blocks, up to a
    /// minute for a large component that is new.
    ///
    /// # Errors
    /// Everything that keeps it from serving.
    pub fn prepare(
        &self,
        spec: &ServiceSpec,
        file: &ComponentFile,
        callees: Arc<Callees>,
    ) -> Result<Prepared, Vec<LoadProblem>> {
        let component = self
            .component(spec, file)
            .map_err(|problem| vec![problem])?;
        self.fit(spec, component, file.digest(), callees)
    }

    /// The same component, to be made another generation of, with other callees.
    ///
    /// # Errors
    /// Those of [`Loader::prepare`].
    pub fn prepare_again(
        &self,
        spec: &ServiceSpec,
        prepared: &Prepared,
        callees: Arc<Callees>,
    ) -> Result<Prepared, Vec<LoadProblem>> {
        self.fit(spec, prepared.component.clone(), prepared.digest, callees)
    }

    fn fit(
        &self,
        spec: &ServiceSpec,
        component: Component,
        digest: Digest,
        callees: Arc<Callees>,
    ) -> Result<Prepared, Vec<LoadProblem>> {
        let has_wasi_0_3 = self.engines.is_concurrent(component.engine());
        let linker = imports::linker(
            spec,
            &component,
            &callees,
            has_wasi_0_3,
            self.restored_at_ms,
        )?;
        let pre = linker
            .instantiate_pre(&component)
            .map_err(|error| vec![LoadProblem::DoesNotFit(format!("{error:#}"))])?;
        let http = HttpExport::find(&pre).ok_or_else(|| vec![LoadProblem::NoHandler])?;
        Ok(Prepared {
            component,
            digest,
            pre,
            http,
            callees,
        })
    }

    /// Makes a generation that calls the services of `services`, without instances. Blocks like
    /// [`Loader::prepare`].
    ///
    /// # Errors
    /// Everything that keeps it from serving.
    pub fn load(
        &self,
        spec: &ServiceSpec,
        file: &ComponentFile,
        services: &Services,
        store: Option<ServiceStore>,
    ) -> Result<Generation, Vec<LoadProblem>> {
        let prepared = self.prepare(spec, file, services.callees())?;
        let figures = services.figures(&spec.name);
        Ok(self.generation(spec, prepared, store, figures))
    }

    /// Checks a generation's links against the generations that `callee` finds.
    pub fn check_links<'g>(
        &self,
        caller: &Generation,
        callee: impl Fn(&str) -> Option<&'g Generation>,
    ) -> Vec<LoadProblem> {
        imports::check_links(&caller.spec, &caller.component, |name| {
            callee(name).map(|callee| &callee.component)
        })
    }

    /// Checks those of `caller`'s links that lead to `callee`.
    pub fn check_link(&self, caller: &Generation, callee: &Generation) -> Vec<LoadProblem> {
        let links = caller.spec.links.iter();
        links
            .filter(|link| link.service == callee.spec.name)
            .flat_map(|link| {
                let component = Some(&callee.component);
                imports::check_link(link, &caller.component, component)
            })
            .collect()
    }

    /// Whether a component can check the data of its service.
    pub fn can_audit(&self, prepared: &Prepared) -> bool {
        let exports = Exports::of(&prepared.component);
        exports.find(AUDIT, AUDIT_FUNCTION).is_some()
    }

    /// Makes a generation; it has no instance yet.
    pub fn generation(
        &self,
        spec: &ServiceSpec,
        prepared: Prepared,
        store: Option<ServiceStore>,
        figures: Arc<ServiceFigures>,
    ) -> Generation {
        let Prepared {
            component,
            digest,
            pre,
            http,
            callees,
        } = prepared;
        let service: Arc<str> = spec.name.as_str().into();
        let provisions = Provisions {
            service: Arc::clone(&service),
            limits: spec.limits.clone(),
            times: CallTimes::of_calls(&spec.limits),
            config: spec.config.clone(),
            outside: Outside::new(&spec.outbound),
            store,
            time: self.time.clone(),
            keys: self.keys.clone(),
            compute: self.compute.for_service(),
            large_instances: Arc::new(Semaphore::new(cores())),
            service_turns: ServiceTurns::new(),
            host_turns: Arc::clone(&self.turns),
            log: GuestLog::new(service, spec.limits.log_lines),
            figures: Arc::clone(&figures),
        };
        let live = TaskTracker::new();
        let drained = CancellationToken::new();
        let exports = Exports::of(&component);
        let wasi = http.wasi();
        let pool = InstancePool::new(pre, http, provisions, live.clone(), drained.clone());
        Generation {
            spec: spec.clone(),
            component,
            digest,
            wasi,
            exports,
            openapi: OnceLock::new(),
            collecting: tokio::sync::Mutex::default(),
            metrics_problem: OnceLock::new(),
            pool: Arc::new(pool),
            slots: Slots::new(&spec.limits),
            live,
            callees,
            stats: Arc::default(),
            figures,
            drained,
            holders: CancellationToken::new().drop_guard(),
            number: AtomicU64::new(0),
        }
    }

    fn component(
        &self,
        spec: &ServiceSpec,
        file: &ComponentFile,
    ) -> Result<Component, LoadProblem> {
        let digest = file.digest();
        if let Some(pinned) = spec.digest.filter(|pinned| *pinned != digest) {
            return Err(LoadProblem::OtherDigest {
                file: spec.component.clone(),
                found: digest,
                pinned,
            });
        }
        self.cache
            .component(&self.engines, file)
            .map_err(|error| LoadProblem::Unrunnable {
                file: spec.component.clone(),
                reason: format!("{error:#}"),
            })
    }
}
