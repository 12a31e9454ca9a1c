//! Whether the machine's wall clock can be trusted.
//!
//! The times of the books never go back. So a clock that was wrong for one transfer, a year ahead,
//! would leave them in the future for good. The host compares the wall clock with the time since
//! boot ([`judge`]), and begins no write transaction while they disagree. Between two runs of the
//! host it compares the wall clock with the time that it keeps in the data folder ([`last_time`]).

mod judge;
mod last_time;
mod reading;
#[cfg(test)]
mod tests;

pub use last_time::LastTimeError;
#[cfg(test)]
pub use tests::SetClocks;

use judge::{Change, Judge};
use last_time::LastTime;
use reading::{Clocks, MachineClocks, Reading};
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How often the clock is looked at where nobody writes.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);
/// How often the time is kept: bounds by how much a clock may go back unseen while the host is
/// down.
const SAVE_INTERVAL: Duration = Duration::from_secs(10);

/// The machine's wall clock, under watch.
pub struct WallClock {
    clocks: Box<dyn Clocks>,
    judge: Mutex<Judge>,
    last: LastTime,
}

/// Why the clock is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distrust {
    /// It has jumped while the host ran.
    Jumped {
        /// What it shows.
        shown_ms: i64,
        /// What it would show by the time since boot.
        expected_ms: i64,
    },
    /// It is earlier than when the host last ran.
    Behind {
        /// What it shows.
        shown_ms: i64,
        /// The latest time that the host has kept.
        last_ms: i64,
    },
}

/// What became of an operator's word that the clock is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    /// The clock was not trusted, and now is.
    Accepted(Distrust),
    /// There was nothing to accept.
    TrustedAlready,
}

impl WallClock {
    /// The clock of a host with this data folder. A difference of more than `jump` is one.
    ///
    /// # Errors
    /// The kept time cannot be read.
    pub fn open(data: &Path, jump: Duration) -> Result<Self, LastTimeError> {
        Self::with(Box::new(MachineClocks), data, jump)
    }

    fn with(clocks: Box<dyn Clocks>, data: &Path, jump: Duration) -> Result<Self, LastTimeError> {
        let last = LastTime::of(data);
        let last_ms = last.read()?;
        let reading = clocks.read();
        let judge = Judge::new(jump, reading, last_ms);
        match (judge.distrust(reading), last_ms) {
            (Some(reason), _) => tracing::error!("{}", reason.advice()),
            (None, Some(last_ms)) => tracing::info!(
                last_time = text(last_ms),
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

    /// How often the clock was trusted again.
    pub fn recoveries(&self) -> u64 {
        self.look().1.recoveries()
    }

    /// Takes the operator's word that the clock is right, and keeps its time. Blocks for as long as
    /// the disk takes.
    ///
    /// # Errors
    /// The clock is accepted, but its time could not be kept: the next start may not trust it.
    pub fn accept(&self) -> io::Result<Acceptance> {
        let acceptance = {
            let (reading, mut judge) = self.look();
            let Some(reason) = judge.distrust(reading) else {
                return Ok(Acceptance::TrustedAlready);
            };
            judge.accept(reading);
            tracing::warn!(
                now = text(reading.wall_ms),
                "the operator has accepted the machine's clock"
            );
            Acceptance::Accepted(reason)
        };
        self.save()?;
        Ok(acceptance)
    }

    /// Keeps the time, if it is trusted, for the next start. Blocks for as long as the disk takes.
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

    /// Reads the clocks and judges them. They are read under the lock, so that no reading is judged
    /// after a later one.
    fn look(&self) -> (Reading, MutexGuard<'_, Judge>) {
        let mut judge = self.judge.lock().unwrap_or_else(PoisonError::into_inner);
        let reading = self.clocks.read();
        match judge.look(reading) {
            Some(Change::Lost) => {
                if let Some(reason) = judge.distrust(reading) {
                    tracing::error!("{}", reason.advice());
                }
            }
            Some(Change::Regained) => tracing::warn!(
                now = text(reading.wall_ms),
                "the machine's clock is trusted again"
            ),
            None => {}
        }
        (reading, judge)
    }
}

/// Looks at the clock, and keeps its time, for as long as it is polled.
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
            tracing::warn!(%error, "the time could not be kept in the data folder; the next start cannot see how far the clock has gone back");
        }
        has_failed = failed;
    }
}

impl Distrust {
    /// What is wrong, and what to do.
    pub fn advice(&self) -> String {
        format!(
            "{self}; nothing is written until it is right again: set it, or accept it with `strongroom admin accept-clock`"
        )
    }
}

impl fmt::Display for Distrust {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Jumped {
                shown_ms,
                expected_ms,
            } => write!(
                formatter,
                "the machine's clock has jumped: it shows {}, and by the time since boot it is {}",
                text(shown_ms),
                text(expected_ms)
            ),
            Self::Behind { shown_ms, last_ms } => write!(
                formatter,
                "the machine's clock is behind: it shows {}, and the host has run until {}",
                text(shown_ms),
                text(last_ms)
            ),
        }
    }
}

/// A time as people read it.
fn text(time_ms: i64) -> String {
    // Only years beyond 9999 cannot be written.
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(time_ms) * 1_000_000)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_else(|| format!("{time_ms} ms after 1970"))
}
