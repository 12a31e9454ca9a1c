//! Canaries: versions that get a share of the requests beside the generation that serves.

use super::change_set::ChangeSet;
use super::diff::{PendingChange, differences};
use super::drain::drain;
use super::files::{Files, FoundComponent};
use super::history::{History, Outcome, Record};
use super::pass::Pass;
use super::prepare::prepare;
use super::refusals::{RefusalKey, Refusals, Slot};
use super::verdict::verdict;
use crate::registry::{CanarySpec, ServiceSpec};
use crate::runtime::{Canary, Generation, LoadProblem, Route, Services, in_one_line};
use std::sync::Arc;

/// A canary that the registry names, with its component as it was found.
pub(super) struct WantedCanary<'r> {
    canary: &'r CanarySpec,
    /// The service's table with the canary's component.
    spec: ServiceSpec,
    component: FoundComponent,
}

impl<'r> WantedCanary<'r> {
    /// The canary of a service, if it has one.
    pub(super) async fn find(service: &'r ServiceSpec, files: &Files) -> Option<Self> {
        let canary = service.canary.as_ref()?;
        Some(Self {
            canary,
            spec: service.of_canary(canary),
            component: files.find(&canary.component).await,
        })
    }

    /// Whether a running canary is this one.
    pub(super) fn is(&self, running: &Canary) -> bool {
        let digest = self.component.digest;
        self.canary == running.spec()
            && differences(running.generation(), &self.spec, digest).is_empty()
    }

    /// The change that starts it.
    pub(super) fn into_change(self) -> PendingChange {
        PendingChange::of_canary(self.spec, self.component)
    }
}

/// Ends the canaries that the registry no longer names, before other changes, which may take long.
/// One that it promotes goes on until the service has its component, and one that it names in
/// another way until the new one serves. Neither holds up services that change or leave by calling
/// them. Returns the canaries that the registry names.
pub(super) async fn end_unwanted<'r>(
    pass: &mut Pass<'r>,
    pending: &[PendingChange],
    leaving: &[&str],
) -> Vec<WantedCanary<'r>> {
    let change_of = |name: &str| pending.iter().find(|change| change.spec.name == name);
    let mut all_wanted = Vec::new();
    for spec in &pass.registry.services {
        let wanted = WantedCanary::find(spec, pass.files).await;
        let route = pass.services.routing_table().get(&spec.name).cloned();
        if let Some(route) = route
            && let Some(running) = &route.canary
        {
            let generation = running.generation();
            let calls_unsettled = generation.spec.links.iter().any(|link| {
                leaving.contains(&&*link.service) || change_of(&link.service).is_some()
            });
            let is_promoted = || {
                let change = change_of(&spec.name);
                change.is_some_and(|change| change.component.digest == Some(generation.digest))
            };
            let goes_on = match &wanted {
                Some(wanted) => wanted.is(running) || !calls_unsettled,
                None => is_promoted() && !calls_unsettled,
            };
            if !goes_on {
                end_as_unwanted(pass, &route, running);
            }
        }
        all_wanted.extend(wanted);
    }
    all_wanted
}

fn end_as_unwanted(pass: &mut Pass<'_>, route: &Route, running: &Arc<Canary>) {
    let record = record(pass, route.service.name(), Outcome::CanaryEnded);
    if let Some(record) = end(pass.services, route, running, record) {
        pass.add(record);
    }
}

/// Ends the canaries that new generations could not call, before these serve.
pub(super) fn end_misfits(pass: &mut Pass<'_>, arrivals: &[Arc<Generation>]) {
    let table = pass.services.routing_table().clone();
    for route in table.routes() {
        let Some(running) = &route.canary else {
            continue;
        };
        let callee = running.generation();
        let problems: Vec<_> = arrivals
            .iter()
            .flat_map(|arrival| pass.loader.check_link(arrival, callee))
            .collect();
        if problems.is_empty() {
            continue;
        }
        route.service.refuse(&problems);
        let mut record = record(pass, route.service.name(), Outcome::CanaryEnded);
        record.reason = Some(in_one_line(&problems));
        if let Some(record) = end(pass.services, route, running, record) {
            pass.add(record);
        }
    }
}

/// Starts the canaries that do not run as the registry says. One that runs otherwise goes on until
/// the new one takes its place. If that is refused, it stays. One that was promoted ends.
pub(super) async fn apply(pass: &mut Pass<'_>, all_wanted: Vec<WantedCanary<'_>>) {
    let table = pass.services.routing_table().clone();
    let unnamed = pass.registry.services.iter();
    for spec in unnamed.filter(|spec| spec.canary.is_none()) {
        if let Some(route) = table.get(&spec.name)
            && let Some(running) = &route.canary
        {
            end_as_unwanted(pass, route, running);
        }
    }
    for wanted in all_wanted {
        let name = wanted.spec.name.clone();
        let route = pass.services.routing_table().get(&name).cloned();
        let Some(route) = route else { continue };
        let Some(stable) = &route.stable else {
            continue;
        };
        match &route.canary {
            Some(running) if wanted.is(running) => {
                // The host may take it out at this moment.
                pass.refusals.forget_unless_verdict(&Slot::canary(&name));
                note_settled(pass, &route);
            }
            _ => start(pass, &route, stable, wanted).await,
        }
        compare_with_stable(pass.services, &name);
    }
}

fn note_settled(pass: &Pass<'_>, route: &Route) {
    if pass.refusals.reason(route.service.name()).is_none() {
        route.service.note_settled();
    }
}

/// Compares a canary from now on with the generation that serves now.
fn compare_with_stable(services: &Services, name: &str) {
    let route = services.routing_table().get(name).cloned();
    let Some(Route {
        stable: Some(stable),
        canary: Some(running),
        ..
    }) = route
    else {
        return;
    };
    if !running.is_beside(&stable) {
        let generation = Arc::clone(running.generation());
        let canary = Canary::new(running.spec().clone(), generation, &stable);
        services.set_canary(name, Some(&running), Some(Arc::new(canary)));
    }
}

/// Why a new canary could not call the canaries of its callees.
fn misfits(pass: &Pass<'_>, caller: &Generation) -> Vec<LoadProblem> {
    let table = pass.services.routing_table();
    let canaries = table.routes().filter_map(|route| route.canary.as_ref());
    canaries
        .flat_map(|callee| pass.loader.check_link(caller, callee.generation()))
        .collect()
}

async fn start(
    pass: &mut Pass<'_>,
    route: &Route,
    stable: &Arc<Generation>,
    wanted: WantedCanary<'_>,
) {
    let name = route.service.name();
    let spec = wanted.canary;
    let slot = Slot::canary(name);
    let digest = wanted.component.digest;
    let key = RefusalKey::of(
        &wanted.spec,
        Some(spec),
        digest,
        &pass.services.routing_table(),
    );
    let is_retried = match pass.refusals.has_verdict(&slot) {
        true => pass.trigger.revives_canaries(),
        false => pass.trigger.retries_refused(),
    };
    if pass.refusals.has_same(&slot, &key) && !is_retried {
        return;
    }
    let mut record = record(pass, name, Outcome::CanaryStarted);
    record.generation = route.service.status().generation;
    record.from = Some(stable.digest);
    record.to = digest;
    let set = ChangeSet::new(pass.services, pass.loader, &[]);
    let mut set = prepare(set, vec![wanted.into_change()], pass.files).await;
    let Some(mut candidate) = set.candidates.pop() else {
        return;
    };
    let misfits = candidate.generation().map(|caller| misfits(pass, caller));
    if let Some(misfits) = misfits.filter(|misfits| !misfits.is_empty()) {
        candidate.refuse(misfits);
    }
    record.steps = candidate.steps;
    match candidate.outcome {
        Ok(generation) => {
            generation.callees.unpin();
            generation.set_number(stable.number());
            let canary = Some(Arc::new(Canary::new(spec.clone(), generation, stable)));
            // The host may have taken out the one that ran meanwhile, and nothing else.
            let replaced = route.canary.as_ref().filter(|running| {
                let services = pass.services;
                services.set_canary(name, Some(running), canary.clone())
            });
            match replaced {
                Some(replaced) => {
                    record.from = Some(replaced.generation().digest);
                    drain(replaced.generation(), &record);
                }
                None => drop(pass.services.set_canary(name, None, canary)),
            }
            pass.refusals.forget(&slot);
            note_settled(pass, route);
        }
        Err(problems) => {
            let reason = format!("the canary was refused: {}", in_one_line(&problems));
            route.service.note_error(reason.clone());
            record.refuse(&problems);
            pass.refusals.note(slot, key, reason);
        }
    }
    pass.add(record);
}

fn record(pass: &Pass<'_>, service: &str, outcome: Outcome) -> Record {
    let mut record = pass.record(service, vec!["canary".to_owned()]);
    record.outcome = outcome;
    record
}

/// Ends a canary, unless another has taken its place; returns the completed record if it did.
fn end(
    services: &Services,
    route: &Route,
    canary: &Arc<Canary>,
    mut record: Record,
) -> Option<Record> {
    if !services.set_canary(route.service.name(), Some(canary), None) {
        return None;
    }
    record.generation = route.service.status().generation;
    record.from = Some(canary.generation().digest);
    record.to = route.stable.as_ref().map(|stable| stable.digest);
    drain(canary.generation(), &record);
    Some(record)
}

/// Takes out the canaries that do worse than the generations that serve.
pub(super) fn judge(services: &Services, refusals: &Refusals, history: &History) {
    let table = services.routing_table().clone();
    for route in table.routes() {
        let (Some(stable), Some(canary)) = (&route.stable, &route.canary) else {
            continue;
        };
        // After a switch the two have run for different times, until the next comparison begins.
        if !canary.is_beside(stable) {
            continue;
        }
        let Some(reason) = verdict(
            canary.spec(),
            &canary.snapshot(),
            &canary.stable_snapshot(stable),
        ) else {
            continue;
        };
        let reason_in_full = format!("the canary was taken out: {reason}");
        let spec = &canary.generation().spec;
        let digest = Some(canary.generation().digest);
        let key = RefusalKey::of(spec, Some(canary.spec()), digest, &table);
        // Before it goes, so that no change brings it back.
        refusals.note_verdict(Slot::canary(&spec.name), key, reason_in_full.clone());
        let mut record = Record::new(&spec.name, "canary", vec!["canary".to_owned()]);
        record.outcome = Outcome::CanaryTakenOut;
        record.reason = Some(reason);
        match end(services, route, canary, record) {
            Some(record) => {
                history.add(record);
                route.service.note_error(reason_in_full);
            }
            // Another took its place at this moment.
            None => refusals.forget(&Slot::canary(&spec.name)),
        }
    }
}
