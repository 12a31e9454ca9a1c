//! `strongroom compile`: what the host runs for each component that is new.

use crate::runtime::run_compiler;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct CompileArguments {
    /// For the engine of components of WASI 0.3
    #[arg(long)]
    concurrent: bool,
}

pub(super) fn run(arguments: &CompileArguments) -> anyhow::Result<ExitCode> {
    run_compiler(arguments.concurrent)
}
