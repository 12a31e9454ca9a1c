//! Services that the registry no longer names.

use super::drain;
use super::history::{Outcome, Record};
use super::refusals::Seat;
use super::report::Report;
use super::swapper::Swapper;
use super::trigger::Trigger;
use crate::registry::Registry;
use crate::runtime::{Lineup, LoadProblem};
use std::sync::Arc;

impl Swapper {
    /// The services that serve and that the registry does not name.
    pub(super) fn leaving(&self, registry: &Registry) -> Vec<String> {
        let lineup = self.services().lineup();
        let names = lineup.posts().map(|post| post.service.name().to_owned());
        names
            .filter(|name| registry.service(name).is_none())
            .collect()
    }

    /// Those of them that nobody calls who stays.
    pub(super) fn free_to_leave<'n>(&self, leaving: &[&'n str]) -> Vec<&'n str> {
        let lineup = self.services().lineup();
        let is_free = |name: &&&str| caller_that_stays(name, leaving, &lineup).is_none();
        leaving.iter().filter(is_free).copied().collect()
    }

    /// Takes out those that may leave; answers whether there were any.
    pub(super) fn remove(&self, leaving: &[&str], trigger: Trigger, report: &mut Report) -> bool {
        let free = self.free_to_leave(leaving);
        // They go on calling each other until they have ended what they began.
        self.services().switch(&[], &free);
        for name in leaving {
            let lineup = self.services().lineup();
            let Some(post) = lineup.get(name) else {
                continue;
            };
            let mut record = Record::new(name, trigger, vec!["removed".to_owned()]);
            record.generation = post.service.status().generation;
            record.from = post.stable.as_ref().map(|old| old.digest());
            if free.contains(name) {
                record.outcome = Outcome::Removed;
                if let Some((service, generations)) = self.services().remove(name) {
                    drain::drain_removed(
                        Arc::clone(self.services()),
                        service,
                        generations,
                        Arc::clone(&record.drained),
                    );
                }
                self.refusals.forget(&Seat::stable(name));
            } else {
                let caller = caller_that_stays(name, leaving, &lineup).unwrap_or_default();
                let problems = [LoadProblem::StillCalled { caller }];
                post.service.refuse(&problems);
                record.refuse(&problems);
            }
            report.add(self.history.add(record));
        }
        !free.is_empty()
    }
}

/// A service that stays, and whose running generation calls `name`.
fn caller_that_stays(name: &str, leaving: &[&str], lineup: &Lineup) -> Option<String> {
    let staying = lineup
        .posts()
        .filter(|post| !leaving.contains(&post.service.name()));
    for post in staying {
        let canary = post.canary.as_ref().map(|canary| canary.generation());
        for caller in post.stable.iter().chain(canary) {
            if caller.spec().links.iter().any(|link| link.service == name) {
                return Some(post.service.name().to_owned());
            }
        }
    }
    None
}
