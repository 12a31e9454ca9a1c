//! Versions that are tried out beside the ones that serve.

use super::change_set::Wish;
use super::drain;
use super::history::{Outcome, Record, Steps};
use super::refusals::{Attempt, Seat};
use super::report::Report;
use super::swapper::Swapper;
use super::trigger::Trigger;
use super::verdict::verdict;
use crate::registry::{Digest, ServiceSpec};
use crate::runtime::{Canary, Generation, LoadProblem, Post, in_one_line};
use std::sync::Arc;

/// The wish for a canary's generation; `spec` is the service's with the canary's component.
pub(super) fn wish(spec: &ServiceSpec, digest: Option<Digest>) -> Wish {
    Wish {
        spec: spec.clone(),
        digest,
        calls: Vec::new(),
        changed: vec!["canary".to_owned()],
        is_new: true,
    }
}

impl Swapper {
    /// Starts, leaves, or ends the canary of a service, as the registry says.
    pub(super) async fn apply_canary(
        &self,
        spec: &ServiceSpec,
        trigger: Trigger,
        report: &mut Report,
    ) {
        let Some(post) = self.services().lineup().get(&spec.name).cloned() else {
            return;
        };
        let Some(stable) = &post.stable else { return };
        if let Some(running) = &post.canary {
            if let Some(problems) = self.misfit(running) {
                let record = Record::new(&spec.name, trigger, vec!["canary".to_owned()]);
                post.service.refuse(&problems);
                self.end_canary(&post, running, record.because(&problems), report);
            } else if !running.is_beside(stable) {
                // The stable generation is another one: they are compared from now on.
                let generation = Arc::clone(running.generation());
                let canary = Canary::new(running.spec().clone(), generation, stable);
                self.services()
                    .set_canary(&spec.name, Some(running), Some(Arc::new(canary)));
            }
            return;
        }
        if let Some(wanted) = &spec.canary {
            let seat = Seat::canary(&spec.name);
            let spec = spec.of_canary(wanted);
            let digest = self.files.digest(&spec.component).await;
            let attempt = Attempt::of(&spec, Some(wanted), digest, &self.services().lineup());
            let was_refused = self.refusals.has_same(&seat, &attempt);
            if was_refused && !trigger.tries_again() {
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
                        .set_canary(&spec.name, None, Some(Arc::new(canary)));
                    record.outcome = Outcome::CanaryStarted;
                    self.refusals.forget(&seat);
                    if !self.refusals.has(&Seat::stable(&spec.name)) {
                        post.service.note_settled();
                    }
                }
                Err(problems) => {
                    post.service.refuse(&problems);
                    record.refuse(&problems);
                    self.refusals
                        .note(seat, attempt.refused(in_one_line(&problems)));
                }
            }
            report.add(self.history.add(record));
        }
    }

    /// Ends the canary of a service if it is not what the registry says.
    pub(super) async fn end_unwanted_canary(
        &self,
        spec: &ServiceSpec,
        trigger: Trigger,
        report: &mut Report,
    ) {
        let Some(post) = self.services().lineup().get(&spec.name).cloned() else {
            return;
        };
        if let Some(running) = &post.canary
            && !self.is_canary_as_wanted(&self.files, running, spec).await
        {
            let record = Record::new(&spec.name, trigger, vec!["canary".to_owned()]);
            self.end_canary(&post, running, record, report);
        }
    }

    /// Why those that call its service could not call a canary, if they could not.
    fn misfit(&self, canary: &Canary) -> Option<Vec<LoadProblem>> {
        let lineup = self.services().lineup().clone();
        let mut problems = Vec::new();
        for caller in lineup.posts().filter_map(|post| post.stable.as_ref()) {
            problems.extend(self.loader.check_link(caller, canary.generation()));
        }
        (!problems.is_empty()).then_some(problems)
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

    /// Ends this canary, unless another has come in its place.
    fn end_canary(
        &self,
        post: &Post,
        canary: &Arc<Canary>,
        mut record: Record,
        report: &mut Report,
    ) -> bool {
        let name = post.service.name();
        if !self.services().set_canary(name, Some(canary), None) {
            return false;
        }
        if record.outcome == Outcome::Switched {
            record.outcome = Outcome::CanaryEnded;
        }
        record.generation = post.service.status().generation;
        record.from = Some(canary.generation().digest());
        record.to = post.stable.as_ref().map(|stable| stable.digest());
        drain::drain(Arc::clone(canary.generation()), Arc::clone(&record.drained));
        report.add(self.history.add(record));
        true
    }

    /// Takes out the canaries that do worse than their stable generations.
    pub(super) fn judge_canaries(&self) {
        let lineup = self.services().lineup().clone();
        for post in lineup.posts() {
            let (Some(stable), Some(canary)) = (&post.stable, &post.canary) else {
                continue;
            };
            // Until they are compared anew after a switch, the two have run for different times.
            if !canary.is_beside(stable) {
                continue;
            }
            let Some(reason) =
                verdict(canary.spec(), &canary.tally(), &canary.stable_tally(stable))
            else {
                continue;
            };
            let reason_in_full = format!("the canary was taken out: {reason}");
            let spec = canary.generation().spec();
            let digest = Some(canary.generation().digest());
            let attempt = Attempt::of(spec, Some(canary.spec()), digest, &lineup);
            // Before it goes, so that no change brings it back.
            self.refusals.note(
                Seat::canary(&spec.name),
                attempt.refused(reason_in_full.clone()),
            );
            let mut record = Record::new(&spec.name, Trigger::Saved, vec!["canary".to_owned()]);
            record.trigger = "canary";
            record.outcome = Outcome::CanaryTakenOut;
            record.reason = Some(reason);
            if self.end_canary(post, canary, record, &mut Report::default()) {
                post.service.note_error(reason_in_full);
            }
        }
    }
}
