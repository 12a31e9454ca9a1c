//! How long a call into a component may take.

use crate::registry::Limits;
use crate::store::StoreTimes;
use std::time::Duration;

/// The times of one call.
#[derive(Debug, Clone, Copy)]
pub struct CallTimes {
    /// From its begin to its end.
    pub wall: Duration,
    /// That the guest itself runs.
    pub cpu: Duration,
    /// Of each of its calls to the store.
    pub store: StoreTimes,
}

impl CallTimes {
    /// For requests, link calls, and ticks.
    pub fn of_calls(limits: &Limits) -> Self {
        Self {
            wall: limits.timeout,
            cpu: limits.cpu,
            store: StoreTimes {
                write_turn: limits.write_turn,
                read: limits.read,
            },
        }
    }

    /// For `lifecycle.start`, which may build an index over a large table in one statement. The
    /// guest itself has no more to compute than in a request.
    pub fn of_start(limits: &Limits) -> Self {
        Self {
            cpu: limits.cpu,
            ..Self::all(limits.start)
        }
    }

    /// As much time for the parts as for the whole.
    pub fn all(time: Duration) -> Self {
        Self {
            wall: time,
            cpu: time,
            store: StoreTimes {
                write_turn: time,
                read: time,
            },
        }
    }
}
