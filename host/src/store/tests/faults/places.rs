//! Which operation of a run fails: every one, or for the short marks some of them.

use super::judge::Ledger;
use super::run::{End, Run};
use std::sync::LazyLock;
use strongroom_faults::Operation;

/// Set by `./build.sh torture ledger`: the tests go to their full marks.
const FULL_MARKS_VARIABLE: &str = "STRONGROOM_FULL_MARKS";
/// The highest place.
const PLACES_MAX: u64 = 5_000;

/// `full` when the full marks are asked for, else `short`.
pub fn short_or_full<T>(short: T, full: T) -> T {
    match std::env::var_os(FULL_MARKS_VARIABLE) {
        Some(_) => full,
        None => short,
    }
}

/// Every place of an operation, until a run ends before it.
pub fn every() -> impl Iterator<Item = u64> {
    1..=PLACES_MAX
}

/// Every place for the full marks; for the short ones about `count` of them, at the same distance, from a different one each time.
pub fn some(operation: Operation, count: u64) -> impl Iterator<Item = u64> {
    let step = (CALM.count(operation) / count).max(1);
    let first = getrandom::u64().unwrap() % step + 1;
    let (first, step) = short_or_full((first, step), (1, 1));
    (first..=PLACES_MAX).step_by(usize::try_from(step).unwrap())
}

/// A run to which nothing happens.
static CALM: LazyLock<Run> = LazyLock::new(|| {
    let ledger = Ledger::new();
    let run = Run::of(ledger.folder(), "");
    assert_eq!(run.end, End::Normal, "{}", run.log);
    assert!(run.is_complete(), "{}", run.log);
    assert_eq!(ledger.violations(&[&run]), Vec::<String>::new());
    run
});
