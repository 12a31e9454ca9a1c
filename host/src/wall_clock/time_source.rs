//! The time that the host gives to its services, and judges tokens by.

use super::rfc3339;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, SystemTime};
use wasmtime_wasi::HostWallClock;
use wasmtime_wasi::clocks::WallClock as WasiWallClock;

/// How far ahead of the machine's clock the time may be: a hundred years, in days.
const AHEAD_DAYS_MAX: u64 = 36_500;
const AHEAD_MS_MAX: u64 = AHEAD_DAYS_MAX * 86_400_000;

/// The time of the machine's wall clock, plus what `serve --dev` was told to add. All clones have
/// the same time.
///
/// It stands still while a clock that was set back by a little catches up: what was said of a
/// moment that is over, such as a statement of yesterday, stays true. A clock that was set back by
/// more is followed.
///
/// What waits for a length of time, such as a timeout, does not use it.
#[derive(Debug, Clone)]
pub struct TimeSource {
    ahead_ms: Arc<AtomicU64>,
    latest_ns: Arc<AtomicU64>,
    step_back_max: Duration,
}

impl Default for TimeSource {
    /// A time that follows each step back.
    fn default() -> Self {
        Self::bridging(Duration::ZERO)
    }
}

/// The time would be further ahead of the machine's clock than it may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the time may be at most {AHEAD_DAYS_MAX}d ahead of the machine's clock")]
pub struct TooFarAhead;

impl TimeSource {
    /// A time that stands still while the clock is behind by at most so much.
    pub fn bridging(step_back_max: Duration) -> Self {
        Self {
            ahead_ms: Arc::default(),
            latest_ns: Arc::default(),
            step_back_max,
        }
    }

    /// The time since 1970 UTC.
    pub fn now(&self) -> Duration {
        // A board without a battery starts before 1970.
        let machine = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        self.at(machine.unwrap_or_default())
    }

    /// The time when the machine's clock shows this one.
    fn at(&self, machine: Duration) -> Duration {
        let now = machine + Duration::from_millis(self.ahead_ms.load(SeqCst));
        let now_ns = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        let latest_ns = self.latest_ns.fetch_max(now_ns, SeqCst);
        let behind = Duration::from_nanos(latest_ns.saturating_sub(now_ns));
        if behind > self.step_back_max {
            // The first thread that follows the step decides for all.
            let _ = self
                .latest_ns
                .compare_exchange(latest_ns, now_ns, SeqCst, SeqCst);
            return now;
        }
        now + behind
    }

    /// Milliseconds since 1970 UTC.
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.now().as_millis()).unwrap_or(u64::MAX)
    }

    /// Seconds since 1970 UTC.
    pub fn now_seconds(&self) -> u64 {
        self.now().as_secs()
    }

    /// Moves the time ahead. Returns the new time as text of RFC 3339.
    ///
    /// # Errors
    /// [`TooFarAhead`]; then the time stays as it is.
    pub fn advance(&self, by: Duration) -> Result<String, TooFarAhead> {
        let by_ms = u64::try_from(by.as_millis()).map_err(|_| TooFarAhead)?;
        self.ahead_ms
            .fetch_update(SeqCst, SeqCst, |ahead_ms| {
                let ahead_ms = ahead_ms.checked_add(by_ms)?;
                (ahead_ms <= AHEAD_MS_MAX).then_some(ahead_ms)
            })
            .map_err(|_| TooFarAhead)?;
        let now_ms = i64::try_from(self.now_ms()).unwrap_or(i64::MAX);
        Ok(rfc3339::format(now_ms))
    }
}

/// The wall clock of guests (`wasi:clocks/wall-clock`).
impl HostWallClock for TimeSource {
    fn resolution(&self) -> Duration {
        WasiWallClock.resolution()
    }

    fn now(&self) -> Duration {
        Self::now(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    #[test]
    fn all_clones_move_ahead_together_and_then_go_on() {
        let time = TimeSource::default();
        let (clone, before) = (time.clone(), SystemTime::now());
        let told = time.advance(DAY * 400).unwrap();
        let machine = before.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let ahead = clone.now() - machine;
        assert!(ahead >= DAY * 400 && ahead < DAY * 400 + Duration::from_secs(60));
        let told_ms = rfc3339::parse(&told).unwrap();
        assert!(told_ms.unsigned_abs() <= clone.now_ms());
        std::thread::sleep(Duration::from_millis(2));
        assert!(told_ms.unsigned_abs() < clone.now_ms());
    }

    #[test]
    fn a_small_step_back_is_bridged_and_a_large_one_followed() {
        let time = TimeSource::bridging(Duration::from_secs(10));
        let at = |seconds| time.at(Duration::from_secs(seconds)).as_secs();
        assert_eq!([100, 95, 99, 101, 91].map(at), [100, 100, 100, 101, 101]);
        assert_eq!([90, 91, 88].map(at), [90, 91, 91]);
        assert_eq!([1_000, 91].map(at), [1_000, 91]);
    }

    #[test]
    fn more_than_a_hundred_years_ahead_are_refused_also_in_parts() {
        let time = TimeSource::default();
        let century = Duration::from_millis(AHEAD_MS_MAX);
        for absurd in rows! {
            century + Duration::from_millis(1), Duration::from_millis(u64::MAX), Duration::MAX,
        } {
            assert_eq!(time.advance(absurd), Err(TooFarAhead), "{absurd:?}");
        }
        time.advance(century / 2).unwrap();
        time.advance(century / 2).unwrap();
        assert_eq!(time.advance(Duration::from_millis(1)), Err(TooFarAhead));
    }
}
