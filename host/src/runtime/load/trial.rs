//! Starts the services of a registry on empty data, so that a check finds what a component's
//! `start` refuses, such as a misspelt key of its configuration.

use super::loader::{Loader, Prepared};
use super::offline::prepare_all;
use crate::registry::{Registry, ServiceSpec};
use crate::runtime::problem::LoadProblem;
use crate::runtime::services::callees::Pins;
use crate::runtime::services::generation::Generation;
use crate::runtime::services::running::Services;
use std::sync::Arc;
use std::time::Duration;

/// How long the stores may take to close.
const CLOSE_TIME_MAX: Duration = Duration::from_secs(5);

/// Loads, type-checks, and starts every service, callees before their callers. Their stores are
/// those of `scratch`, which serves nothing. Returns the services that cannot serve, with the
/// reasons.
///
/// They send no requests outside. What a `start` has for the operator is dropped, as it is true of
/// the empty data alone: the password of a first administrator, for example.
pub async fn check<'r>(
    loader: &Loader,
    registry: &'r Registry,
    scratch: &Services,
) -> Vec<(&'r ServiceSpec, Vec<LoadProblem>)> {
    let mut started = Pins::new();
    let mut refused = Vec::new();
    for (spec, prepared) in prepare_all(loader, registry) {
        let outcome = match prepared {
            Ok(prepared) => start(loader, spec, prepared, &started, scratch).await,
            Err(problems) => Err(problems),
        };
        match outcome {
            Ok(generation) => {
                started.insert(spec.name.clone(), generation);
            }
            Err(problems) => refused.push((spec, problems)),
        }
    }
    for generation in started.values() {
        generation.drain();
    }
    scratch.finish_drain(CLOSE_TIME_MAX).await;
    refused
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
    generation.pin_callees(started.clone());
    generation.start().await?;
    let warmed = generation.warm(None).await;
    warmed.map_err(|error| vec![LoadProblem::Instantiate(error)])?;
    Ok(Arc::new(generation))
}
