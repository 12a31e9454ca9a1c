//! What a host must bear, far beyond what it ever meets.

mod connections;
pub mod siege;
pub mod swaps;
pub mod verdict;
