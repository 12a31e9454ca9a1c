//! What an instance of a component has in the host: the data of its [`wasmtime::Store`].

use super::compute::ComputeView;
use super::fate::RequestFate;
use super::guest_log::GuestLog;
use super::memory_limit::MemoryLimit;
use super::outbound::NoOutbound;
use crate::keys::{Keys, KeysView};
use crate::links::LinkView;
use crate::registry::Limits;
use crate::store::{ServiceStore, StoreSession, StoreView};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::Semaphore;
use wasmtime::component::ResourceTable;
use wasmtime::{Engine, Store, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_config::{WasiConfig, WasiConfigVariables};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// The most bytes that one call may copy from a guest into the host.
const HOSTCALL_BYTES_MAX: usize = 8 << 20;
/// The most resources an instance may hold: a request needs some ten.
const HANDLES_MAX: usize = 4_096;
/// The most bytes of header fields that a guest may build, as memory.
const FIELD_BYTES_MAX: usize = 64 << 10;
/// The most random bytes of one call.
const RANDOM_BYTES_MAX: u64 = 64 << 10;

/// What all instances of a generation share.
pub(super) struct Provisions {
    pub(super) service: Arc<str>,
    pub(super) limits: Limits,
    pub(super) config: Vec<(String, String)>,
    pub(super) store: Option<ServiceStore>,
    /// None where nothing is served, such as in an audit.
    pub(super) keys: Option<Arc<Keys>>,
    pub(super) compute: Arc<Semaphore>,
    pub(super) log: GuestLog,
}

/// The data of one instance.
pub(super) struct Context {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: NoOutbound,
    table: ResourceTable,
    config: WasiConfigVariables,
    pub(super) memory: MemoryLimit,
    session: StoreSession,
    keys: Option<Arc<Keys>>,
    compute: Arc<Semaphore>,
    cpu: CpuBudget,
}

/// The CPU time of the call that runs, in ticks of the engine's clock.
struct CpuBudget {
    ticks: u64,
    ticks_max: u64,
    fate: Option<Arc<RequestFate>>,
}

impl Context {
    /// A store for a new instance. `retire` is set when the instance has broken a bound and must not serve again.
    pub(super) fn store(
        engine: &Engine,
        provisions: &Provisions,
        retire: Arc<AtomicBool>,
    ) -> Store<Self> {
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(FIELD_BYTES_MAX);
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES_MAX);
        let wasi = WasiCtx::builder()
            .stdout(provisions.log.stream("stdout"))
            .stderr(provisions.log.stream("stderr"))
            .max_random_size(RANDOM_BYTES_MAX)
            .build();
        let context = Self {
            wasi,
            http,
            outbound: NoOutbound,
            table,
            config: provisions.config.iter().cloned().collect(),
            memory: MemoryLimit::new(provisions.limits.memory),
            session: StoreSession::new(provisions.store.clone(), retire),
            keys: provisions.keys.clone(),
            compute: Arc::clone(&provisions.compute),
            cpu: CpuBudget::new(provisions.limits.cpu),
        };
        let mut store = Store::new(engine, context);
        store.limiter(|context| &mut context.memory);
        store.set_hostcall_fuel(HOSTCALL_BYTES_MAX);
        store.set_max_component_handles(HANDLES_MAX);
        store.epoch_deadline_callback(|mut store| Ok(store.data_mut().cpu.tick()));
        store.set_epoch_deadline(1);
        store
    }

    /// Begins the CPU time of a new call; `fate` is told if the call uses more than it may.
    pub(super) fn begin_call(&mut self, fate: Option<Arc<RequestFate>>) {
        self.cpu.ticks = 0;
        self.cpu.fate = fate;
    }
}

impl CpuBudget {
    fn new(time: Duration) -> Self {
        let ticks = time.as_millis() / super::engine::EPOCH_TICK.as_millis();
        Self {
            ticks: 0,
            ticks_max: u64::try_from(ticks).unwrap_or(u64::MAX).max(1),
            fate: None,
        }
    }

    /// At each tick the guest gives way, so that its deadline is seen; past its budget it is interrupted.
    fn tick(&mut self) -> UpdateDeadline {
        self.ticks += 1;
        if self.ticks <= self.ticks_max {
            return UpdateDeadline::Yield(1);
        }
        if let Some(fate) = self.fate.take() {
            fate.end_time();
        }
        UpdateDeadline::Interrupt
    }
}

impl WasiView for Context {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for Context {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.outbound,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

impl LinkView for Context {
    fn is_writing(&self) -> bool {
        self.session.is_writing()
    }
}

/// The views by which the interfaces of the host see an instance.
impl Context {
    pub(super) fn store_view(&mut self) -> StoreView<'_> {
        StoreView {
            session: &mut self.session,
            table: &mut self.table,
        }
    }

    pub(super) fn keys_view(&mut self) -> KeysView<'_> {
        KeysView {
            keys: self.keys.as_ref(),
        }
    }

    pub(super) fn config_view(&mut self) -> WasiConfig<'_> {
        WasiConfig::from(&self.config)
    }

    pub(super) fn compute_view(&mut self) -> ComputeView<'_> {
        ComputeView {
            permits: &self.compute,
            table: &mut self.table,
        }
    }
}
