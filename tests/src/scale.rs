//! How much a test does: enough to find what breaks in minutes, or all that the acceptance marks ask for.

use std::env;

use rand::SeedableRng;
use rand::rngs::StdRng;

/// Set by `./build.sh torture ledger`: the tests of faults, kills, and races go to their full marks.
pub const FULL_MARKS_VARIABLE: &str = "STRONGROOM_FULL_MARKS";

/// Names the seed of a run that is to be repeated.
pub const SEED_VARIABLE: &str = "STRONGROOM_TEST_SEED";

/// `full` when the full marks are asked for, else `short`.
pub fn short_or_full<T>(short: T, full: T) -> T {
    if env::var_os(FULL_MARKS_VARIABLE).is_some() {
        full
    } else {
        short
    }
}

/// The choices of a test. Its seed is printed, so that a failure can be repeated.
///
/// # Panics
///
/// If [`SEED_VARIABLE`] is not a number.
pub fn seeded() -> StdRng {
    let seed = env::var(SEED_VARIABLE).map_or_else(
        |_unset| rand::random(),
        |seed| seed.parse().expect("the seed is a number"),
    );
    println!("{SEED_VARIABLE}={seed}");
    StdRng::seed_from_u64(seed)
}
