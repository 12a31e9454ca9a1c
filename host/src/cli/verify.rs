//! `strongroom verify`.

use super::RegistryArgument;
use super::code_folder::CodeFolder;
use crate::registry::Registry;
use crate::runtime::{self, AuditReport, Loader, Verification, VerifyError};
use crate::wall_clock::TimeSource;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct VerifyArguments {
    #[command(flatten)]
    registry: RegistryArgument,
    /// The folder of the stores; overrides the registry
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

pub(super) async fn run(arguments: &VerifyArguments) -> anyhow::Result<ExitCode> {
    let Some(mut registry) = arguments.registry.load() else {
        return Ok(ExitCode::FAILURE);
    };
    registry.host.set_data(arguments.data.clone());
    if verify(&registry).await? {
        println!("sound");
        Ok(ExitCode::SUCCESS)
    } else {
        println!("NOT VERIFIED: see above");
        Ok(ExitCode::FAILURE)
    }
}

/// Verifies the data of a bank, and prints the report; returns whether all is sound.
async fn verify(registry: &Registry) -> anyhow::Result<bool> {
    let host = &registry.host;
    let code = CodeFolder::of(&host.cache)?;
    let loader = Loader::new(code.path(), None, TimeSource::default())?;
    let verified = runtime::verify(&loader, registry, &host.data).await;
    code.end()?;
    anyhow::ensure!(
        !verified.is_empty(),
        "{}: there is no store",
        host.data.display()
    );
    print_verified(&verified);
    Ok(is_sound(&verified))
}

/// Whether every check came to its end, and found nothing.
fn is_sound(verified: &[Verification]) -> bool {
    verified.iter().all(Verification::is_sound)
}

/// The same for data that was copied: a service that the registry has had since has no store in it.
pub(super) fn is_sound_where_it_is(verified: &[Verification]) -> bool {
    let there: Vec<_> = verified.iter().filter(|one| !one.has_no_store()).collect();
    !there.is_empty() && there.into_iter().all(Verification::is_sound)
}

/// Prints what was found out about each service.
pub(super) fn print_verified(verified: &[Verification]) {
    for Verification {
        service,
        outcome,
        unchecked,
    } in verified
    {
        match outcome {
            Ok(report) => print_report(service, report),
            Err(VerifyError::NotLoaded(problems)) => {
                for problem in problems {
                    eprintln!("{service}: {problem}");
                }
            }
            Err(VerifyError::Unfinished(reason)) => {
                eprintln!("{service}: the check did not come to its end: {reason}");
            }
        }
        if let Some(reason) = unchecked {
            println!("{service}: not checked: {reason}");
        }
    }
}

fn print_report(service: &str, report: &AuditReport) {
    for total in &report.totals {
        println!("{service}: {}: {}", total.name, total.value);
    }
    for check in &report.checks {
        let verdict = if check.violations.is_empty() {
            "ok"
        } else {
            "BROKEN"
        };
        println!(
            "{service}: {verdict}: {} ({} examined)",
            check.name, check.examined
        );
        for violation in &check.violations {
            println!("{service}:   {violation}");
        }
    }
}
