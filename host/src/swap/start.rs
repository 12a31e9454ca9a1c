//! Starts the new generations of a change: each runs its `lifecycle.start`, callees first.

use super::change_set::{Candidate, ChangeSet};
use super::{check, warm};
use crate::runtime::{Generation, Services};
use std::time::{Duration, Instant};

/// The host says where it listens without waiting for services that take longer to start.
const SOON: Duration = Duration::from_secs(5);

/// Starts and warms the candidates; refuses those that fail, and those that do not fit then.
pub(super) async fn start(set: &mut ChangeSet<'_>) {
    let names: Vec<String> = set
        .candidates
        .iter()
        .map(|candidate| candidate.spec.name.clone())
        .collect();
    let begun = Instant::now();
    for (index, name) in names.iter().enumerate() {
        set.pin();
        let table = set.services.routing_table().clone();
        let replaced = table.get(name).and_then(|route| route.stable.as_deref());
        let time_left = SOON.saturating_sub(begun.elapsed());
        {
            let mut started = std::pin::pin!(start_one(&mut set.candidates[index], replaced));
            let in_time = tokio::time::timeout(time_left, &mut started).await;
            if in_time.is_err() {
                note_slow_start(set.services, &names);
                started.await;
            }
        }
        if set.candidates[index].outcome.is_err() {
            check::refuse_misfits(set);
        }
    }
}

/// Starts a candidate, and warms it to take over from the generation that it replaces.
async fn start_one(candidate: &mut Candidate, replaced: Option<&Generation>) {
    let store_before = replaced.map(|old| old.spec.limits.store);
    // `start` may need more room. Less room comes after the switch.
    if store_before.is_some_and(|before| before < candidate.spec.limits.store) {
        candidate.resize_store().await;
    }
    let Some(generation) = candidate.generation().cloned() else {
        return;
    };
    let begun = Instant::now();
    let started = generation.start().await;
    candidate.steps.start = Some(begun.elapsed());
    match started {
        Ok(announcements) => {
            candidate.announcements = announcements;
            generation.read_openapi().await;
            warm::warm(candidate, &generation, replaced).await;
        }
        Err(problems) => candidate.refuse(problems),
    }
}

fn note_slow_start(services: &Services, names: &[String]) {
    let table = services.routing_table();
    for route in names.iter().filter_map(|name| table.get(name)) {
        route.service.note_slow_start();
    }
}
