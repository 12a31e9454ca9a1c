//! The figures of changes.

use super::history::Outcome;
use super::swapper::Swapper;
use crate::metrics::{Figures, Page};

impl Figures for Swapper {
    fn write_to(&self, page: &mut Page) {
        for (outcome, count) in self.outcomes() {
            page.counter(
                "strongroom_swaps_total",
                "Changes of services, by their outcome.",
                &[("outcome", outcome.name())],
                count,
            );
        }
        page.gauge(
            "strongroom_registry_refused",
            "1 while the registry's file cannot be taken; /services has the reason.",
            &[],
            self.registry_status().last_error.is_some().into(),
        );
    }
}

impl Outcome {
    /// All of them.
    pub(super) const ALL: [Self; 6] = [
        Self::Switched,
        Self::Refused,
        Self::Removed,
        Self::CanaryStarted,
        Self::CanaryTakenOut,
        Self::CanaryEnded,
    ];

    /// The word for it, as in the history.
    fn name(self) -> &'static str {
        match self {
            Self::Switched => "switched",
            Self::Refused => "refused",
            Self::Removed => "removed",
            Self::CanaryStarted => "canary_started",
            Self::CanaryTakenOut => "canary_taken_out",
            Self::CanaryEnded => "canary_ended",
        }
    }
}
