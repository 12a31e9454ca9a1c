//! Wrong passwords slow an account down, and never lock it for ever.
//!
//! The count lives in the store: it survives restarts, is exact however many attempts run at once, and is the same for addresses
//! that no user has.

mod softlock;

use crate::outside::Outside;
use crate::service::{AuthError, AuthService};
use sha2::{Digest, Sha256};
pub use softlock::{Softlock, delay_ms};
use strongroom_sdk::store::{Row, Rows, Store, StoreError, Transaction, Value};

/// How many accounts may be counted at once: whoever tries more addresses pushes out the oldest.
const ACCOUNTS_MAX: i64 = 100_000;

/// One tick deletes at most this many, so that the writer is soon free again.
const DELETIONS_PER_TICK: i64 = 1_000;

const SELECT: &str =
    "SELECT failures, locked_until, last_failure_at FROM login_failure WHERE account = ?1";

const UPSERT: &str = "INSERT INTO login_failure (account, failures, locked_until, last_failure_at) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (account) DO UPDATE SET failures = excluded.failures, locked_until = excluded.locked_until,
        last_failure_at = excluded.last_failure_at";

const DELETE: &str = "DELETE FROM login_failure WHERE account = ?1";

const ANY_SURPLUS: &str = "SELECT 1 FROM login_failure WHERE last_failure_at < ?1
    UNION ALL SELECT 1 FROM (SELECT 1 FROM login_failure LIMIT 1 OFFSET ?2) LIMIT 1";

const DELETE_FORGOTTEN: &str = "DELETE FROM login_failure WHERE account IN
    (SELECT account FROM login_failure WHERE last_failure_at < ?1 ORDER BY last_failure_at LIMIT ?2)";

const DELETE_SURPLUS: &str = "DELETE FROM login_failure WHERE account IN
    (SELECT account FROM login_failure ORDER BY last_failure_at DESC LIMIT ?2 OFFSET ?1)";

/// An account whose failures are counted: the SHA-256 of the key of an email address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Account([u8; 32]);

impl Account {
    pub(crate) fn of(email_key: &str) -> Self {
        Self(Sha256::digest(email_key).into())
    }
}

impl From<Account> for Value {
    fn from(account: Account) -> Self {
        account.0.as_slice().into()
    }
}

/// Leave to check one password of an account. Say what came of it: dropping it counts as a failure that was counted before, and as
/// nothing otherwise.
#[must_use]
#[derive(Debug)]
pub(crate) enum Attempt {
    /// The account has no failures: any number of attempts may run at once, so that two windows of one user do not disturb each other.
    Free(Account),
    /// It has some: this attempt is counted as failed already, so that what runs beside it finds the lock.
    Counted(Account),
}

impl<O: Outside> AuthService<O> {
    /// Asks to check a password.
    ///
    /// # Errors
    /// [`AuthError::TooManyAttempts`].
    pub(crate) fn begin_attempt(&self, account: Account) -> Result<Attempt, AuthError> {
        let now_ms = self.now_ms();
        let seen = find(account, now_ms, |sql, params| self.store.query(sql, params))?;
        if seen.failures == 0 {
            return Ok(Attempt::Free(account));
        }
        refuse_if_locked(&seen, now_ms)?;
        let transaction = self.store.begin()?;
        let current = find(account, now_ms, |sql, params| {
            transaction.query(sql, params)
        })?;
        if current.wait_ms(now_ms).is_none() {
            save(account, &current.after_failure(now_ms), &transaction)?;
        }
        // Also of nothing: the lock may be of an earlier turn of the group, and must be on disk before anyone is refused for it.
        transaction.commit()?;
        refuse_if_locked(&current, now_ms)?;
        Ok(Attempt::Counted(account))
    }

    /// The password was wrong.
    pub(crate) fn attempt_failed(&self, attempt: &Attempt) -> Result<(), AuthError> {
        let Attempt::Free(account) = *attempt else {
            return Ok(());
        };
        let now_ms = self.now_ms();
        let transaction = self.store.begin()?;
        let current = find(account, now_ms, |sql, params| {
            transaction.query(sql, params)
        })?;
        save(account, &current.after_failure(now_ms), &transaction)?;
        transaction.commit()?;
        Ok(())
    }

    /// The password was right: the account starts from nothing.
    pub(crate) fn attempt_succeeded(&self, attempt: &Attempt) -> Result<(), AuthError> {
        let Attempt::Counted(account) = *attempt else {
            return Ok(());
        };
        let transaction = self.store.begin()?;
        transaction.execute(DELETE, &[account.into()])?;
        // Lost in a crash, it only makes the user wait as after one more failure.
        transaction.commit_later()?;
        Ok(())
    }

    /// No password was checked at all.
    pub(crate) fn attempt_withdrawn(&self, attempt: &Attempt) -> Result<(), AuthError> {
        let Attempt::Counted(account) = *attempt else {
            return Ok(());
        };
        let now_ms = self.now_ms();
        let transaction = self.store.begin()?;
        let current = find(account, now_ms, |sql, params| {
            transaction.query(sql, params)
        })?;
        match current.before_failure(now_ms) {
            Some(softlock) => save(account, &softlock, &transaction)?,
            None => drop(transaction.execute(DELETE, &[account.into()])?),
        }
        transaction.commit_later()?;
        Ok(())
    }

    /// Forgets old failures, and the oldest beyond a hundred thousand accounts. For `tick`.
    ///
    /// # Errors
    /// [`AuthError::Store`].
    pub fn forget_old_failures(&self) -> Result<(), AuthError> {
        let before_ms = self.now_ms().saturating_sub(softlock::MEMORY_MS);
        let surplus = self
            .store
            .query(ANY_SURPLUS, &[before_ms.into(), ACCOUNTS_MAX.into()])?;
        // Most ticks have nothing to do, and then do not take the writer's turn.
        if surplus.first().is_none() {
            return Ok(());
        }
        let transaction = self.store.begin()?;
        transaction.execute(
            DELETE_FORGOTTEN,
            &[before_ms.into(), DELETIONS_PER_TICK.into()],
        )?;
        transaction.execute(
            DELETE_SURPLUS,
            &[ACCOUNTS_MAX.into(), DELETIONS_PER_TICK.into()],
        )?;
        transaction.commit_later()?;
        Ok(())
    }
}

fn refuse_if_locked(softlock: &Softlock, now_ms: i64) -> Result<(), AuthError> {
    match softlock.wait_ms(now_ms) {
        Some(wait_ms) => Err(AuthError::TooManyAttempts { wait_ms }),
        None => Ok(()),
    }
}

fn find(
    account: Account,
    now_ms: i64,
    query: impl FnOnce(&str, &[Value]) -> Result<Rows, StoreError>,
) -> Result<Softlock, StoreError> {
    let kept = query(SELECT, &[account.into()])?
        .first()
        .map(|row| from_row(&row))
        .transpose()?;
    Ok(kept.unwrap_or_default().at(now_ms))
}

fn from_row(row: &Row) -> Result<Softlock, StoreError> {
    Ok(Softlock {
        failures: row.integer(0)?,
        locked_until_ms: row.integer(1)?,
        last_failure_at_ms: row.integer(2)?,
    })
}

fn save(
    account: Account,
    softlock: &Softlock,
    transaction: &impl Transaction,
) -> Result<(), StoreError> {
    transaction.execute(
        UPSERT,
        &[
            account.into(),
            softlock.failures.into(),
            softlock.locked_until_ms.into(),
            softlock.last_failure_at_ms.into(),
        ],
    )?;
    Ok(())
}
