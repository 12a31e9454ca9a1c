//! When the next request is due.
//!
//! A paced run has a schedule that does not wait for the server, and the latency of a request
//! counts from when it was due. So a server that hangs for a moment pays for every request that was
//! due in that time (see "coordinated omission").

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior};

/// The time between two looks at the schedule: the timer's resolution.
const BEAT: Duration = Duration::from_millis(1);

pub struct Pace {
    /// Requests a second; none is without a schedule.
    rate: Option<u64>,
    due: RefCell<VecDeque<Instant>>,
    is_over: Cell<bool>,
    changed: Notify,
}

impl Pace {
    pub fn new(rate: Option<u64>) -> Self {
        Self {
            rate,
            due: RefCell::default(),
            is_over: Cell::new(false),
            changed: Notify::new(),
        }
    }

    /// Waits until a request is due, and returns when it was due; none if the run is over.
    pub async fn next(&self) -> Option<Instant> {
        if self.rate.is_none() {
            return Some(Instant::now());
        }
        loop {
            let due = self.due.borrow_mut().pop_front();
            if due.is_some() {
                return due;
            }
            if self.is_over.get() {
                return None;
            }
            self.changed.notified().await;
        }
    }

    /// Makes requests due until the end of the run.
    pub async fn run_until(&self, end: Instant) {
        let Some(rate) = self.rate else { return };
        let began = Instant::now();
        let mut made = 0;
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while Instant::now() < end {
            beat.tick().await;
            let micros = began.elapsed().as_micros();
            let wanted = u128::from(rate).saturating_mul(micros) / 1_000_000;
            while made < wanted {
                // The time of the schedule, which may be before this beat.
                let offset = made.saturating_mul(1_000_000) / u128::from(rate);
                let offset = Duration::from_micros(u64::try_from(offset).unwrap_or(u64::MAX));
                self.due.borrow_mut().push_back(began + offset);
                self.changed.notify_one();
                made = made.saturating_add(1);
            }
        }
        self.due.borrow_mut().clear();
        self.is_over.set(true);
        self.changed.notify_waiters();
    }
}
