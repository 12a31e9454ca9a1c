//! Reads the two clocks of the machine at the same time, nearly.

use rustix::time::{ClockId, clock_gettime};
use std::time::SystemTime;

/// The longest time that one reading may take, in milliseconds: the error of the difference between
/// its clocks.
const READING_MS_MAX: i64 = 100;

/// What the two clocks show, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading {
    /// The wall clock: since 1970 UTC. It can be set.
    pub wall_ms: i64,
    /// CLOCK_BOOTTIME: since the machine's start. It never jumps, and goes on while the machine
    /// sleeps.
    pub since_boot_ms: i64,
}

/// A source of readings.
pub(super) trait Clocks: Send + Sync {
    fn read(&self) -> Reading;
}

/// The clocks of this machine.
pub(super) struct MachineClocks;

impl Clocks for MachineClocks {
    fn read(&self) -> Reading {
        loop {
            let before_ms = since_boot_ms();
            let wall_ms = wall_ms();
            let since_boot_ms = since_boot_ms();
            // Otherwise the process was stopped in between, which would look like a jump.
            if since_boot_ms - before_ms <= READING_MS_MAX {
                return Reading {
                    wall_ms,
                    since_boot_ms,
                };
            }
        }
    }
}

/// It may be before 1970: a board without a battery starts there.
fn wall_ms() -> i64 {
    let milliseconds = |time: std::time::Duration| i64::try_from(time.as_millis());
    match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => milliseconds(since).unwrap_or(i64::MAX),
        Err(error) => milliseconds(error.duration()).map_or(i64::MIN, |before| -before),
    }
}

fn since_boot_ms() -> i64 {
    let time = clock_gettime(ClockId::Boottime);
    time.tv_sec * 1_000 + time.tv_nsec / 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_clocks_of_the_machine_go_on() {
        let first = MachineClocks.read();
        std::thread::sleep(std::time::Duration::from_millis(5));
        assert!(MachineClocks.read().since_boot_ms >= first.since_boot_ms + 4);
        assert!(first.wall_ms > 1_700_000_000_000, "{first:?}");
    }
}
