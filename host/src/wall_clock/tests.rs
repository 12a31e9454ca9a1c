//! The wall clock with its file, over clocks that the test sets.

use super::reading::{Clocks, Reading};
use super::*;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use tempfile::TempDir;

const NOON_MS: i64 = 1_800_000_000_000;
const YEAR_MS: i64 = 365 * 86_400_000;

/// Clocks that stand still until a test sets the wall clock. Holds its offset, in milliseconds.
#[derive(Clone, Default)]
pub struct SetClocks(Arc<AtomicI64>);

impl SetClocks {
    /// Sets the wall clock forward, or back.
    pub fn step(&self, by_ms: i64) {
        self.0.fetch_add(by_ms, SeqCst);
    }

    /// A wall clock that shows this time, and notices jumps of more than 10 s.
    pub fn wall_clock(&self, data: &Path) -> WallClock {
        WallClock::with(Box::new(self.clone()), data, Duration::from_secs(10)).unwrap()
    }
}

impl Clocks for SetClocks {
    fn read(&self) -> Reading {
        Reading {
            wall_ms: NOON_MS + self.0.load(SeqCst),
            since_boot_ms: 5_000,
        }
    }
}

fn scene() -> (SetClocks, TempDir) {
    (SetClocks::default(), tempfile::tempdir().unwrap())
}

#[test]
fn after_a_restart_an_earlier_clock_is_not_trusted_and_a_later_one_is() {
    for (step_ms, is_trusted) in [(YEAR_MS, true), (0, true), (-1, false), (-YEAR_MS, false)] {
        let (clocks, data) = scene();
        clocks.wall_clock(data.path()).save().unwrap();
        clocks.step(step_ms);
        let clock = clocks.wall_clock(data.path());
        assert_eq!(clock.is_trusted(), is_trusted, "{step_ms}");
    }
}

#[test]
fn a_time_that_is_not_trusted_is_saved_when_it_is_accepted_and_not_before() {
    let (clocks, data) = scene();
    let clock = clocks.wall_clock(data.path());
    clock.save().unwrap();
    clocks.step(YEAR_MS);
    clock.save().unwrap();
    clocks.step(-YEAR_MS);
    assert!(clocks.wall_clock(data.path()).is_trusted());
    assert_eq!(clock.accept().unwrap(), Acceptance::TrustedAlready);
    clocks.step(-YEAR_MS);
    let reason = clock.distrust().unwrap();
    assert_eq!(clock.accept().unwrap(), Acceptance::Accepted(reason));
    assert!(clock.is_trusted());
    assert!(clocks.wall_clock(data.path()).is_trusted());
}

#[test]
fn the_reason_names_both_times_and_what_to_do() {
    let (clocks, data) = scene();
    let clock = clocks.wall_clock(data.path());
    clocks.step(YEAR_MS);
    let jumped = "the machine's clock has jumped: it shows 2028-01-15T08:00:00Z, and by the time \
        since boot it is 2027-01-15T08:00:00Z; nothing is written until it is right again: set \
        it, or accept it with `strongroom admin accept-clock`";
    assert_eq!(clock.distrust().unwrap().advice(), jumped);
    clock.accept().unwrap();
    clocks.step(-1);
    let behind = "the machine's clock is behind: it shows 2028-01-15T07:59:59.999Z, and the host \
        has run until 2028-01-15T08:00:00Z";
    let reason = clocks.wall_clock(data.path()).distrust().unwrap();
    assert_eq!(reason.to_string(), behind);
}
