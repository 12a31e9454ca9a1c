//! Figures that need no load.

pub mod disk;
pub mod memory;
pub mod ready;
