//! `strongroom verify`.

use super::RegistryArgument;
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

pub(super) async fn run(arguments: &VerifyArguments) -> ExitCode {
    let Some(mut registry) = arguments.registry.load() else {
        return ExitCode::FAILURE;
    };
    registry.host.set_data(arguments.data.clone());
    let loader = match Loader::new(&registry.host.cache, None, TimeSource::default()) {
        Ok(loader) => loader,
        Err(error) => {
            eprintln!("strongroom: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let verified = runtime::verify(&loader, &registry, &registry.host.data).await;
    if verified.is_empty() {
        eprintln!(
            "strongroom: no service of {} can check its data",
            registry.file.display()
        );
        return ExitCode::FAILURE;
    }
    let mut is_sound = true;
    for verification in &verified {
        is_sound &= print(verification);
    }
    if is_sound {
        println!("sound");
        ExitCode::SUCCESS
    } else {
        println!("NOT VERIFIED: see above");
        ExitCode::FAILURE
    }
}

/// Prints what was found out about a service; returns whether its data is sound.
fn print(Verification { service, outcome }: &Verification<'_>) -> bool {
    match outcome {
        Ok(report) => return print_report(service, report),
        Err(VerifyError::NotLoaded(problems)) => {
            for problem in problems {
                eprintln!("{service}: {problem}");
            }
        }
        Err(VerifyError::Unfinished(reason)) => {
            eprintln!("{service}: the check did not come to its end: {reason}");
        }
    }
    false
}

fn print_report(service: &str, report: &AuditReport) -> bool {
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
    report
        .checks
        .iter()
        .all(|check| check.violations.is_empty())
}
