//! `strongroom check`.

use super::host_client::HostAddress;
use super::{RegistryArgument, against};
use crate::registry::{Registry, RegistryProblem, ServiceSpec};
use crate::runtime::{self, LoadProblem, Loader};
use crate::wall_clock::TimeSource;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(super) struct CheckArguments {
    #[command(flatten)]
    registry: RegistryArgument,
    /// Ask the host with this admin address what it would change if this were its registry
    #[arg(long, value_name = "ADMIN_ADDR")]
    against: Option<HostAddress>,
    /// Where that host keeps its token; overrides the registry
    #[arg(long, value_name = "DIR", requires = "against")]
    data: Option<PathBuf>,
}

pub(super) async fn run(arguments: CheckArguments) -> ExitCode {
    if let Some(address) = arguments.against {
        return against::run(&arguments.registry.file(), arguments.data, address).await;
    }
    let (registry, mut problems) = match Registry::load_recoverable(&arguments.registry.file()) {
        Ok(read) => read,
        Err(problems) => {
            println!("{problems}");
            return ExitCode::FAILURE;
        }
    };
    let loader = match Loader::new(&registry.host.cache, None, TimeSource::default()) {
        Ok(loader) => loader,
        Err(error) => {
            eprintln!("strongroom: {error:#}");
            return ExitCode::FAILURE;
        }
    };
    for (spec, found) in runtime::check(&loader, &registry) {
        let is_new = |problem: &&LoadProblem| !is_reported_already(problem);
        problems.extend(
            found
                .iter()
                .filter(is_new)
                .map(|problem| place(&registry, spec, problem)),
        );
    }
    problems.sort_by_key(|problem| problem.line);
    for problem in &problems {
        println!("{problem}");
    }
    if problems.is_empty() {
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

/// Whether another problem says it: the registry's own check names links that lead nowhere, and a
/// callee that does not load has a problem of its own.
fn is_reported_already(problem: &LoadProblem) -> bool {
    matches!(problem, LoadProblem::CalleeFailed { .. })
}

/// A problem of a service, at the place where the registry names the service.
fn place(registry: &Registry, spec: &ServiceSpec, problem: &LoadProblem) -> RegistryProblem {
    let text = problem.to_string();
    let words: Vec<&str> = text.split_whitespace().collect();
    let (key, line) = match key_of(problem) {
        Some(key) => (format!("services.{}.{key}", spec.name), spec.line_of(key)),
        None => (format!("services.{}", spec.name), spec.line_of("")),
    };
    RegistryProblem {
        file: registry.file.clone(),
        line,
        key,
        // The engine's text may have several lines; a problem has one.
        message: words.join(" "),
    }
}

/// The key of the service's table that a problem is about.
fn key_of(problem: &LoadProblem) -> Option<&'static str> {
    match problem {
        LoadProblem::Unreadable { .. }
        | LoadProblem::NoComponent { .. }
        | LoadProblem::NotAComponent { .. }
        | LoadProblem::NoHandler
        | LoadProblem::DoesNotFit(_) => Some("component"),
        LoadProblem::OtherDigest { .. } => Some("digest"),
        LoadProblem::NotGranted { .. } => Some("grants"),
        LoadProblem::UnknownImport { .. }
        | LoadProblem::CalleeFailed { .. }
        | LoadProblem::NotExported { .. }
        | LoadProblem::Link { .. } => Some("links"),
        // These occur while services run, and not in a check.
        LoadProblem::BreaksCaller { .. }
        | LoadProblem::Circle
        | LoadProblem::StillCalled { .. }
        | LoadProblem::Store { .. }
        | LoadProblem::Start(_)
        | LoadProblem::Instantiate(_)
        | LoadProblem::NoStore { .. }
        | LoadProblem::Engine(_) => None,
    }
}
