//! Versions that are tried out beside the ones that serve.

use super::change::Wish;
use super::departure;
use super::history::{Outcome, Record, Steps};
use super::refusals::{Attempt, Seat};
use super::report::Report;
use super::swapper::{State, Swapper};
use super::trigger::Trigger;
use super::verdict::verdict;
use crate::registry::{Digest, ServiceSpec};
use crate::runtime::{Canary, Generation, LoadProblem, Post};
use std::sync::Arc;

/// The wish for a canary's generation; `spec` is the service's with the canary's component.
pub(super) fn wish(spec: &ServiceSpec, digest: Option<Digest>) -> Wish {
    Wish {
        spec: spec.clone(),
        digest,
        changed: vec!["canary".to_owned()],
        is_new: true,
    }
}

impl Swapper {
    /// Starts, leaves, or ends the canary of a service, as the registry says.
    pub(super) async fn apply_canary(
        &self,
        state: &mut State,
        spec: &ServiceSpec,
        trigger: Trigger,
        report: &mut Report,
    ) {
        let Some(post) = self.services().lineup().get(&spec.name).cloned() else {
            return;
        };
        let Some(stable) = &post.stable else { return };
        if let Some(running) = &post.canary {
            if state.is_canary_as_wanted(running, spec) {
                // The stable generation may be another one: they are compared from now on.
                if !running.is_beside(stable) {
                    let generation = Arc::clone(running.generation());
                    let canary = Canary::new(running.spec().clone(), generation, stable);
                    self.services()
                        .set_canary(&spec.name, Some(Arc::new(canary)));
                }
                return;
            }
            let changed = vec!["canary".to_owned()];
            let record = Record::new(&spec.name, trigger, changed);
            self.end_canary(&post, record, Outcome::CanaryEnded, report);
        }
        if let Some(wanted) = &spec.canary {
            let seat = Seat::canary(&spec.name);
            let spec = spec.of_canary(wanted);
            let digest = state.digests.of(&spec.component);
            let attempt = Attempt::of(&spec, Some(wanted), digest, &self.services().lineup());
            let was_refused = self.refusals.has_same(&seat, &attempt);
            if was_refused && !trigger.is_asked_for() {
                return;
            }
            let mut record = Record::new(&spec.name, trigger, vec!["canary".to_owned()]);
            record.generation = post.service.status().generation;
            record.from = Some(stable.digest());
            record.to = digest;
            match self
                .start_canary(wish(&spec, digest), stable, &mut record.steps)
                .await
            {
                Ok(generation) => {
                    let canary = Canary::new(wanted.clone(), generation, stable);
                    self.services()
                        .set_canary(&spec.name, Some(Arc::new(canary)));
                    record.outcome = Outcome::CanaryStarted;
                    self.refusals.forget(&seat);
                    if !self.refusals.has(&Seat::stable(&spec.name)) {
                        post.service.note_settled();
                    }
                }
                Err(problems) => {
                    post.service.refuse(&problems);
                    record.refuse(&problems);
                    self.refusals.note(seat, attempt);
                }
            }
            report.add(self.history.add(record));
        }
    }

    async fn start_canary(
        &self,
        wish: Wish,
        stable: &Generation,
        steps: &mut Steps,
    ) -> Result<Arc<Generation>, Vec<LoadProblem>> {
        let mut change = self.ready(vec![wish], &[]).await;
        let mut candidate = change.candidates.remove(0);
        *steps = candidate.steps;
        if let Ok(generation) = &candidate.outcome {
            generation.call_whoever_serves();
            generation.set_number(stable.number());
        }
        std::mem::replace(&mut candidate.outcome, Err(Vec::new()))
    }

    fn end_canary(&self, post: &Post, mut record: Record, outcome: Outcome, report: &mut Report) {
        let name = post.service.name();
        let Some(canary) = self.services().set_canary(name, None) else {
            return;
        };
        record.outcome = outcome;
        record.generation = post.service.status().generation;
        record.from = Some(canary.generation().digest());
        record.to = post.stable.as_ref().map(|stable| stable.digest());
        departure::drain(Arc::clone(canary.generation()), Arc::clone(&record.drained));
        report.add(self.history.add(record));
    }

    /// Takes out the canaries that do worse than their stable generations.
    pub(super) fn judge_canaries(&self) {
        let lineup = self.services().lineup().clone();
        for post in lineup.posts() {
            let (Some(stable), Some(canary)) = (&post.stable, &post.canary) else {
                continue;
            };
            let tally = canary.generation().tally();
            let Some(reason) = verdict(canary.spec(), &tally, &canary.stable_tally(stable)) else {
                continue;
            };
            let is_same = self
                .services()
                .lineup()
                .get(post.service.name())
                .and_then(|post| post.canary.as_ref())
                .is_some_and(|now| Arc::ptr_eq(now.generation(), canary.generation()));
            if !is_same {
                continue;
            }
            let spec = canary.generation().spec();
            let digest = Some(canary.generation().digest());
            let lineup = self.services().lineup();
            let attempt = Attempt::of(spec, Some(canary.spec()), digest, &lineup);
            self.refusals.note(Seat::canary(&spec.name), attempt);
            let mut record = Record::new(&spec.name, Trigger::Saved, vec!["canary".to_owned()]);
            record.trigger = "canary";
            record.reason = Some(reason.clone());
            self.end_canary(
                post,
                record,
                Outcome::CanaryTakenOut,
                &mut Report::default(),
            );
            post.service
                .note_error(format!("the canary was taken out: {reason}"));
        }
    }
}
