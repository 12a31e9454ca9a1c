//! The end of generations that were replaced.

use crate::runtime::{Generation, Service, Services};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// How long a request may still come in after its generation was chosen: its body is read first.
const BODY_TIME_MAX: Duration = Duration::from_secs(30);

/// Drains a generation, and notes in `took` how long that was. Its requests have their own time limits, so it is not cut off.
pub(super) fn drain(old: Arc<Generation>, took: Arc<OnceLock<Duration>>) {
    tokio::spawn(drain_to_the_end(old, took));
}

/// Drains the generations of a service that was removed, and then forgets the service.
pub(super) fn drain_removed(
    services: Arc<Services>,
    service: Arc<Service>,
    generations: Vec<Arc<Generation>>,
    took: Arc<OnceLock<Duration>>,
) {
    tokio::spawn(async move {
        for old in generations {
            drain_to_the_end(old, Arc::clone(&took)).await;
        }
        services.finish_removal(&service).await;
    });
}

async fn drain_to_the_end(old: Arc<Generation>, took: Arc<OnceLock<Duration>>) {
    let begun = Instant::now();
    let service = old.spec().name.clone();
    let generation = old.number();
    let limits = &old.spec().limits;
    // Waiting for a slot, and running.
    let expected_max = BODY_TIME_MAX + limits.timeout * 2;
    let departure = old.departure();
    old.drain();
    drop(old);
    if tokio::time::timeout(expected_max, departure.wait())
        .await
        .is_err()
    {
        let instances = departure.instances_live();
        tracing::warn!(
            service,
            generation,
            instances,
            "an old generation has not ended in the time that its requests have"
        );
        departure.wait().await;
    }
    let elapsed = begun.elapsed();
    // One that is noted already belongs to the service's other generation, which ended first.
    let _ = took.set(elapsed);
    tracing::info!(
        service,
        generation,
        drain_us = elapsed.as_micros(),
        "the old generation has ended"
    );
}
