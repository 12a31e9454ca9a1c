//! Makes a generation of what the registry says: read, compile, type-check, link. Nothing of it is in service yet.

use super::audit::{AUDIT, AUDIT_FUNCTION};
use super::call_times::CallTimes;
use super::callees::Callees;
use super::compiled::CompiledCache;
use super::component_file::ComponentFile;
use super::compute::Permits;
use super::context::{Context, Provisions};
use super::cpu::{HostTurns, ServiceTurns, cores};
use super::engine;
use super::generation::{Generation, Pre};
use super::guest_log::GuestLog;
use super::handler::Workers;
use super::imports;
use super::lifecycle::{LIFECYCLE, Lifecycle};
use super::live::{LiveCount, Presence};
use super::outbound::Outside;
use super::problem::LoadProblem;
use super::residents::Residents;
use super::services::Services;
use super::slots::Slots;
use crate::keys::Keys;
use crate::links::FunctionName;
use crate::registry::{Digest, ServiceSpec};
use crate::store::ServiceStore;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, ComponentExportIndex, Linker};
use wasmtime_wasi_http::handler::{ProxyHandler, ProxyPre};
use wasmtime_wasi_http::{p2, p3};

/// Everything that generations are made with.
pub struct Loader {
    engine: Engine,
    cache: CompiledCache,
    /// None where nothing is served, such as for a check.
    keys: Option<Arc<Keys>>,
    compute: Permits,
    /// Whose turn it is, of all services' guests, to use much CPU time.
    turns: Arc<HostTurns>,
}

/// A component that fits the host. Whether it fits its callees is another question.
pub(super) struct Prepared {
    pub(super) component: Component,
    digest: Digest,
    pre: Pre,
    proxy: ProxyPre<Context>,
    wasi: &'static str,
    callees: Arc<Callees>,
}

impl Loader {
    /// A loader whose compiled code is kept in the folder `cache`.
    ///
    /// # Errors
    /// The engine cannot run here, or the folder cannot be used.
    pub fn new(cache: &Path, keys: Option<Arc<Keys>>) -> anyhow::Result<Self> {
        let engine = engine::start()?;
        let cache = CompiledCache::open(cache, &engine)?;
        let turns = match keys {
            Some(_) => HostTurns::new(),
            None => HostTurns::unshared(),
        };
        Ok(Self {
            engine,
            cache,
            keys,
            compute: Permits::of_host(),
            turns,
        })
    }

    /// Compiles a component, and checks its imports and exports against the host's. Blocks, for a minute if the component is new and
    /// large.
    ///
    /// # Errors
    /// Everything that keeps it from serving.
    pub(super) fn prepare(
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
    pub(super) fn prepare_again(
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
        let linker = imports::linker(&self.engine, spec, &component, &callees)?;
        let (pre, proxy, wasi) =
            instance_kinds(&linker, &component).map_err(|problem| vec![problem])?;
        Ok(Prepared {
            component,
            digest,
            pre,
            proxy,
            wasi,
            callees,
        })
    }

    /// Makes a generation that calls the services of `services`; it has no instance yet. Blocks like [`Loader::prepare`].
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
        Ok(self.generation(spec, prepared, store))
    }

    /// Checks a generation's links against the generations that `callee` finds.
    pub fn check_links<'g>(
        &self,
        caller: &Generation,
        callee: impl Fn(&str) -> Option<&'g Generation>,
    ) -> Vec<LoadProblem> {
        imports::check_links(&self.engine, caller.spec(), caller.component(), |name| {
            callee(name).map(Generation::component)
        })
    }

    /// Checks those of `caller`'s links that lead to `callee`.
    pub fn check_link(&self, caller: &Generation, callee: &Generation) -> Vec<LoadProblem> {
        let links = caller.spec().links.iter();
        links
            .filter(|link| link.service == callee.spec().name)
            .flat_map(|link| {
                let component = Some(callee.component());
                imports::check_link(&self.engine, link, caller.component(), component)
            })
            .collect()
    }

    /// The engine, for checks of components that make no generation.
    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether a component can check the data of its service.
    pub(super) fn can_audit(&self, prepared: &Prepared) -> bool {
        function(
            &exported_functions(&self.engine, &prepared.component),
            AUDIT,
            AUDIT_FUNCTION,
        )
        .is_some()
    }

    /// Makes a generation; it has no instance yet.
    pub(super) fn generation(
        &self,
        spec: &ServiceSpec,
        prepared: Prepared,
        store: Option<ServiceStore>,
    ) -> Generation {
        let Prepared {
            component,
            digest,
            pre,
            proxy,
            wasi,
            callees,
        } = prepared;
        let service: Arc<str> = spec.name.as_str().into();
        let provisions = Arc::new(Provisions {
            service: Arc::clone(&service),
            limits: spec.limits.clone(),
            times: CallTimes::of_calls(&spec.limits),
            config: spec.config.clone(),
            outside: Outside::new(&spec.outbound),
            store,
            keys: self.keys.clone(),
            compute: self.compute.for_service(),
            large_instances: Arc::new(Semaphore::new(cores())),
            service_turns: ServiceTurns::new(),
            host_turns: Arc::clone(&self.turns),
            log: GuestLog::new(service, spec.limits.log_lines),
        });
        let live = LiveCount::default();
        let drained = CancellationToken::new();
        let functions = exported_functions(&self.engine, &component);
        let lifecycle = function(&functions, LIFECYCLE, "start")
            .zip(function(&functions, LIFECYCLE, "tick"))
            .map(|(start, tick)| Lifecycle { start, tick });
        let audit = function(&functions, AUDIT, AUDIT_FUNCTION);
        let residents = Residents::new(
            &self.engine,
            pre,
            &provisions,
            live.clone(),
            drained.clone(),
        );
        let handler = ProxyHandler::new(Workers {
            engine: self.engine.clone(),
            pre: proxy,
            provisions,
            live: live.clone(),
            drained: drained.clone(),
        });
        Generation {
            spec: spec.clone(),
            component,
            digest,
            wasi,
            functions,
            lifecycle,
            audit,
            handler,
            residents,
            slots: Slots::new(&spec.limits),
            live,
            callees,
            scores: Arc::default(),
            drained,
            presence: Presence::begin(),
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
            .component(&self.engine, &file.bytes, digest)
            .map_err(|error| LoadProblem::NotAComponent {
                file: spec.component.clone(),
                reason: format!("{error:#}"),
            })
    }
}

/// What instances are made of: for calls, and for requests of WASI 0.3 or 0.2.
fn instance_kinds(
    linker: &Linker<Context>,
    component: &Component,
) -> Result<(Pre, ProxyPre<Context>, &'static str), LoadProblem> {
    let pre = linker
        .instantiate_pre(component)
        .map_err(|error| LoadProblem::DoesNotFit(format!("{error:#}")))?;
    if let Ok(service) = p3::bindings::ServicePre::new(pre.clone()) {
        return Ok((pre, ProxyPre::P3(service), "0.3"));
    }
    match p2::bindings::ProxyPre::new(pre.clone()) {
        Ok(proxy) => Ok((pre, ProxyPre::P2(proxy), "0.2")),
        Err(_) => Err(LoadProblem::NoHandler),
    }
}

/// Every function that the component exports in an interface.
fn exported_functions(
    engine: &Engine,
    component: &Component,
) -> HashMap<FunctionName, ComponentExportIndex> {
    let mut functions = HashMap::new();
    let ty = component.component_type();
    for (interface, item) in ty.exports(engine) {
        let ComponentItem::ComponentInstance(instance) = item.ty else {
            continue;
        };
        let Some(parent) = component.get_export_index(None, interface) else {
            continue;
        };
        for (name, item) in instance.exports(engine) {
            let ComponentItem::ComponentFunc(_) = item.ty else {
                continue;
            };
            if let Some(index) = component.get_export_index(Some(&parent), name) {
                let name = FunctionName {
                    interface: interface.to_owned(),
                    function: name.to_owned(),
                };
                functions.insert(name, index);
            }
        }
    }
    functions
}

fn function(
    functions: &HashMap<FunctionName, ComponentExportIndex>,
    interface: &str,
    function: &str,
) -> Option<ComponentExportIndex> {
    let name = FunctionName {
        interface: interface.to_owned(),
        function: function.to_owned(),
    };
    functions.get(&name).copied()
}
