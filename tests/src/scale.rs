//! How much a test does: what finds most faults in minutes, or the full scale, which takes hours.

use std::env;

use rand::SeedableRng;
use rand::rngs::StdRng;

/// Set by `./build.sh torture ledger`: the tests of faults, kills, and races run at full scale.
pub const FULL_SCALE_VARIABLE: &str = "STRONGROOM_FULL_SCALE";

/// Names the seed of a run to repeat.
pub const SEED_VARIABLE: &str = "STRONGROOM_TEST_SEED";

/// `full` where the full scale is requested, otherwise `short`.
pub fn short_or_full<T>(short: T, full: T) -> T {
    match env::var_os(FULL_SCALE_VARIABLE) {
        Some(_) => full,
        None => short,
    }
}

/// The random choices of a test. It prints its seed, so that a failure can be repeated.
pub fn seeded() -> StdRng {
    let seed = env::var(SEED_VARIABLE).map_or_else(
        |_unset| rand::random(),
        |seed| seed.parse().expect("the seed is a number"),
    );
    println!("{SEED_VARIABLE}={seed}");
    StdRng::seed_from_u64(seed)
}
