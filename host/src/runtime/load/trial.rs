//! Starts the services of a registry on empty data, so that a check finds what a component's
//! `start` refuses, such as a misspelt key of its configuration.

use super::imports::check_link;
use super::loader::{Loader, Prepared};
use super::offline::{prepare, prepare_all};
use crate::registry::{Registry, ServiceSpec};
use crate::runtime::problem::LoadProblem;
use crate::runtime::services::callees::Pins;
use crate::runtime::services::generation::Generation;
use crate::runtime::services::running::Services;
use std::sync::Arc;
use std::time::Duration;

/// How long the stores may take to close.
const CLOSE_TIME_MAX: Duration = Duration::from_secs(5);

/// A service that cannot serve, or whose canary cannot, and the reasons.
pub struct Unfit<'r> {
    pub service: &'r ServiceSpec,
    pub is_canary: bool,
    pub problems: Vec<LoadProblem>,
}

/// Loads, type-checks, and starts every service, callees before their callers, and each canary
/// after its service. Their stores are those of `scratch`, which serves nothing.
///
/// They send no requests outside. What a `start` has for the operator is dropped, as it is true of
/// the empty data alone: the password of a first administrator, for example.
pub async fn check<'r>(
    loader: &Loader,
    registry: &'r Registry,
    scratch: &Services,
) -> Vec<Unfit<'r>> {
    let mut started = Pins::new();
    let mut refused = Vec::new();
    let mut refuse = |service, is_canary, problems| {
        refused.push(Unfit {
            service,
            is_canary,
            problems,
        });
    };
    for (service, prepared) in prepare_all(loader, registry) {
        let outcome = match prepared {
            Ok(prepared) => start(loader, service, prepared, &started, scratch).await,
            Err(problems) => Err(problems),
        };
        match outcome {
            Ok(generation) => {
                started.insert(service.name.clone(), generation);
            }
            Err(problems) => refuse(service, false, problems),
        }
    }
    for service in &registry.services {
        if let Some(canary) = &service.canary {
            let spec = service.of_canary(canary);
            if let Err(problems) = try_canary(loader, &spec, &started, scratch).await {
                refuse(service, true, problems);
            }
        }
    }
    for generation in started.values() {
        generation.drain();
    }
    scratch.finish_drain(CLOSE_TIME_MAX).await;
    refused
}

/// Loads, type-checks, and starts a canary, and lets it go again. The callers of its service must
/// be able to call it.
async fn try_canary(
    loader: &Loader,
    spec: &ServiceSpec,
    started: &Pins,
    scratch: &Services,
) -> Result<(), Vec<LoadProblem>> {
    let callee = |name: &str| Some(&started.get(name)?.component);
    let prepared = prepare(loader, spec, callee)?;
    let links = started.values().flat_map(|caller| {
        let links = caller.spec.links.iter();
        links.map(|link| (link, &caller.component))
    });
    let of_callers = links.filter(|(link, _)| link.service == spec.name);
    let misfits: Vec<_> = of_callers
        .flat_map(|(link, caller)| check_link(link, caller, Some(&prepared.component)))
        .collect();
    if !misfits.is_empty() {
        return Err(misfits);
    }
    start(loader, spec, prepared, started, scratch)
        .await?
        .drain();
    Ok(())
}

/// Makes and starts a generation that calls those of `started`.
async fn start(
    loader: &Loader,
    spec: &ServiceSpec,
    prepared: Prepared,
    started: &Pins,
    scratch: &Services,
) -> Result<Arc<Generation>, Vec<LoadProblem>> {
    let store = scratch.store(spec).await.map_err(|problem| vec![problem])?;
    let mut confined = spec.clone();
    confined.outbound.clear();
    let generation = loader.generation(&confined, prepared, Some(store), Arc::default());
    generation.callees.pin(started.clone());
    generation.start().await?;
    let warmed = generation.warm(None).await;
    warmed.map_err(|error| vec![LoadProblem::Instantiate(error)])?;
    Ok(Arc::new(generation))
}
