//! The machine's wall clock: whether it can be trusted, and the [time](TimeSource) that services
//! and tokens get from it.
//!
//! The times of the books never go back. So a clock that is a year ahead for one transfer would
//! leave them in the future for good. The host compares the wall clock with the time since boot
//! ([`judge`]), and begins no write transaction while they disagree. At its start it compares the
//! wall clock with the latest time that its data folder has ([`last_time`]).

mod distrust;
mod judge;
mod last_time;
mod reading;
pub mod rfc3339;
#[cfg(test)]
mod tests;
mod time_source;

pub use distrust::Distrust;
pub use last_time::{FILE_NAME as LAST_TIME, LastTimeError};
#[cfg(test)]
pub use tests::SetClocks;
pub use time_source::TimeSource;

use judge::{ClockJudge, TrustChange};
use last_time::LastTime;
use parking_lot::{Mutex, MutexGuard};
use reading::{Clocks, MachineClocks, Reading};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often the host looks at the clock when nothing is written.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// How often the host saves the time: bounds by how much a clock may go back unnoticed while the
/// host is down.
const SAVE_INTERVAL: Duration = Duration::from_secs(10);

/// The machine's wall clock, and whether it is trusted.
pub struct WallClock {
    clocks: Box<dyn Clocks>,
    judge: Mutex<ClockJudge>,
    last: LastTime,
}

/// Checks that the saved time of a data folder can be read, if there is one.
///
/// # Errors
/// It cannot.
pub fn check_saved_time(data: &Path) -> Result<(), LastTimeError> {
    LastTime::of(data).read().map(drop)
}

/// The effect of an operator's `accept-clock`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    /// The clock was not trusted, and now is.
    Accepted(Distrust),
    /// The clock was trusted already.
    TrustedAlready,
}

impl WallClock {
    /// The clock of a host with this data folder. A difference of more than `jump` is a jump.
    ///
    /// # Errors
    /// The saved time cannot be read.
    pub fn open(data: &Path, jump: Duration) -> Result<Self, LastTimeError> {
        Self::with(Box::new(MachineClocks), data, jump)
    }

    fn with(clocks: Box<dyn Clocks>, data: &Path, jump: Duration) -> Result<Self, LastTimeError> {
        let last = LastTime::of(data);
        let last_ms = last.read()?;
        let reading = clocks.read();
        let judge = ClockJudge::new(jump, reading, last_ms);
        match (judge.distrust(reading), last_ms) {
            (Some(reason), _) => tracing::error!("{}", reason.advice()),
            (None, Some(last_ms)) => tracing::info!(
                last_time = rfc3339::format(last_ms),
                "the host has not run for {:?}",
                Duration::from_millis(reading.wall_ms.saturating_sub(last_ms).unsigned_abs())
            ),
            (None, None) => {}
        }
        Ok(Self {
            clocks,
            judge: Mutex::new(judge),
            last,
        })
    }

    /// Whether the clock is trusted now.
    pub fn is_trusted(&self) -> bool {
        self.look().1.is_trusted()
    }

    /// Why the clock is not trusted now.
    pub fn distrust(&self) -> Option<Distrust> {
        let (reading, judge) = self.look();
        judge.distrust(reading)
    }

    /// How often the clock has become trusted again.
    pub fn recoveries(&self) -> u64 {
        self.look().1.recoveries()
    }

    /// Accepts the clock as right for an operator, and saves its time. Blocks for as long as the
    /// disk takes.
    ///
    /// # Errors
    /// The clock is accepted, but its time could not be saved: the next start may not trust it.
    pub fn accept(&self) -> io::Result<Acceptance> {
        let acceptance = {
            let (reading, mut judge) = self.look();
            let Some(reason) = judge.distrust(reading) else {
                return Ok(Acceptance::TrustedAlready);
            };
            judge.accept(reading);
            tracing::warn!(
                now = rfc3339::format(reading.wall_ms),
                "the operator has accepted the machine's clock"
            );
            Acceptance::Accepted(reason)
        };
        self.save()?;
        Ok(acceptance)
    }

    /// Saves the time, if it is trusted, for the next start. Blocks for as long as the disk takes.
    ///
    /// # Errors
    /// The system's.
    pub fn save(&self) -> io::Result<()> {
        let reading = {
            let (reading, judge) = self.look();
            if !judge.is_trusted() {
                return Ok(());
            }
            reading
        };
        self.last.write(reading.wall_ms)
    }

    /// Reads the clocks and judges them. Reads them under the lock, so that it judges each reading
    /// before a later one.
    fn look(&self) -> (Reading, MutexGuard<'_, ClockJudge>) {
        let mut judge = self.judge.lock();
        let reading = self.clocks.read();
        match judge.look(reading) {
            Some(TrustChange::Lost) => {
                if let Some(reason) = judge.distrust(reading) {
                    tracing::error!("{}", reason.advice());
                }
            }
            Some(TrustChange::Regained) => tracing::warn!(
                now = rfc3339::format(reading.wall_ms),
                "the machine's clock is trusted again"
            ),
            None => {}
        }
        (reading, judge)
    }
}

/// Looks at the clock and saves its time, for as long as it is polled.
pub async fn watch(clock: Arc<WallClock>) {
    let mut look = tokio::time::interval(LOOK_INTERVAL);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut saved: Option<Instant> = None;
    let mut has_failed = false;
    loop {
        look.tick().await;
        let is_due = saved.is_none_or(|saved| saved.elapsed() >= SAVE_INTERVAL);
        if !clock.is_trusted() || !is_due {
            continue;
        }
        saved = Some(Instant::now());
        let saving = Arc::clone(&clock);
        let outcome = tokio::task::spawn_blocking(move || saving.save()).await;
        let failed = !matches!(outcome, Ok(Ok(())));
        if let (Ok(Err(error)), false) = (&outcome, has_failed) {
            tracing::warn!(
                %error,
                "the time could not be kept in the data folder; the next start cannot see how far the \
                 clock has gone back"
            );
        }
        has_failed = failed;
    }
}
