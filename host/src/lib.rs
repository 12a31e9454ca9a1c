//! `strongroom`: a banking backend in one binary, whose services are WebAssembly components.
//!
//! A request passes through the modules in this order: [`gateway`] (socket, route, token),
//! [`runtime`] (the service's instance), and, from inside the component, [`store`], [`links`], and
//! [`keys`]. [`registry`] is the configuration, [`swap`] applies its changes while requests go on,
//! and [`admin`] shows the state. The host knows nothing of banks: the components do.
//!
//! This is a library so that three binaries share it: `strongroom`, which is released,
//! `strongroom-dist`, which makes what the archive of a [`release`] has beside it, and
//! `strongroom-faulty` of the tests, which sets the hook of [`faults`].

/// An array whose rows rustfmt leaves as they are.
#[cfg(test)]
macro_rules! rows {
    ($($row:expr),* $(,)?) => { [$($row),*] };
}

mod admin;
mod arriving_body;
mod backup;
mod bearer;
mod builtin;
mod cli;
mod client;
mod client_shares;
mod connections;
mod data_lock;
mod durable_file;
mod fair_line;
mod file_reader;
mod fingerprint;
mod gateway;
mod keys;
mod line_file;
mod links;
mod metrics;
mod network_address;
mod open_files;
mod private_file;
mod registry;
mod regular_file;
pub mod release;
mod resolver;
mod runtime;
mod scope;
mod store;
mod swap;
mod telemetry;
mod thread_clock;
mod wall_clock;

pub use store::faults;

use clap::Parser as _;
use std::process::ExitCode;

/// The stack of a thread: long reads compile the SQL of guests there.
const STACK_BYTES: usize = 8 << 20;

/// The system's allocator was among the top entries in every profile of a small request.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs the command of the process's arguments.
pub fn run() -> ExitCode {
    let command = cli::Cli::parse();
    let mut threads = tokio::runtime::Builder::new_multi_thread();
    let runtime = threads.enable_all().thread_stack_size(STACK_BYTES).build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("strongroom: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(cli::run(command));
    // All that matters has ended. A thread that waits for a hung mount must not keep the process.
    runtime.shutdown_background();
    code
}
