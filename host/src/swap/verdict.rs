//! When the host takes a canary out: it fails more often than the stable generation, or is slower,
//! by more than the margins that its table sets.

use crate::registry::CanarySpec;
use crate::runtime::Snapshot;
use std::time::Duration;

/// Fewer failures may be chance.
const FAILURES_MIN: u64 = 5;
/// Smaller differences are noise of the machine, for any margin.
const LATENCY_NOISE: Duration = Duration::from_millis(2);

/// Why the host must take the canary out, if it must.
pub(super) fn verdict(spec: &CanarySpec, canary: &Snapshot, stable: &Snapshot) -> Option<String> {
    too_many_failures(spec, canary, stable).or_else(|| too_slow(spec, canary, stable))
}

fn too_many_failures(spec: &CanarySpec, canary: &Snapshot, stable: &Snapshot) -> Option<String> {
    if canary.failures < FAILURES_MIN {
        return None;
    }
    let (bad, all) = (
        u128::from(canary.failures),
        u128::from(canary.requests.max(1)),
    );
    let (stable_bad, stable_all) = (
        u128::from(stable.failures),
        u128::from(stable.requests.max(1)),
    );
    let margin = u128::from(spec.error_margin);
    // bad / all > stable_bad / stable_all + margin / 100, without fractions.
    let is_worse = bad * stable_all * 100 > (stable_bad * 100 + margin * stable_all) * all;
    is_worse.then(|| {
        format!(
            "{} of its {} requests failed, and {} of {} of the stable generation in the same time; \
             more than {} percentage points above is too many (canary.error_margin)",
            canary.failures, canary.requests, stable.failures, stable.requests, spec.error_margin
        )
    })
}

fn too_slow(spec: &CanarySpec, canary: &Snapshot, stable: &Snapshot) -> Option<String> {
    if canary.requests.min(stable.requests) < spec.requests_min {
        return None;
    }
    let (slow, usual) = (canary.p95(), stable.p95());
    let factor_percent = u128::from(spec.latency_margin) + 100;
    let allowed_micros = usual.as_micros() * factor_percent / 100 + LATENCY_NOISE.as_micros();
    (slow.as_micros() > allowed_micros).then(|| {
        format!(
            "95 % of its requests took up to {slow:?}, and {usual:?} on the stable generation \
             in the same time; more than {} % above is too slow (canary.latency_margin)",
            spec.latency_margin
        )
    })
}
