//! How long an attempt must wait after so many failures.
//!
//! The steps of [`Pace::Close`] are Kanidm's (its "softlock") with two differences. The first three
//! failures cost nothing, because people mistype. From the hundredth on, a lock holds for a quarter
//! of an hour and not until midnight. This allows 195 guesses on the first day, and 96 on each
//! later one. NIST SP 800-63B-4 section 3.2.2 asks for at most a hundred in a row. Concurrent
//! attempts before the first counted failure come on top; the cores bound their number.
//!
//! [`Pace::Loose`] is for all networks together. 99 failures cost nothing. Then each locks for half
//! a minute, and from the 300th on for three minutes. This allows 746 guesses on the first day, and
//! 480 on each later one, from any number of networks. One network alone, at its close pace, locks
//! the account for others for at most 3 of each 15 minutes.

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;

/// After a day without a failure, the earlier ones no longer count.
pub(super) const MEMORY_MS: i64 = 24 * 60 * MINUTE_MS;

/// How fast the locks of a counter grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// For one network, one device, or one session.
    Close,
    /// For an account over all networks.
    Loose,
}

impl Pace {
    /// How long a lock holds after so many failures, in milliseconds.
    pub fn delay_ms(self, failures: i64) -> i64 {
        match (self, failures) {
            (Self::Close, ..=3) => 0,
            (Self::Close, 4..=9) => 3 * SECOND_MS,
            (Self::Close, 10..=25) => 5 * SECOND_MS,
            (Self::Close, 26..=99) => 10 * SECOND_MS,
            (Self::Close, _) => 15 * MINUTE_MS,
            (Self::Loose, ..=99) => 0,
            (Self::Loose, 100..=299) => 30 * SECOND_MS,
            (Self::Loose, _) => 3 * MINUTE_MS,
        }
    }

    fn delay_max_ms(self) -> i64 {
        self.delay_ms(i64::MAX)
    }
}

/// The failures of one counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Softlock {
    pub pace: Pace,
    /// The failures since the last success, or since a day without a failure.
    pub failures: i64,
    /// The lock holds until this time, in milliseconds since 1970 UTC.
    pub locked_until_ms: i64,
    /// The time of the last failure, in milliseconds since 1970 UTC.
    pub last_failure_at_ms: i64,
}

impl Softlock {
    /// A counter without failures.
    pub fn new(pace: Pace) -> Self {
        Self {
            pace,
            failures: 0,
            locked_until_ms: 0,
            last_failure_at_ms: 0,
        }
    }

    /// The same at another time, when the failures may no longer count. Those of a clock that was
    /// ahead do not.
    pub(super) fn at(self, now_ms: i64) -> Self {
        let age_ms = now_ms.saturating_sub(self.last_failure_at_ms);
        if !(-self.pace.delay_max_ms()..=MEMORY_MS).contains(&age_ms) {
            Self::new(self.pace)
        } else {
            self
        }
    }

    /// The counter after one more failure.
    #[must_use]
    pub fn after_failure(&self, now_ms: i64) -> Self {
        let failures = self.failures.saturating_add(1);
        let locked_until_ms = now_ms.saturating_add(self.pace.delay_ms(failures));
        Self {
            pace: self.pace,
            failures,
            locked_until_ms: self.locked_until_ms.max(locked_until_ms),
            last_failure_at_ms: now_ms,
        }
    }

    /// The counter with one failure less and no lock; none if that was its only failure.
    pub fn before_failure(&self, now_ms: i64) -> Option<Self> {
        (self.failures > 1).then(|| Self {
            failures: self.failures - 1,
            locked_until_ms: self.locked_until_ms.min(now_ms),
            ..*self
        })
    }

    /// How long the lock still holds, in milliseconds; none without a lock.
    pub fn wait_ms(&self, now_ms: i64) -> Option<i64> {
        let wait_ms = self.locked_until_ms.saturating_sub(now_ms);
        // A longer one is of a clock that was ahead.
        (1..=self.pace.delay_max_ms())
            .contains(&wait_ms)
            .then_some(wait_ms)
    }
}

#[cfg(test)]
mod tests;
