//! The commands of the binary, one file each.

mod admin;
mod against;
mod check;
mod dev;
mod host_client;
mod serve;
mod verify;

use crate::registry::Registry;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// A banking backend in one binary, whose services are WebAssembly components.
#[derive(Debug, Parser)]
#[command(name = "strongroom", version, about)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the host: the gateway and all services of the registry
    Serve(serve::ServeArguments),
    /// Parse, load, and type-check everything that `serve` would; print all problems
    Check(check::CheckArguments),
    /// Check every invariant of the stored data, with the host running or not
    Verify(verify::VerifyArguments),
    /// Run an operator's command on a running host: reset-password, accept-clock
    Admin(admin::AdminArguments),
}

/// The option that names the registry's file.
#[derive(Debug, clap::Args)]
struct RegistryArgument {
    /// The registry file
    #[arg(long, value_name = "FILE", default_value = "registry.toml")]
    registry: PathBuf,
}

impl RegistryArgument {
    /// Reads the registry, or prints all that is wrong with it.
    fn load(&self) -> Option<Registry> {
        match Registry::load(&self.registry) {
            Ok(registry) => Some(registry),
            Err(problems) => {
                eprintln!("{problems}");
                None
            }
        }
    }
}

/// Runs the command that the arguments name.
pub async fn run(cli: Cli) -> ExitCode {
    match cli.command {
        Command::Serve(arguments) => serve::run(arguments).await,
        Command::Check(arguments) => check::run(arguments).await,
        Command::Verify(arguments) => verify::run(&arguments).await,
        Command::Admin(arguments) => admin::run(arguments).await,
    }
}
