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

/// What is said below the commands.
const MORE: &str = "\
Environment:
  STRONGROOM_ADMIN_PASSWORD  serve: the first administrator's password, at the first start; without
                             it, a random one is made and shown once
  STRONGROOM_ADMIN_TOKEN     admin, check --against: the token of a running host
                             [default: the one in the data folder]
  STRONGROOM_LOG             what is logged: error, warn, info, debug, or for example
                             info,access=off [default: info]

Exit codes:
  0  done; what was checked is sound
  1  it failed, or what was checked is not sound; standard error or the report says why
  2  the arguments are wrong

Examples:
  strongroom serve --registry bank.toml --data /var/lib/strongroom
  strongroom serve --dev
  strongroom check --registry new.toml --against 127.0.0.1:9090
  strongroom admin reset-password ann@example.com";

/// A banking backend in one binary, whose services are WebAssembly components.
#[derive(Debug, Parser)]
#[command(name = "strongroom", version, about, after_help = MORE)]
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
