//! `strongroom verify`.

use super::RegistryArgument;
use crate::runtime::{self, AuditReport, Loader};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct VerifyArguments {
    #[command(flatten)]
    registry: RegistryArgument,
    /// Where the stores live; overrides the registry
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

pub(super) async fn run(arguments: &VerifyArguments) -> ExitCode {
    let Some(mut registry) = arguments.registry.load() else {
        return ExitCode::FAILURE;
    };
    registry.host.set_data(arguments.data.clone());
    let loader = match Loader::new(&registry.host.cache, None) {
        Ok(loader) => loader,
        Err(error) => {
            eprintln!("strongroom: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let auditors = runtime::auditors(&loader, &registry, &registry.host.data);
    if auditors.is_empty() {
        eprintln!(
            "strongroom: no service of {} can check its data",
            registry.file.display()
        );
        return ExitCode::FAILURE;
    }
    // Each on a core of its own, if there are as many.
    let audits: Vec<_> = auditors
        .into_iter()
        .map(|(spec, auditor)| {
            let audit =
                auditor.map(|auditor| tokio::spawn(async move { runtime::audit(&auditor).await }));
            (&spec.name, audit)
        })
        .collect();
    let mut is_sound = true;
    for (service, audit) in audits {
        let report = match audit {
            Ok(audit) => audit
                .await
                .unwrap_or_else(|error| Some(Err(error.to_string()))),
            Err(problems) => {
                for problem in problems {
                    eprintln!("{service}: {problem}");
                }
                is_sound = false;
                continue;
            }
        };
        match report {
            Some(Ok(report)) => is_sound &= print(service, &report),
            Some(Err(reason)) => {
                eprintln!("{service}: the check did not come to its end: {reason}");
                is_sound = false;
            }
            None => {}
        }
    }
    if is_sound {
        println!("sound");
        ExitCode::SUCCESS
    } else {
        println!("NOT PROVEN SOUND: see above");
        ExitCode::FAILURE
    }
}

/// Prints a report; answers whether every invariant holds.
fn print(service: &str, report: &AuditReport) -> bool {
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
