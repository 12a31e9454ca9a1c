//! Measurements that need no load.

pub mod disk;
pub mod process;
pub mod ready;
