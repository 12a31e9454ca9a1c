//! How long an account waits after so many failures.
//!
//! The steps are Kanidm's (its "softlock"), but that the first three cost nothing, as people mistype, and that beyond a hundred the
//! account is not shut until midnight but heard every quarter of an hour: 195 guesses on the first day, and 96 on each later one (NIST
//! SP 800-63B-4 section 3.2.2 asks for at most a hundred in a row). What runs at once before the first failure is counted comes on top;
//! the cores bound it. A stranger who guesses delays the user, each time for no longer than the step, but can do so again and again.

const SECOND_MS: i64 = 1_000;

/// A day without a failure forgets them all.
pub(super) const MEMORY_MS: i64 = 24 * 3_600 * SECOND_MS;

/// The failures of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Softlock {
    /// How many there were, since the last success or the last day without one.
    pub failures: i64,
    /// No password is checked before this time.
    pub locked_until_ms: i64,
    /// When the last one was.
    pub last_failure_at_ms: i64,
}

/// How long the account is locked by its nth failure.
pub fn delay_ms(failures: i64) -> i64 {
    match failures {
        ..=3 => 0,
        4..=9 => 3 * SECOND_MS,
        10..=25 => 5 * SECOND_MS,
        26..=99 => 10 * SECOND_MS,
        _ => 15 * 60 * SECOND_MS,
    }
}

impl Softlock {
    /// The same, with what is forgotten by now.
    pub(super) fn at(self, now_ms: i64) -> Self {
        if now_ms.saturating_sub(self.last_failure_at_ms) > MEMORY_MS {
            Self::default()
        } else {
            self
        }
    }

    /// One more.
    pub fn after_failure(&self, now_ms: i64) -> Self {
        let failures = self.failures.saturating_add(1);
        Self {
            failures,
            locked_until_ms: self
                .locked_until_ms
                .max(now_ms.saturating_add(delay_ms(failures))),
            last_failure_at_ms: now_ms,
        }
    }

    /// One less, whose lock is lifted; none if that was the only one.
    pub fn before_failure(&self, now_ms: i64) -> Option<Self> {
        (self.failures > 1).then(|| Self {
            failures: self.failures - 1,
            locked_until_ms: self.locked_until_ms.min(now_ms),
            last_failure_at_ms: self.last_failure_at_ms,
        })
    }

    /// How long the account is still locked, if it is.
    pub fn wait_ms(&self, now_ms: i64) -> Option<i64> {
        let wait_ms = self.locked_until_ms.saturating_sub(now_ms);
        // A clock that was set back must not lock anyone for longer than the longest step.
        (wait_ms > 0).then(|| wait_ms.min(delay_ms(i64::MAX)))
    }
}

#[cfg(test)]
mod tests;
