//! When the next request is due.
//!
//! A paced run has a schedule that does not wait for the server, and the latency of a request
//! counts from when it was due. So a server that hangs for a moment pays for every request that was
//! due in that time (see "coordinated omission").

use std::cell::Cell;
use std::time::Duration;

use tokio::time::Instant;

pub struct Pace {
    /// Requests a second; none is without a schedule.
    rate: Option<u64>,
    began: Instant,
    end: Instant,
    /// How many requests of the schedule clients have taken.
    taken: Cell<u64>,
}

impl Pace {
    /// A schedule that begins now.
    pub fn new(rate: Option<u64>, end: Instant) -> Self {
        Self {
            rate,
            began: Instant::now(),
            end,
            taken: Cell::new(0),
        }
    }

    /// Waits until a request is due, and returns when it was due; none if the run is over.
    pub async fn next(&self) -> Option<Instant> {
        let Some(rate) = self.rate else {
            return Some(Instant::now());
        };
        let number = self.taken.get();
        self.taken.set(number.saturating_add(1));
        let offset = number.saturating_mul(1_000_000) / rate;
        let due = self.began + Duration::from_micros(offset);
        if due.max(Instant::now()) >= self.end {
            return None;
        }
        tokio::time::sleep_until(due).await;
        Some(due)
    }
}
