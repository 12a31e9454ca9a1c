//! `strongroom check`.

use super::RegistryArgument;
use crate::runtime::{self, LoadProblem, Loader};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct CheckArguments {
    #[command(flatten)]
    registry: RegistryArgument,
}

pub(super) fn run(arguments: &CheckArguments) -> ExitCode {
    let Some(registry) = arguments.registry.load() else {
        return ExitCode::FAILURE;
    };
    let loader = match Loader::new(&registry.host.cache, None) {
        Ok(loader) => loader,
        Err(error) => {
            eprintln!("strongroom: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    let mut is_sound = true;
    for (spec, problems) in runtime::check(&loader, &registry) {
        for problem in &problems {
            let file = registry.file.display();
            let key = problem_key(problem);
            println!(
                "{file}:{}: services.{}{key}: {problem}",
                spec.line, spec.name
            );
            is_sound = false;
        }
    }
    if is_sound {
        println!(
            "{}: {} services, all sound",
            registry.file.display(),
            registry.services.len()
        );
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The key of the service's table that a problem is about.
fn problem_key(problem: &LoadProblem) -> &'static str {
    match problem {
        LoadProblem::Unreadable { .. }
        | LoadProblem::NotAComponent { .. }
        | LoadProblem::NoHandler
        | LoadProblem::DoesNotFit(_) => ".component",
        LoadProblem::OtherDigest { .. } => ".digest",
        LoadProblem::NotGranted { .. } => ".grants",
        LoadProblem::UnknownImport { .. }
        | LoadProblem::CalleeMissing { .. }
        | LoadProblem::CalleeFailed { .. }
        | LoadProblem::NotExported { .. }
        | LoadProblem::Link { .. } => ".links",
        LoadProblem::Store { .. } | LoadProblem::Start(_) | LoadProblem::Engine(_) => "",
    }
}
