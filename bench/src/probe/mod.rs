//! Measurements that need no load.

pub mod cpu;
pub mod disk;
pub mod memory;
pub mod ready;
