//! What an instance of a component has in the host: the data of its [`wasmtime::Store`].

use super::figures::ServiceFigures;
use crate::client::Client;
use crate::keys::{Keys, KeysView};
use crate::links::LinkView;
use crate::registry::Limits;
use crate::runtime::limits::call_times::CallTimes;
use crate::runtime::limits::compute::{ComputeView, Permits};
use crate::runtime::limits::cpu::{CpuBudget, HostTurns, ServiceTurns};
use crate::runtime::limits::guest_log::GuestLog;
use crate::runtime::limits::in_flight::InFlight;
use crate::runtime::limits::memory_limit::{Large, MemoryLimit};
use crate::runtime::limits::outbound::{Outbound, Outside};
use crate::store::{ServiceStore, StoreSession, StoreView};
use crate::wall_clock::TimeSource;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::Semaphore;
use wasmtime::component::ResourceTable;
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_config::{WasiConfig, WasiConfigVariables};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// The most bytes of header fields that a guest may build, as memory.
const FIELD_BYTES_MAX: usize = 64 << 10;
/// How many resources of the host an instance may hold between two calls. Behind each there may be
/// memory that no other bound counts.
const HANDLES_KEPT_MAX: usize = 64;
/// The most random bytes of one call.
const RANDOM_BYTES_MAX: u64 = 64 << 10;

/// What all instances of a generation share.
pub struct Provisions {
    pub service: Arc<str>,
    pub limits: Limits,
    /// The times of ordinary calls.
    pub times: CallTimes,
    pub config: Vec<(String, String)>,
    pub outside: Outside,
    pub store: Option<ServiceStore>,
    /// What the wall clock of the guests shows.
    pub time: TimeSource,
    /// None where nothing is served, such as in an audit.
    pub keys: Option<Arc<Keys>>,
    pub compute: Permits,
    /// The places of idle instances that have grown large.
    pub large_instances: Arc<Semaphore>,
    /// Whose turn it is to use much CPU time: among this service's guests, and among all.
    pub service_turns: Arc<ServiceTurns>,
    pub host_turns: Arc<HostTurns>,
    pub log: GuestLog,
    pub figures: Arc<ServiceFigures>,
}

/// The data of one instance.
pub struct Context {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: Outbound,
    table: ResourceTable,
    config: WasiConfigVariables,
    pub memory: MemoryLimit,
    session: StoreSession,
    keys: Option<Arc<Keys>>,
    compute: Permits,
    /// The client whose request it serves. A link call or a tick has none.
    client: Option<Client>,
    cpu: CpuBudget,
    /// How long link calls have taken since the last tick.
    waited_for_links: Duration,
    log: GuestLog,
}

impl Context {
    /// Makes the store of a new instance. `retire` becomes true when the instance has broken a
    /// bound or grown too large, and must not serve again.
    pub fn store(engine: &Engine, provisions: &Provisions, retire: Arc<AtomicBool>) -> Store<Self> {
        let limits = &provisions.limits;
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(FIELD_BYTES_MAX);
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles);
        let wasi = WasiCtx::builder()
            .stdout(provisions.log.stream("stdout"))
            .stderr(provisions.log.stream("stderr"))
            .max_random_size(RANDOM_BYTES_MAX)
            .wall_clock(provisions.time.clone())
            .build();
        let context = Self {
            wasi,
            http,
            outbound: Outbound::new(provisions.outside.clone(), provisions.times.wall),
            table,
            config: provisions.config.iter().cloned().collect(),
            memory: MemoryLimit::new(
                limits.memory,
                limits.table_elements,
                Large::new(&provisions.large_instances, &retire),
            ),
            session: StoreSession::new(provisions.store.clone(), provisions.times.store, retire),
            keys: provisions.keys.clone(),
            compute: provisions.compute.clone(),
            client: None,
            cpu: CpuBudget::new(
                provisions.times.cpu,
                Arc::clone(&provisions.service_turns),
                Arc::clone(&provisions.host_turns),
            ),
            waited_for_links: Duration::ZERO,
            log: provisions.log.clone(),
        };
        let mut store = Store::new(engine, context);
        store.limiter(|context| &mut context.memory);
        store.set_hostcall_fuel(usize::try_from(limits.hostcall).unwrap_or(usize::MAX));
        store.set_max_component_handles(limits.handles);
        store.epoch_deadline_callback(|mut store| {
            let context = store.data_mut();
            let waited =
                std::mem::take(&mut context.waited_for_links) + context.session.take_waited();
            Ok(context.cpu.tick(waited, context.session.is_writing()))
        });
        store.set_epoch_deadline(1);
        store
    }

    /// Whether it holds more of the host between two calls than a guest in order does.
    pub fn holds_much(&mut self) -> bool {
        self.table.iter_mut().take(HANDLES_KEPT_MAX + 1).count() > HANDLES_KEPT_MAX
    }

    /// Begins a call. `in_flight` learns if the guest uses more CPU time than it may.
    pub fn begin_call(&mut self, times: &CallTimes, in_flight: Option<Arc<InFlight>>) {
        self.session.set_times(times.store);
        self.outbound.begin_call();
        self.memory.begin_call();
        self.client = in_flight.as_deref().map(InFlight::client);
        self.cpu.begin(times.cpu, in_flight);
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
        self.outbound.is_writing = self.session.is_writing();
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

    fn link_call_ended(&mut self, waited: Duration, has_failed: bool) -> bool {
        self.waited_for_links += waited;
        has_failed && self.log.admits_line()
    }
}

/// The views by which the interfaces of the host see an instance.
impl Context {
    pub fn store_view(&mut self) -> StoreView<'_> {
        StoreView {
            session: &mut self.session,
            table: &mut self.table,
        }
    }

    pub fn keys_view(&mut self) -> KeysView<'_> {
        KeysView {
            keys: self.keys.as_ref(),
        }
    }

    pub fn config_view(&mut self) -> WasiConfig<'_> {
        WasiConfig::from(&self.config)
    }

    pub fn outbound(&mut self) -> &mut Outbound {
        &mut self.outbound
    }

    pub fn compute_view(&mut self) -> ComputeView<'_> {
        ComputeView {
            permits: &self.compute,
            client: self.client,
            table: &mut self.table,
        }
    }
}
