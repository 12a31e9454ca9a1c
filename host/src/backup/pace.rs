//! How fast a backup reads: those who pay meanwhile need the disk and the processor too.

use std::io::{self, Read};
use std::time::{Duration, Instant};

/// In bytes a second.
const RATE_MAX: u64 = 100_000_000;
/// Shorter pauses would cost more than they spare.
const PAUSE_MIN: Duration = Duration::from_millis(4);
/// How far a slow stretch may be caught up with.
const CATCH_UP_MAX: Duration = Duration::from_millis(100);

/// The pace of one backup.
pub(super) struct BackupPace {
    /// When the next bytes are due.
    due: Instant,
}

impl BackupPace {
    pub(super) fn begin() -> Self {
        Self {
            due: Instant::now(),
        }
    }

    /// Reads at this pace; blocks.
    pub(super) fn of<R: Read>(&mut self, content: R) -> Paced<'_, R> {
        Paced {
            content,
            pace: self,
        }
    }

    /// Waits until so many bytes more may be read.
    fn wait_for(&mut self, bytes: usize) {
        let now = Instant::now();
        let ahead = self.due.saturating_duration_since(now);
        if ahead >= PAUSE_MIN {
            std::thread::sleep(ahead);
        }
        let earliest = now.checked_sub(CATCH_UP_MAX).unwrap_or(now);
        let nanoseconds = u64::try_from(bytes)
            .unwrap_or(u64::MAX)
            .saturating_mul(1_000_000_000)
            / RATE_MAX;
        self.due = self.due.max(earliest) + Duration::from_nanos(nanoseconds);
    }
}

/// A reader that keeps to a pace.
pub(super) struct Paced<'p, R> {
    content: R,
    pace: &'p mut BackupPace,
}

impl<R: Read> Read for Paced<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(buffer)?;
        self.pace.wait_for(read);
        Ok(read)
    }
}
