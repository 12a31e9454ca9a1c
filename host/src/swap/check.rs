//! Checks the links of new generations: against each other, and against those that stay.

use super::change_set::ChangeSet;
use crate::runtime::{Generation, LoadProblem, Route};
use std::collections::HashSet;
use std::sync::Arc;

/// Refuses the candidates that do not fit, until those that are left fit together.
pub(super) fn refuse_misfits(set: &mut ChangeSet<'_>) {
    loop {
        let misfits = misfits(set);
        if misfits.is_empty() {
            return;
        }
        for misfit in misfits {
            let mut candidates = set.candidates.iter_mut();
            if let Some(found) = candidates.find(|found| found.spec.name == misfit.service) {
                found.refuse(misfit.problems);
            }
        }
    }
}

struct Misfit {
    service: String,
    problems: Vec<LoadProblem>,
}

/// The candidates that do not fit the services that they call, or those that call them.
fn misfits(set: &ChangeSet<'_>) -> Vec<Misfit> {
    let table = set.services.routing_table();
    let arrivals = set.arrivals();
    let after = |name: &str| {
        let stable = || table.get(name)?.stable.as_deref();
        let arrival = arrivals.get(name).copied().map(Arc::as_ref);
        arrival.or_else(stable)
    };
    let mut misfits = Vec::new();
    let mut add = |service: &str, problems: Vec<LoadProblem>| {
        if !problems.is_empty() {
            let service = service.to_owned();
            misfits.push(Misfit { service, problems });
        }
    };
    for (name, arrival) in &arrivals {
        let mut problems = set.loader.check_links(arrival, after);
        if calls_itself(name, after) {
            problems.push(LoadProblem::Circle);
        }
        add(name, problems);
    }
    for caller in table
        .routes()
        .flat_map(|route| callers_that_stay(set, route))
    {
        for (name, arrival) in &arrivals {
            let problems = set.loader.check_link(caller, arrival).into_iter();
            let broken = problems.map(|problem| LoadProblem::BreaksCaller {
                caller: caller.spec.name.clone(),
                problem: Box::new(problem),
            });
            add(name, broken.collect());
        }
    }
    misfits
}

/// The generations of a service that go on after the switch.
fn callers_that_stay<'p>(set: &ChangeSet<'_>, route: &'p Route) -> Vec<&'p Generation> {
    let name = route.service.name();
    if set.leaving.contains(&name) {
        return Vec::new();
    }
    let is_replaced = set.arrivals().contains_key(name);
    let stable = route.stable.as_ref().filter(|_| !is_replaced);
    let canary = route.canary.as_ref().map(|canary| canary.generation());
    stable.into_iter().chain(canary).map(Arc::as_ref).collect()
}

/// Whether links lead from a service back to itself: links of new generations, and of old ones
/// whose change was refused.
fn calls_itself<'g>(name: &str, after: impl Fn(&str) -> Option<&'g Generation>) -> bool {
    let mut seen = HashSet::new();
    let mut ahead = vec![name.to_owned()];
    while let Some(caller) = ahead.pop() {
        let links = after(&caller).map_or(&[][..], |generation| &generation.spec.links);
        for link in links {
            if link.service == name {
                return true;
            }
            if seen.insert(link.service.clone()) {
                ahead.push(link.service.clone());
            }
        }
    }
    false
}
