//! `strongroom`: a banking backend in one binary, whose services are WebAssembly components.
//!
//! A request passes through the modules in this order: [`gateway`] (socket, token, route),
//! [`runtime`] (the service's instance), and, from inside the component, [`store`], [`links`], and
//! [`keys`]. [`registry`] says what there is, [`swap`] makes it so while requests go on, and
//! [`admin`] shows it. The host knows nothing of banks: that is the components' business.
//!
//! This is a library so that two binaries share it: `strongroom`, which is released, and
//! `strongroom-faulty` of the tests, which sets the hook of [`faults`].

mod admin;
mod cli;
mod client;
mod durable_file;
mod gateway;
mod keys;
mod links;
mod registry;
mod runtime;
mod store;
mod swap;
mod telemetry;
mod thread_clock;

pub use store::faults;

use clap::Parser as _;
use std::process::ExitCode;

/// The system's allocator was among the first in every profile of a small request.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs the command of the process's arguments.
#[tokio::main]
pub async fn run() -> ExitCode {
    cli::run(cli::Cli::parse()).await
}
