//! A new version that gets a share of a service's requests, beside the one that serves.

use super::generation::Generation;
use crate::registry::CanarySpec;
use crate::runtime::instance::stats::Snapshot;
use http::HeaderMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Steps through 0 to 99 so that any few picks in a row are spread evenly: it is prime to 100, and
/// near its golden section.
const STRIDE: u64 = 61;

/// A canary.
pub struct Canary {
    generation: Arc<Generation>,
    spec: CanarySpec,
    picks: AtomicU64,
    /// What both had counted when they began to be compared.
    before: Snapshot,
    stable_before: Snapshot,
    stable_number: u64,
}

impl Canary {
    /// A canary of this generation, beside `stable`.
    pub fn new(spec: CanarySpec, generation: Arc<Generation>, stable: &Generation) -> Self {
        Self {
            before: generation.snapshot(),
            generation,
            spec,
            picks: AtomicU64::new(0),
            stable_before: stable.snapshot(),
            stable_number: stable.number(),
        }
    }

    /// Its generation.
    pub fn generation(&self) -> &Arc<Generation> {
        &self.generation
    }

    /// What the registry says of it.
    pub fn spec(&self) -> &CanarySpec {
        &self.spec
    }

    /// Whether it runs beside this generation.
    pub fn is_beside(&self, stable: &Generation) -> bool {
        self.stable_number == stable.number()
    }

    /// What it counted since they are compared.
    pub fn snapshot(&self) -> Snapshot {
        self.generation.snapshot().since(&self.before)
    }

    /// What `stable` counted while the canary ran.
    pub fn stable_snapshot(&self, stable: &Generation) -> Snapshot {
        stable.snapshot().since(&self.stable_before)
    }

    /// Whether it takes the next request; a link call has no headers, and so goes by weight alone.
    pub fn takes(&self, headers: Option<&HeaderMap>) -> bool {
        if let (Some((name, value)), Some(headers)) = (&self.spec.header, headers)
            && headers.get_all(name).iter().any(|sent| sent == value)
        {
            return true;
        }
        self.spec.weight > 0 && {
            let pick = self.picks.fetch_add(1, Relaxed);
            pick.wrapping_mul(STRIDE) % 100 < u64::from(self.spec.weight)
        }
    }
}
