//! What a release has beside the binary, or inside it. `strongroom-dist` writes it.

pub use crate::cli::command;
pub use crate::runtime::compile_for_release as compile;
