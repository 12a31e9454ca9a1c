//! Switches the services of a change to their new generations in one step.

use super::canary;
use super::change_set::{Candidate, ChangeSet};
use super::drain::drain;
use super::pass::Pass;
use super::refusals::{RefusalKey, Slot};
use crate::runtime::in_one_line;

/// Lets the new generations serve, drains the old ones, and records each candidate's outcome.
/// Returns whether there was a new generation.
pub(super) async fn switch(pass: &mut Pass<'_>, set: ChangeSet<'_>) -> bool {
    let before = pass.services.routing_table().clone();
    set.pin();
    let generations = set.candidates.iter().filter_map(Candidate::generation);
    let arrivals: Vec<_> = generations.cloned().collect();
    canary::end_misfits(pass, &arrivals);
    let (replaced, switch_time) = pass.services.switch(&arrivals, set.leaving);
    for candidate in &set.candidates {
        candidate.resize_store().await;
    }
    for candidate in set.candidates {
        let name = &candidate.spec.name;
        let Some(route) = pass.services.routing_table().get(name).cloned() else {
            continue;
        };
        pass.announcer.announce(name, &candidate.announcements);
        let old = before.get(name).and_then(|route| route.stable.as_ref());
        let slot = Slot::stable(name);
        let mut record = pass.record(name, candidate.changed);
        record.from = old.map(|old| old.digest);
        record.to = candidate.digest;
        record.steps = candidate.steps;
        match &candidate.outcome {
            Ok(_) => {
                record.steps.switch = Some(switch_time);
                pass.refusals.forget(&slot);
            }
            Err(problems) => {
                let table = pass.services.routing_table();
                let key = RefusalKey::of(&candidate.spec, None, candidate.digest, &table);
                pass.refusals.note(slot, key, in_one_line(problems));
                route.service.refuse(problems);
                record.refuse(problems);
            }
        }
        record.generation = route.service.status().generation;
        if let Some(old) = replaced.iter().find(|old| old.spec.name == *name) {
            drain(old, &record);
        }
        pass.add(record);
    }
    !arrivals.is_empty()
}
