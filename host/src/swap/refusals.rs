//! What was refused, so that the same is not tried again.

use crate::registry::{CanarySpec, Digest, ServiceSpec};
use crate::runtime::RoutingTable;
use parking_lot::Mutex;
use std::collections::HashMap;

/// The place of a generation: a service's own, or its canary's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Slot {
    pub(super) service: String,
    pub(super) is_canary: bool,
}

impl Slot {
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

/// What a refusal depends on: another component, table, or callee may succeed.
pub(super) struct RefusalKey {
    spec: ServiceSpec,
    /// The canary's own table, for its slot.
    canary: Option<CanarySpec>,
    digest: Option<Digest>,
    callees: Vec<Option<Digest>>,
}

impl RefusalKey {
    pub(super) fn of(
        spec: &ServiceSpec,
        canary: Option<&CanarySpec>,
        digest: Option<Digest>,
        table: &RoutingTable,
    ) -> Self {
        let digest_of = |service: &str| Some(table.get(service)?.stable.as_ref()?.digest);
        Self {
            spec: spec.clone(),
            canary: canary.cloned(),
            digest,
            callees: spec
                .links
                .iter()
                .map(|link| digest_of(&link.service))
                .collect(),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.digest == other.digest
            && self.canary == other.canary
            && self.callees == other.callees
            && self.spec.differences(&other.spec).is_empty()
    }
}

/// The refusals that stand: the last one of each slot.
#[derive(Default)]
pub(super) struct Refusals(Mutex<HashMap<Slot, StandingRefusal>>);

struct StandingRefusal {
    key: RefusalKey,
    reason: String,
    /// Whether it is a canary that served, and did worse than the stable version.
    is_verdict: bool,
}

impl Refusals {
    pub(super) fn note(&self, slot: Slot, key: RefusalKey, reason: String) {
        self.insert(slot, key, reason, false);
    }

    /// Notes that a canary was taken out.
    pub(super) fn note_verdict(&self, slot: Slot, key: RefusalKey, reason: String) {
        self.insert(slot, key, reason, true);
    }

    fn insert(&self, slot: Slot, key: RefusalKey, reason: String, is_verdict: bool) {
        let refusal = StandingRefusal {
            key,
            reason,
            is_verdict,
        };
        self.0.lock().insert(slot, refusal);
    }

    /// Whether the last canary of this slot was taken out.
    pub(super) fn has_verdict(&self, slot: &Slot) -> bool {
        let refusals = self.0.lock();
        refusals.get(slot).is_some_and(|refusal| refusal.is_verdict)
    }

    pub(super) fn forget(&self, slot: &Slot) {
        self.0.lock().remove(slot);
    }

    /// Forgets what was refused before it served. That a canary was taken out stands.
    pub(super) fn forget_unless_verdict(&self, slot: &Slot) {
        self.0
            .lock()
            .retain(|key, refusal| key != slot || refusal.is_verdict);
    }

    /// Why the last attempt at a service, or else at its canary, was refused.
    pub(super) fn reason(&self, service: &str) -> Option<String> {
        let refusals = self.0.lock();
        let mut slots = [Slot::stable(service), Slot::canary(service)].into_iter();
        slots.find_map(|slot| Some(refusals.get(&slot)?.reason.clone()))
    }

    /// Whether an attempt would be the same as the one that was refused.
    pub(super) fn has_same(&self, slot: &Slot, key: &RefusalKey) -> bool {
        let refusals = self.0.lock();
        refusals
            .get(slot)
            .is_some_and(|refused| refused.key.is_same(key))
    }

    pub(super) fn keep(&self, is_needed: impl Fn(&Slot) -> bool) {
        self.0.lock().retain(|slot, _| is_needed(slot));
    }
}
