//! Removes services that the registry no longer names.

use super::drain::drain_removed;
use super::history::Outcome;
use super::pass::Pass;
use super::refusals::Slot;
use crate::registry::Registry;
use crate::runtime::{Generation, LoadProblem, RoutingTable};
use std::sync::Arc;

/// The services that serve and that the registry does not name.
pub(super) fn leaving(registry: &Registry, table: &RoutingTable) -> Vec<String> {
    let names = table.routes().map(|route| route.service.name().to_owned());
    names
        .filter(|name| registry.service(name).is_none())
        .collect()
}

/// Those of `leaving` that no service outside of it calls.
pub(super) fn free_to_leave<'n>(leaving: &[&'n str], table: &RoutingTable) -> Vec<&'n str> {
    let is_free = |name: &&&str| caller_that_stays(name, leaving, table).is_none();
    leaving.iter().filter(is_free).copied().collect()
}

/// Removes the services that may leave; returns whether there were any.
pub(super) fn remove(pass: &mut Pass<'_>, leaving: &[&str]) -> bool {
    let free = free_to_leave(leaving, &pass.services.routing_table());
    // They go on calling each other until they have ended.
    pass.services.switch(&[], &free);
    for name in leaving {
        let table = pass.services.routing_table();
        let Some(route) = table.get(name) else {
            continue;
        };
        let mut record = pass.record(name, vec!["removed".to_owned()]);
        record.generation = route.service.status().generation;
        record.from = route.stable.as_ref().map(|old| old.digest);
        if free.contains(name) {
            record.outcome = Outcome::Removed;
            if let Some((service, generations)) = pass.services.remove(name) {
                drain_removed(pass.services, service, generations, &record);
            }
            pass.refusals.forget(&Slot::stable(name));
        } else {
            let caller = caller_that_stays(name, leaving, &table).unwrap_or_default();
            let problems = [LoadProblem::StillCalled { caller }];
            route.service.refuse(&problems);
            record.refuse(&problems);
        }
        pass.add(record);
    }
    !free.is_empty()
}

/// The name of a service that stays, and of which a running generation calls `name`.
fn caller_that_stays(name: &str, leaving: &[&str], table: &RoutingTable) -> Option<String> {
    let mut staying = table
        .routes()
        .filter(|route| !leaving.contains(&route.service.name()));
    let calls = |caller: &Arc<Generation>| {
        let mut links = caller.spec.links.iter();
        links.any(|link| link.service == name)
    };
    let caller = staying.find(|route| route.generations().any(calls));
    caller.map(|route| route.service.name().to_owned())
}
