//! The commands of the binary, one file each.

mod admin;
mod against;
mod backup;
mod check;
mod check_host;
mod code_folder;
mod compile;
mod dev;
mod host_client;
mod progress;
mod requests;
mod restore;
mod scratch_folder;
mod serve;
mod verify;

use crate::builtin;
use crate::registry::{Registry, RegistryProblems};
use clap::{CommandFactory as _, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// The registry file that no option has to name.
const REGISTRY_NAME: &str = "registry.toml";

/// What is said below the commands.
const MORE: &str = "\
Defaults:
  registry.toml of this folder, its data in `data`; the bank on 127.0.0.1:8080, and the admin
  listener on 127.0.0.1:9090. Each command's --help has its own.

Signals of serve:
  SIGTERM, SIGINT  finish what runs, for up to 30 s; a second one ends the host at once
  SIGHUP           read the registry again

Environment:
  STRONGROOM_ADMIN_PASSWORD  serve: the first administrator's password, at the first start; without
                             it, a random one is made, and shown once on the terminal
                             or in a file of the data folder
  STRONGROOM_ADMIN_TOKEN     admin, backup, requests, check --against: the token of a running host
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
  strongroom backup /backups --every 1h --keep 24
  strongroom restore /backups/2026-11-27T22-10-00Z --data /var/lib/strongroom
  strongroom admin reset-password ann@example.com";

/// A banking backend in one binary, whose services are WebAssembly components.
#[derive(Debug, Parser)]
#[command(name = "strongroom", version, after_help = MORE)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the host: the gateway and all services of the registry
    Serve(serve::ServeArguments),
    /// Parse, load, type-check, and start everything that `serve` would, on temporary data; print
    /// all problems
    Check(check::CheckArguments),
    /// Check every invariant of the stored data, with the host running or not
    Verify(verify::VerifyArguments),
    /// Copy a running bank, as of one moment, into a folder
    Backup(backup::BackupArguments),
    /// Make a data folder of a backup, and verify it
    Restore(restore::RestoreArguments),
    /// Run an operator's command on a running host: reset-password, accept-clock
    Admin(admin::AdminArguments),
    /// Show what a recent request did, by its `x-request-id`
    Requests(requests::RequestsArguments),
    /// Compile a component from standard input; the host runs this for each that is new
    #[command(hide = true)]
    Compile(compile::CompileArguments),
}

/// The option that names the registry's file.
#[derive(Debug, clap::Args)]
struct RegistryArgument {
    /// The registry file [default: registry.toml; a release has one inside, for a folder without]
    #[arg(long = "registry", value_name = "FILE")]
    named: Option<PathBuf>,
}

impl RegistryArgument {
    /// The registry file.
    fn file(&self) -> PathBuf {
        let default = || {
            let file = PathBuf::from(REGISTRY_NAME);
            if builtin::has_bank() && !file.exists() {
                return PathBuf::from(builtin::REGISTRY);
            }
            file
        };
        self.named.clone().unwrap_or_else(default)
    }

    /// Reads the registry.
    fn read(&self) -> Result<Registry, RegistryProblems> {
        Registry::load(&self.file())
    }

    /// Reads the registry, or prints all that is wrong with it.
    fn load(&self) -> Option<Registry> {
        let registry = self.read().inspect_err(|problems| eprintln!("{problems}"));
        registry.ok()
    }
}

/// The commands and their options, for their manual.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Runs the command that the arguments name.
pub async fn run(cli: Cli) -> ExitCode {
    // With a handler, a limit on the size of files (`ulimit -f`) fails a write, as a full disk
    // does, and does not end the process.
    let _ = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()));
    let ended = match cli.command {
        Command::Serve(arguments) => serve::run(arguments).await,
        Command::Check(arguments) => check::run(arguments).await,
        Command::Verify(arguments) => verify::run(&arguments).await,
        Command::Backup(arguments) => backup::run(arguments).await,
        Command::Restore(arguments) => restore::run(arguments).await,
        Command::Admin(arguments) => admin::run(arguments).await,
        Command::Requests(arguments) => requests::run(arguments).await,
        Command::Compile(arguments) => compile::run(&arguments),
    };
    ended.unwrap_or_else(|error| {
        print_error(&error);
        ExitCode::FAILURE
    })
}

/// Prints why a command failed.
fn print_error(error: &anyhow::Error) {
    eprintln!("strongroom: {}", printable(&format!("{error:#}")));
}

/// Removes what could steer a terminal from a text that a component may have chosen.
fn printable(text: &str) -> String {
    let is_printable = |character: &char| *character == '\n' || !character.is_control();
    text.chars().filter(is_printable).collect()
}
