//! What was refused, so that it is not tried again while it is the same.

use crate::registry::{CanarySpec, Digest, ServiceSpec};
use crate::runtime::Lineup;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A place for a generation: a service's own, or its canary's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Seat {
    pub(super) service: String,
    pub(super) is_canary: bool,
}

impl Seat {
    pub(super) fn stable(service: &str) -> Self {
        Self {
            service: service.to_owned(),
            is_canary: false,
        }
    }

    pub(super) fn canary(service: &str) -> Self {
        Self {
            service: service.to_owned(),
            is_canary: true,
        }
    }
}

/// What was tried: with another component, table, or callee it may fare otherwise.
pub(super) struct Attempt {
    spec: ServiceSpec,
    /// The table of the canary whose seat it is.
    canary: Option<CanarySpec>,
    digest: Option<Digest>,
    reason: String,
    callees: Vec<Option<Digest>>,
}

impl Attempt {
    pub(super) fn of(
        spec: &ServiceSpec,
        canary: Option<&CanarySpec>,
        digest: Option<Digest>,
        lineup: &Lineup,
    ) -> Self {
        let digest_of = |service: &str| Some(lineup.get(service)?.stable.as_ref()?.digest());
        Self {
            spec: spec.clone(),
            canary: canary.cloned(),
            digest,
            reason: String::new(),
            callees: spec
                .links
                .iter()
                .map(|link| digest_of(&link.service))
                .collect(),
        }
    }

    /// The same with the reason why it was refused.
    pub(super) fn refused(self, reason: String) -> Self {
        Self { reason, ..self }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.digest == other.digest
            && self.canary == other.canary
            && self.callees == other.callees
            && self.spec.differences(&other.spec).is_empty()
    }
}

/// The last refused attempt at each seat.
#[derive(Default)]
pub(super) struct Refusals(Mutex<HashMap<Seat, Attempt>>);

impl Refusals {
    pub(super) fn note(&self, seat: Seat, attempt: Attempt) {
        self.lock().insert(seat, attempt);
    }

    pub(super) fn forget(&self, seat: &Seat) {
        self.lock().remove(seat);
    }

    /// Whether the last attempt at this seat was refused.
    pub(super) fn has(&self, seat: &Seat) -> bool {
        self.lock().contains_key(seat)
    }

    /// Why the last attempt at this seat was refused.
    pub(super) fn reason(&self, seat: &Seat) -> Option<String> {
        self.lock().get(seat).map(|refused| refused.reason.clone())
    }

    /// Whether this attempt would be the same again.
    pub(super) fn has_same(&self, seat: &Seat, attempt: &Attempt) -> bool {
        self.lock()
            .get(seat)
            .is_some_and(|refused| refused.is_same(attempt))
    }

    pub(super) fn keep(&self, is_needed: impl Fn(&Seat) -> bool) {
        self.lock().retain(|seat, _| is_needed(seat));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Seat, Attempt>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
