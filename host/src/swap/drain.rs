//! Drains the generations that were replaced.

use super::history::Record;
use crate::runtime::{Generation, Service, Services};
use crate::telemetry::microseconds;
use futures::future::join_all;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Drains a generation, and adds to the record how long that takes.
///
/// The time is not limited: the generation's requests have their own limits.
pub(super) fn drain(old: &Arc<Generation>, record: &Record) {
    tokio::spawn(drained(Arc::clone(old), Arc::clone(&record.steps.drain)));
}

/// Drains the generations of a service that was removed, and then forgets the service.
pub(super) fn drain_removed(
    services: &Arc<Services>,
    service: Arc<Service>,
    generations: Vec<Arc<Generation>>,
    record: &Record,
) {
    let (services, took) = (Arc::clone(services), Arc::clone(&record.steps.drain));
    tokio::spawn(async move {
        let drained = generations
            .into_iter()
            .map(|old| drained(old, Arc::clone(&took)));
        join_all(drained).await;
        services.finish_removal(&service).await;
    });
}

async fn drained(old: Arc<Generation>, took: Arc<OnceLock<Duration>>) {
    let begun = Instant::now();
    let service = old.spec.name.clone();
    let generation = old.number();
    let limits = &old.spec.limits;
    // Waiting for a slot, and running. A large body that arrives slowly comes before them.
    let expected_max = limits.timeout * 2;
    let drain_watch = old.drain_watch();
    old.drain();
    drop(old);
    if tokio::time::timeout(expected_max, drain_watch.wait())
        .await
        .is_err()
    {
        let instances = drain_watch.instances_live();
        tracing::warn!(
            service,
            generation,
            instances,
            "an old generation still finishes its requests"
        );
        drain_watch.wait().await;
    }
    let elapsed = begun.elapsed();
    // The first one counts, where a canary is removed with its service's stable generation.
    let _ = took.set(elapsed);
    tracing::info!(
        service,
        generation,
        drain_us = microseconds(elapsed),
        "the old generation has ended"
    );
}
