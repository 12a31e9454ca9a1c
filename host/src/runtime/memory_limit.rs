//! The limit on what an instance may allocate: the *sum* of its memories, and its tables.

use wasmtime::{Error, ResourceLimiter, Result};

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
}

impl MemoryLimit {
    /// A limit of so many bytes, and so many elements of tables.
    pub fn new(bytes_max: u64, table_elements_max: usize) -> Self {
        Self {
            bytes_max: usize::try_from(bytes_max).unwrap_or(usize::MAX),
            bytes: 0,
            table_elements_max,
            table_elements: 0,
            was_refused: false,
        }
    }

    /// Whether the guest ever asked for more than it may have: what it does next is most likely to trap.
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

    #[test]
    fn the_memories_of_an_instance_share_one_limit() {
        let mut limit = MemoryLimit::new(100, 0);
        assert!(limit.memory_growing(0, 60, None).unwrap());
        assert!(limit.memory_growing(0, 40, None).unwrap());
        assert!(!limit.was_refused());
        assert!(!limit.memory_growing(40, 41, None).unwrap());
        assert!(limit.was_refused());
    }
}
