//! The WebAssembly engine: one for the host.

use crate::registry::{INSTANCES_MAX, MEMORY_MAX, TABLE_ELEMENTS_MAX};
use std::time::Duration;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Result};

/// How often running guests give way, and are counted a tick of CPU time. Those who wait for a core wait so long for each guest that
/// runs before them.
pub(super) const EPOCH_TICK: Duration = Duration::from_millis(2);

/// The most instances of all services together; each takes some GiB of address space, and memory only for what it touches.
const INSTANCES_TOTAL: u32 = 1_024;
/// A component of Rust has 3 or 4 core modules (preview 1 adapter, libc shims), one of Python some twenty (an interpreter in parts).
const CORE_INSTANCES_PER_COMPONENT: u32 = 64;
const MEMORIES_PER_COMPONENT: u32 = 2;
const TABLES_PER_COMPONENT: u32 = 8;
/// Metadata of an instance, in bytes.
const INSTANCE_BYTES: usize = 10 << 20;
/// How many free places keep the memory image of the component that they were last used for: as many as two services' requests take at once.
const WARM_SLOTS_MAX: u32 = 128;
/// What stays resident of a memory when its instance ends: cleared by hand, cheaper than giving the pages back.
const MEMORY_KEPT_RESIDENT: usize = 256 << 10;

/// Makes the engine, and starts the clock that its guests obey.
///
/// # Errors
/// The machine cannot run it.
pub(super) fn start() -> Result<Engine> {
    let mut config = Config::new();
    config.epoch_interruption(true);
    config.wasm_component_model_async(true);
    config.memory_init_cow(true);
    if address_space_is_large() {
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
    } else {
        tracing::warn!(
            "the address space is limited (ulimit -v): instances are allocated one by one, which is slower"
        );
    }
    let engine = Engine::new(&config)?;
    let clock = engine.weak();
    std::thread::Builder::new()
        .name("epoch".to_owned())
        .spawn(move || {
            loop {
                std::thread::sleep(EPOCH_TICK);
                match clock.upgrade() {
                    Some(engine) => engine.increment_epoch(),
                    None => return,
                }
            }
        })?;
    Ok(engine)
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
    let mut probe = Config::new();
    probe.allocation_strategy(InstanceAllocationStrategy::Pooling(pool()));
    probe.epoch_interruption(true);
    Engine::new(&probe).is_ok()
}
