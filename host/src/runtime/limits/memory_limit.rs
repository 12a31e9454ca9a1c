//! The limit on what an instance may allocate: the *sum* of its memories, and its tables.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::{Error, ResourceLimiter, Result};

/// An instance is large when its memory has grown by this many bytes. What it starts with is an
/// image that all instances share.
const LARGE_BYTES: usize = 4 << 20;

const INSTANCES_MAX: usize = 64;
const TABLES_MAX: usize = 32;
const MEMORIES_MAX: usize = 2;

/// Counts what one instance has.
#[derive(Debug)]
pub struct MemoryLimit {
    bytes_max: usize,
    bytes: usize,
    table_elements_max: usize,
    table_elements: usize,
    /// Whether the guest asked for more than it may have.
    was_refused: bool,
    large: Large,
}

/// How many large instances of a service are kept when they have done their work. A memory never
/// shrinks: without a bound a flood of password hashes would leave as many large instances as the
/// service may have.
#[derive(Debug)]
pub struct Large {
    places: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
    grown_bytes: usize,
    /// Set where there is no place: the instance serves this request, and no other.
    retire: Arc<AtomicBool>,
}

impl Large {
    pub fn new(places: &Arc<Semaphore>, retire: &Arc<AtomicBool>) -> Self {
        Self {
            places: Arc::clone(places),
            held: None,
            grown_bytes: 0,
            retire: Arc::clone(retire),
        }
    }

    fn note(&mut self, more_bytes: usize) {
        self.grown_bytes = self.grown_bytes.saturating_add(more_bytes);
        if self.grown_bytes < LARGE_BYTES || self.held.is_some() {
            return;
        }
        match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => self.held = Some(place),
            Err(_) => self.retire.store(true, Relaxed),
        }
    }
}

impl MemoryLimit {
    /// A limit of bytes, and of elements of tables.
    pub fn new(bytes_max: u64, table_elements_max: usize, large: Large) -> Self {
        Self {
            bytes_max: usize::try_from(bytes_max).unwrap_or(usize::MAX),
            bytes: 0,
            table_elements_max,
            table_elements: 0,
            was_refused: false,
            large,
        }
    }

    /// Begins a call.
    pub fn begin_call(&mut self) {
        self.was_refused = false;
    }

    /// Whether the guest has asked for more than it may have in this call: what it does next is
    /// most likely to trap.
    pub fn was_refused(&self) -> bool {
        self.was_refused
    }
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        let total = self.bytes.saturating_add(desired.saturating_sub(current));
        let fits = total <= self.bytes_max;
        if fits {
            self.bytes = total;
            if current > 0 {
                self.large.note(desired.saturating_sub(current));
            }
        } else {
            self.was_refused = true;
        }
        Ok(fits)
    }

    fn memory_grow_failed(&mut self, _: Error) -> Result<()> {
        self.was_refused = true;
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> Result<bool> {
        let total = self
            .table_elements
            .saturating_add(desired.saturating_sub(current));
        let fits = total <= self.table_elements_max;
        if fits {
            self.table_elements = total;
        }
        Ok(fits)
    }

    fn instances(&self) -> usize {
        INSTANCES_MAX
    }

    fn tables(&self) -> usize {
        TABLES_MAX
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(bytes_max: u64, places: &Arc<Semaphore>) -> (MemoryLimit, Arc<AtomicBool>) {
        let retire = Arc::default();
        let large = Large::new(places, &retire);
        (MemoryLimit::new(bytes_max, 0, large), retire)
    }

    #[test]
    fn the_memories_of_an_instance_share_one_limit() {
        let (mut limit, _) = limit(100, &Arc::new(Semaphore::new(1)));
        assert!(limit.memory_growing(0, 60, None).unwrap());
        assert!(limit.memory_growing(0, 40, None).unwrap());
        assert!(!limit.was_refused());
        assert!(!limit.memory_growing(40, 41, None).unwrap());
        assert!(limit.was_refused());
    }

    #[test]
    fn of_instances_that_grew_large_only_so_many_are_kept() {
        let places = Arc::new(Semaphore::new(1));
        let (mut first, first_retires) = limit(1 << 30, &places);
        let (mut second, second_retires) = limit(1 << 30, &places);
        for limit in [&mut first, &mut second] {
            assert!(limit.memory_growing(1, LARGE_BYTES + 1, None).unwrap());
        }
        assert!(!first_retires.load(Relaxed));
        assert!(second_retires.load(Relaxed));
        drop(first);
        assert_eq!(places.available_permits(), 1);
    }
}
