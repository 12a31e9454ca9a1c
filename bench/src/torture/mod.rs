//! Loads far beyond those of a real host, and whether it bears them.

pub mod overload;
pub mod swaps;
pub mod verdict;
