//! How long a password must wait after so many failures.
//!
//! The steps of [`Pace::Close`] are Kanidm's (its "softlock"), but that the first three cost
//! nothing, as people mistype, and that beyond a hundred the lock is not until midnight but of a
//! quarter of an hour: 195 guesses on the first day, and 96 on each later one. NIST SP 800-63B-4
//! section 3.2.2 asks for at most a hundred in a row. What runs at once before the first failure is
//! counted comes on top; the cores bound it.
//!
//! [`Pace::Loose`] is for all networks together. 99 failures cost nothing, then each locks for half
//! a minute, and from the 300th on for three minutes: 746 guesses on the first day, and 480 on each
//! later one, from however many networks. One network alone, at its close pace, locks the account
//! for others for at most 3 of each 15 minutes.

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;

/// A day without a failure forgets them all.
pub(super) const MEMORY_MS: i64 = 24 * 60 * MINUTE_MS;

/// Which steps the failures of a counter have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Of one network, one device, or one session.
    Close,
    /// Of an account, whoever tries.
    Loose,
}

impl Pace {
    /// How long the nth failure locks.
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

    /// The longest step.
    fn delay_max_ms(self) -> i64 {
        self.delay_ms(i64::MAX)
    }
}

/// The failures of one counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Softlock {
    /// The steps.
    pub pace: Pace,
    /// How many there were, since the last success or the last day without one.
    pub failures: i64,
    /// No password is checked before this time.
    pub locked_until_ms: i64,
    /// When the last one was.
    pub last_failure_at_ms: i64,
}

impl Softlock {
    /// No failures.
    pub fn new(pace: Pace) -> Self {
        Self {
            pace,
            failures: 0,
            locked_until_ms: 0,
            last_failure_at_ms: 0,
        }
    }

    /// The same, with what is forgotten by now.
    pub(super) fn at(self, now_ms: i64) -> Self {
        if now_ms.saturating_sub(self.last_failure_at_ms) > MEMORY_MS {
            Self::new(self.pace)
        } else {
            self
        }
    }

    /// One more.
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

    /// One less, whose lock is lifted; none if that was the only one.
    pub fn before_failure(&self, now_ms: i64) -> Option<Self> {
        (self.failures > 1).then(|| Self {
            failures: self.failures - 1,
            locked_until_ms: self.locked_until_ms.min(now_ms),
            ..*self
        })
    }

    /// How long the lock still holds, if there is one.
    pub fn wait_ms(&self, now_ms: i64) -> Option<i64> {
        let wait_ms = self.locked_until_ms.saturating_sub(now_ms);
        // A clock that was set back must not lock anyone for longer than the longest step.
        (wait_ms > 0).then(|| wait_ms.min(self.pace.delay_max_ms()))
    }
}

#[cfg(test)]
mod tests;
