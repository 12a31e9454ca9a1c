//! `strongroom check`.

use super::check_host::check_host;
use super::code_folder::CodeFolder;
use super::host_client::parse_address;
use super::scratch_folder::ScratchFolder;
use super::{RegistryArgument, against};
use crate::data_lock::DataLock;
use crate::keys::{Keys, TokenPolicy};
use crate::registry::{AdminAddress, Registry, RegistryProblem, ServiceSpec};
use crate::runtime::{self, LoadProblem, Loader, Services, Unfit};
use crate::telemetry;
use crate::wall_clock::{TimeSource, WallClock};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Debug, clap::Args)]
pub(super) struct CheckArguments {
    #[command(flatten)]
    registry: RegistryArgument,
    /// Ask the host with this admin address what it would change if this were its registry; paths
    /// are then relative to the one that it has
    #[arg(long, value_name = "ADMIN_ADDR", value_parser = parse_address)]
    against: Option<AdminAddress>,
    /// Where that host keeps its token; overrides the registry
    #[arg(long, value_name = "DIR", requires = "against")]
    data: Option<PathBuf>,
}

pub(super) async fn run(arguments: CheckArguments) -> anyhow::Result<ExitCode> {
    if let Some(address) = arguments.against {
        return against::run(&arguments.registry.file(), arguments.data, address).await;
    }
    let _log = telemetry::start(telemetry::OF_CHECK)?;
    let (registry, mut problems) = match Registry::load_recoverable(&arguments.registry.file()) {
        Ok(read) => read,
        Err(problems) => {
            println!("{problems}");
            return Ok(ExitCode::FAILURE);
        }
    };
    problems.extend(check_host(&registry).await);
    let checked = check_services(&registry).await;
    let checked = checked.map(|found| problems.extend(found));
    problems.sort_by_key(|problem| problem.line);
    for problem in &problems {
        println!("{problem}");
    }
    checked?;
    if problems.is_empty() {
        println!(
            "{}: {} services, all sound",
            registry.file.display(),
            registry.services.len()
        );
        Ok(ExitCode::SUCCESS)
    } else {
        Ok(ExitCode::FAILURE)
    }
}

/// Loads and starts the services on temporary data, which is removed then.
async fn check_services(registry: &Registry) -> anyhow::Result<Vec<RegistryProblem>> {
    let cache = &registry.host.cache;
    let (folder, code) = (ScratchFolder::create_or_in(cache)?, CodeFolder::of(cache)?);
    let problems = start_in(folder.path(), code.path(), registry).await;
    folder.remove()?;
    code.end()?;
    problems
}

async fn start_in(
    data: &Path,
    code: &Path,
    registry: &Registry,
) -> anyhow::Result<Vec<RegistryProblem>> {
    let _lock = DataLock::take(data)?;
    let host = &registry.host;
    let policy = TokenPolicy {
        issuer: host.issuer.clone(),
        audience: host.audience.clone(),
    };
    let time = TimeSource::default();
    let keys = Arc::new(Keys::open(&data.join("keys"), policy, time.clone())?);
    keys.set_scopes(registry.scopes());
    let loader = Loader::new(code, Some(keys), time)?;
    let clock = Arc::new(WallClock::open(data, host.clock_jump)?);
    let scratch = Services::new(data, clock);
    let mut problems = Vec::new();
    for unfit in runtime::check(&loader, registry, &scratch).await {
        let found = unfit.problems.iter();
        let new = found.filter(|problem| !is_reported_already(problem));
        problems.extend(new.map(|problem| place(registry, &unfit, problem)));
    }
    Ok(problems)
}

/// Whether another problem says it: the registry's own check names links that lead nowhere, and a
/// callee that does not load has a problem of its own.
fn is_reported_already(problem: &LoadProblem) -> bool {
    matches!(problem, LoadProblem::CalleeFailed { .. })
}

/// A problem of a service, at the place where the registry names the service.
fn place(registry: &Registry, unfit: &Unfit<'_>, problem: &LoadProblem) -> RegistryProblem {
    let text = problem.to_string();
    let words: Vec<&str> = text.split_whitespace().collect();
    let spec = unfit.service;
    let key = match key_of(spec, problem) {
        Some(key) if unfit.is_canary && matches!(&*key, "component" | "digest") => {
            Some(format!("canary.{key}").into())
        }
        // All else in which it differs from its service is the component.
        _ if unfit.is_canary => Some("canary".into()),
        key => key,
    };
    let (key, line) = match key {
        Some(key) => (format!("services.{}.{key}", spec.name), spec.line_of(&key)),
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
fn key_of(spec: &ServiceSpec, problem: &LoadProblem) -> Option<Cow<'static, str>> {
    let key = match problem {
        LoadProblem::Unreadable { .. }
        | LoadProblem::NotAComponent { .. }
        | LoadProblem::Unrunnable { .. }
        | LoadProblem::NoHandler
        | LoadProblem::DoesNotFit(_) => "component",
        LoadProblem::OtherDigest { .. } => "digest",
        LoadProblem::NotGranted { .. } => "grants",
        LoadProblem::UnknownImport { .. }
        | LoadProblem::CalleeFailed { .. }
        | LoadProblem::NotExported { .. }
        | LoadProblem::Link { .. } => "links",
        LoadProblem::Instantiate(_) => "limits",
        LoadProblem::Start(words) => return config_key_in(spec, words).map(Cow::Owned),
        // All but the last two occur while services run, and not in a check.
        LoadProblem::BreaksCaller { .. }
        | LoadProblem::Circle
        | LoadProblem::StillCalled { .. }
        | LoadProblem::NoStore { .. }
        | LoadProblem::Engine(_)
        | LoadProblem::Store { .. } => return None,
    };
    Some(Cow::Borrowed(key))
}

/// The key of the configuration that a component's words name.
fn config_key_in(spec: &ServiceSpec, words: &str) -> Option<String> {
    let keys = spec.config.iter().map(|(key, _)| key);
    let mut named = keys.filter(|key| words.contains(&format!("`{key}`")));
    Some(format!("config.{}", named.next()?))
}
