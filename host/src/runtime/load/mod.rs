//! From the file of a component to a generation that can serve.

pub mod compiled;
pub mod compiler;
pub mod component_file;
mod engine;
mod imports;
pub mod loader;
pub mod offline;
pub mod trial;
