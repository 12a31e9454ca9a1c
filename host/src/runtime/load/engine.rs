//! The WebAssembly engines of the host: one for components of WASI 0.2, one for those of WASI 0.3.
//!
//! A component of WASI 0.3 may have many tasks at once. For these, wasmtime keeps tables and an
//! event loop in each store, and makes a task of each call from the guest to the host. A component
//! of WASI 0.2 has one task. In an engine without concurrency it pays for none of that.

use crate::registry::{INSTANCES_MAX, MEMORY_MAX, TABLE_ELEMENTS_MAX};
use crate::runtime::limits::cpu::EPOCH_TICK;
use wasmtime::component::Component;
use wasmtime::{
    Config, Engine, EngineWeak, InstanceAllocationStrategy, PoolingAllocationConfig, Result,
};

/// The most instances of an engine, for all services together. Each reserves some GiB of address
/// space, and takes memory only for what it touches.
const INSTANCES_TOTAL: u32 = 1_024;
/// The stack of a guest, on which its SQL is compiled too. Only what is touched of it takes memory.
const STACK_BYTES: usize = 8 << 20;
/// A component of Rust has 3 or 4 core modules (the preview 1 adapter, shims of libc), one of
/// Python some twenty (an interpreter in parts).
const CORE_INSTANCES_PER_COMPONENT: u32 = 64;
const MEMORIES_PER_COMPONENT: u32 = 2;
const TABLES_PER_COMPONENT: u32 = 8;
/// Metadata of an instance, in bytes.
const INSTANCE_BYTES: usize = 10 << 20;
/// How many free places keep the memory image of their last component: as many as the requests of
/// two services take at once.
const WARM_SLOTS_MAX: u32 = 128;
/// How much of a memory stays resident when its instance ends. To clear it costs less than to
/// return the pages to the kernel.
const MEMORY_KEPT_RESIDENT: usize = 256 << 10;
/// The machines that compiled code of a release runs on: without a processor's extensions.
const RELEASE_TARGET: &str = "x86_64-unknown-linux-gnu";

/// The engines.
pub struct Engines {
    /// For components of WASI 0.2.
    pub sequential: Engine,
    /// For components of WASI 0.3.
    pub concurrent: Engine,
}

impl Engines {
    /// Makes the engines, and starts the clock that their guests obey.
    ///
    /// # Errors
    /// The machine cannot run them.
    pub fn start() -> Result<Self> {
        let is_pooled = address_space_is_large();
        if !is_pooled {
            tracing::warn!(
                "the address space is limited (ulimit -v): instances are allocated one by one, which is slower"
            );
        }
        let engines = Self {
            sequential: Engine::new(&config(is_pooled, false))?,
            concurrent: Engine::new(&config(is_pooled, true))?,
        };
        let clocks = [engines.sequential.weak(), engines.concurrent.weak()];
        std::thread::Builder::new()
            .name("epoch".to_owned())
            .spawn(move || {
                while clocks
                    .iter()
                    .filter_map(EngineWeak::upgrade)
                    .map(tick)
                    .count()
                    > 0
                {
                    std::thread::sleep(EPOCH_TICK);
                }
            })?;
        Ok(engines)
    }

    /// Engines that compile for every machine of a release. Their guests obey no clock.
    ///
    /// # Errors
    /// This machine is of another kind.
    pub fn of_release() -> Result<Self> {
        let engine = |is_concurrent| {
            let mut config = config(false, is_concurrent);
            config.target(RELEASE_TARGET)?;
            Engine::new(&config)
        };
        Ok(Self {
            sequential: engine(false)?,
            concurrent: engine(true)?,
        })
    }

    /// Whether the engine of a component has all that the component imports.
    pub fn suit(&self, component: &Component) -> bool {
        let engine = component.engine();
        let imports = component.component_type();
        let mut names = imports.imports(engine).map(|(name, _)| name);
        let is_of_wasi_0_3 = |name: &str| name.starts_with("wasi:") && name.contains("@0.3.");
        self.is_concurrent(engine) || !names.any(is_of_wasi_0_3)
    }

    /// Whether a component of this engine may be of WASI 0.3.
    pub fn is_concurrent(&self, engine: &Engine) -> bool {
        Engine::same(engine, &self.concurrent)
    }
}

/// An engine that compiles for those of this machine, and runs nothing.
///
/// # Errors
/// The machine cannot run it.
pub fn to_compile(is_concurrent: bool) -> Result<Engine> {
    Engine::new(&config(false, is_concurrent))
}

fn tick(engine: Engine) {
    engine.increment_epoch();
}

fn config(is_pooled: bool, is_concurrent: bool) -> Config {
    let mut config = Config::new();
    config.epoch_interruption(true);
    config.concurrency_support(is_concurrent);
    config.memory_init_cow(true);
    config.async_stack_size(STACK_BYTES);
    if is_pooled {
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
    }
    config
}

fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(INSTANCES_TOTAL)
        .total_core_instances(INSTANCES_TOTAL * CORE_INSTANCES_PER_COMPONENT)
        .total_memories(INSTANCES_TOTAL * MEMORIES_PER_COMPONENT)
        .total_tables(INSTANCES_TOTAL * TABLES_PER_COMPONENT)
        .total_stacks(INSTANCES_TOTAL)
        .max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT)
        .max_memories_per_component(MEMORIES_PER_COMPONENT)
        .max_tables_per_component(TABLES_PER_COMPONENT)
        .max_component_instance_size(INSTANCE_BYTES)
        .max_core_instance_size(INSTANCE_BYTES)
        .max_memory_size(usize::try_from(MEMORY_MAX).unwrap_or(usize::MAX))
        .table_elements(usize::try_from(TABLE_ELEMENTS_MAX).unwrap_or(usize::MAX))
        .linear_memory_keep_resident(MEMORY_KEPT_RESIDENT)
        .max_unused_warm_slots(WARM_SLOTS_MAX);
    debug_assert!(INSTANCES_MAX <= u64::from(INSTANCES_TOTAL));
    pool
}

/// Whether the pool's reservation has room: the pool would fail with an error that names no cause.
fn address_space_is_large() -> bool {
    let engine = || Engine::new(&config(true, false));
    // Both engines at once: each has a pool of its own.
    engine().is_ok_and(|_first| engine().is_ok())
}
