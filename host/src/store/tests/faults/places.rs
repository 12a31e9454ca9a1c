//! Which operation of a run fails: every one, or at the short scale some of them.

use super::judge::Ledger;
use super::run::{NORMAL, Run};
use std::sync::LazyLock;
use strongroom_faults::Operation;

/// Set by `./build.sh torture ledger`: the tests run at their full scale.
const FULL_SCALE_VARIABLE: &str = "STRONGROOM_FULL_SCALE";
/// The highest place: a run ends before it.
pub const PLACES_MAX: u64 = 5_000;

pub fn short_or_full<T>(short: T, full: T) -> T {
    match std::env::var_os(FULL_SCALE_VARIABLE) {
        Some(_) => full,
        None => short,
    }
}

/// Every place at the full scale. At the short one, about `count` of them at equal distances, from
/// another first one in each run of the tests.
pub fn some(operation: Operation, count: u64) -> impl Iterator<Item = u64> {
    let step = (CALM.count(operation) / count).max(1);
    let first = getrandom::u64().unwrap() % step + 1;
    let (first, step) = short_or_full((first, step), (1, 1));
    (first..=PLACES_MAX).step_by(usize::try_from(step).unwrap())
}

/// A run without a fault.
static CALM: LazyLock<Run> = LazyLock::new(|| {
    let ledger = Ledger::new();
    let run = Run::of(ledger.folder(), "");
    assert_eq!(run.end, NORMAL, "{}", run.log);
    assert!(run.is_complete(), "{}", run.log);
    let broken = ledger.violations(&[&run]);
    assert!(broken.is_empty(), "{broken:?}");
    run
});
