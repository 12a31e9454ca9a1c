//! Wrong passwords slow down further attempts, and never lock an account permanently.
//!
//! - An attempt with only a password counts by account and network, and more loosely by account
//!   over all networks. So a stranger elsewhere hardly delays a user.
//! - An attempt with a device token of the user counts by that device alone, so that no stranger
//!   can delay it. So does a change of the password, by its session.
//!
//! The counts are in the store. They survive restarts, they are exact for concurrent attempts, and
//! they are the same for addresses without a user.

mod counter;
mod network;
mod softlock;

use crate::env::{Env, PermitOf};
use crate::error::AuthError;
use crate::service::AuthService;
use counter::Kind;
pub(crate) use counter::{Account, Counter};
pub use network::Network;
pub use softlock::{Pace, Softlock};
use strongroom_sdk::store::{Reader, Store, StoreError, Transaction, Value};

/// The store has at most so many counters of each kind without a failure of late. One more deletes
/// the one with the fewest failures, the oldest of these: networks delete no totals, and a flood of
/// addresses deletes no lock. Each failure costs a password hash, which bounds the others.
const COUNTERS_MAX: i64 = 100_000;

/// A counter stays for so long after a failure, so that it can grow however many have more.
const LATE_MS: i64 = 3_600_000;

/// One tick deletes at most so many of each kind, so that the writer is soon free again.
const DELETIONS_PER_TICK: i64 = 1_000;

const ANY_SURPLUS: &str = "\
SELECT 1 FROM (SELECT 1 FROM login_failure WHERE kind = ?1 AND last_failure_at < ?2 LIMIT 1)
UNION ALL
SELECT 1 FROM (SELECT 1 FROM login_failure WHERE kind = ?1 AND last_failure_at < ?4
    LIMIT 1 OFFSET ?3)
LIMIT 1";

const DELETE_FORGOTTEN: &str = "\
DELETE FROM login_failure WHERE (account, kind, source) IN
    (SELECT account, kind, source FROM login_failure WHERE kind = ?1 AND last_failure_at < ?2
    ORDER BY last_failure_at LIMIT ?3)";

const DELETE_SURPLUS: &str = "\
DELETE FROM login_failure WHERE (account, kind, source) IN
    (SELECT account, kind, source FROM login_failure WHERE kind = ?1 AND last_failure_at < ?4
    ORDER BY failures DESC, last_failure_at DESC LIMIT ?3 OFFSET ?2)";

/// Permission to check one password. The caller reports the outcome. A dropped attempt stays a
/// failure if it is counted already, and has no effect otherwise.
#[must_use]
#[derive(Debug)]
pub(crate) struct Attempt {
    counters: Vec<Counter>,
    /// Whether the attempt is counted as failed before it is made, so that concurrent attempts find
    /// the lock. An attempt without earlier failures is not: any number of them may run at once, so
    /// that two windows of one user do not disturb each other.
    is_counted: bool,
}

impl Attempt {
    /// Whether no earlier attempt has failed.
    pub(crate) fn is_first(&self) -> bool {
        !self.is_counted
    }
}

impl<E: Env> AuthService<E> {
    /// Permits to check a password, and takes a core for it. Writes nothing if no core is free.
    pub(crate) fn begin_attempt(
        &self,
        counters: Vec<Counter>,
    ) -> Result<(Attempt, PermitOf<E>), AuthError> {
        let now_ms = self.now_ms();
        let seen = find_all(&counters, now_ms, &self.store)?;
        refuse_if_locked(&seen, now_ms)?;
        let is_known = counters.iter().all(Counter::is_of_one_known);
        let permit = self.core(is_known)?;
        let is_counted = seen.iter().any(|softlock| softlock.failures > 0);
        if is_counted {
            self.count_ahead(&counters)?;
        } else {
            self.check_that_failures_count(&counters)?;
        }
        let attempt = Attempt {
            counters,
            is_counted,
        };
        Ok((attempt, permit))
    }

    /// Checks that the store has room for a failure. Otherwise each attempt would be a first one.
    fn check_that_failures_count(&self, counters: &[Counter]) -> Result<(), AuthError> {
        let transaction = self.store.begin()?;
        count_failure(counters, self.now_ms(), &transaction)?;
        // It is dropped, which undoes it.
        Ok(())
    }

    /// Counts an attempt as failed before it is made, unless a lock holds.
    fn count_ahead(&self, counters: &[Counter]) -> Result<(), AuthError> {
        let now_ms = self.now_ms();
        let transaction = self.store.begin()?;
        let current = find_all(counters, now_ms, &transaction)?;
        let refused = refuse_if_locked(&current, now_ms);
        if refused.is_ok() {
            for (counter, softlock) in counters.iter().zip(&current) {
                counter.save(&softlock.after_failure(now_ms), &transaction)?;
            }
        }
        // Commit even if nothing has changed: the lock may be of an earlier turn of the group, and
        // must be on disk before it refuses an attempt.
        transaction.commit()?;
        refused
    }

    /// The password was wrong.
    pub(crate) fn attempt_failed(&self, attempt: &Attempt) -> Result<(), AuthError> {
        if attempt.is_counted {
            return Ok(());
        }
        let transaction = self.store.begin()?;
        count_failure(&attempt.counters, self.now_ms(), &transaction)?;
        transaction.commit()?;
        Ok(())
    }

    /// The password was right: its counters start again at zero.
    pub(crate) fn attempt_succeeded(&self, attempt: &Attempt) -> Result<(), AuthError> {
        if !attempt.is_counted {
            return Ok(());
        }
        let transaction = self.store.begin()?;
        for counter in &attempt.counters {
            counter.delete(&transaction)?;
        }
        // Not later: the next attempt reads what is on disk.
        transaction.commit()?;
        Ok(())
    }

    /// The caller did not check a password.
    pub(crate) fn attempt_withdrawn(&self, attempt: &Attempt) -> Result<(), AuthError> {
        if !attempt.is_counted {
            return Ok(());
        }
        let now_ms = self.now_ms();
        let transaction = self.store.begin()?;
        for counter in &attempt.counters {
            match counter.find(now_ms, &transaction)?.before_failure(now_ms) {
                Some(softlock) => counter.save(&softlock, &transaction)?,
                None => counter.delete(&transaction)?,
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// Deletes old counters, and those beyond [`COUNTERS_MAX`] of a kind. For `tick`.
    pub fn forget_old_failures(&self) -> Result<(), AuthError> {
        let before_ms = self.now_ms().saturating_sub(softlock::MEMORY_MS);
        let late_ms = self.now_ms().saturating_sub(LATE_MS);
        for kind in Kind::ALL {
            let kind = Value::from(kind.as_str());
            let bounds = [
                kind.clone(),
                before_ms.into(),
                COUNTERS_MAX.into(),
                late_ms.into(),
            ];
            // Most ticks find nothing, and then do not wait for the writer.
            if self.store.query(ANY_SURPLUS, &bounds)?.first().is_none() {
                continue;
            }
            let transaction = self.store.begin()?;
            let forgotten = [kind.clone(), before_ms.into(), DELETIONS_PER_TICK.into()];
            transaction.execute(DELETE_FORGOTTEN, &forgotten)?;
            let surplus = [
                kind,
                COUNTERS_MAX.into(),
                DELETIONS_PER_TICK.into(),
                late_ms.into(),
            ];
            transaction.execute(DELETE_SURPLUS, &surplus)?;
            transaction.commit_later()?;
        }
        Ok(())
    }
}

fn count_failure(
    counters: &[Counter],
    now_ms: i64,
    transaction: &impl Transaction,
) -> Result<(), StoreError> {
    counters.iter().try_for_each(|counter| {
        let current = counter.find(now_ms, transaction)?;
        counter.save(&current.after_failure(now_ms), transaction)
    })
}

fn find_all(
    counters: &[Counter],
    now_ms: i64,
    from: &impl Reader,
) -> Result<Vec<Softlock>, StoreError> {
    let found = counters.iter().map(|counter| counter.find(now_ms, from));
    found.collect()
}

/// Refuses an attempt while a lock holds. The longest lock gives the wait.
fn refuse_if_locked(softlocks: &[Softlock], now_ms: i64) -> Result<(), AuthError> {
    let waits = softlocks
        .iter()
        .filter_map(|softlock| softlock.wait_ms(now_ms));
    match waits.max() {
        Some(wait_ms) => Err(AuthError::TooManyAttempts { wait_ms }),
        None => Ok(()),
    }
}
