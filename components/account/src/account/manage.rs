//! Changing an account: freeze, unfreeze, overdraft limit, close. Each change is one transaction with its audit event.

use super::event::{Action, Actor, Event};
use super::find::by_id_within;
use super::record::{Account, AccountStatus};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::store::{Store, StoreError, Transaction, Value};
use uuid::Uuid;

const UPDATE: &str = "\
UPDATE account SET status = ?2, overdraft_limit_minor = ?3, version = version + 1
WHERE key = ?1 AND version = ?4";

/// Why an account was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManageError {
    /// There is no such account.
    #[error("account not found")]
    NotFound,
    /// A closed account stays as it is.
    #[error("the account is closed")]
    Closed,
    /// A frozen account is closed only after it was unfrozen.
    #[error("the account is frozen")]
    Frozen,
    /// Only an account without money, debts, and holds is closed.
    #[error("the balance is not zero")]
    BalanceNotZero,
    /// The new limit is less than what the account has already been overdrawn by.
    #[error("the account is overdrawn by more than the new limit")]
    LimitBelowUse,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A change of status or limit, with the audit event that tells it.
struct Change {
    action: Action,
    /// None: it stays.
    status: Option<AccountStatus>,
    /// None: it stays.
    overdraft_limit: Option<i64>,
    old_value: String,
    new_value: String,
}

/// Stops all movements. Frozen already: nothing changes.
pub fn freeze<S: Store>(
    store: &S,
    clock: &impl Clock,
    id: Uuid,
    actor: &Actor,
) -> Result<Account, ManageError> {
    change(store, clock, id, actor, |account| {
        Ok(
            status_change(account, Action::Frozen, AccountStatus::Frozen)
                .into_iter()
                .collect(),
        )
    })
}

/// Allows movements again. Open already: nothing changes.
pub fn unfreeze<S: Store>(
    store: &S,
    clock: &impl Clock,
    id: Uuid,
    actor: &Actor,
) -> Result<Account, ManageError> {
    change(store, clock, id, actor, |account| {
        Ok(
            status_change(account, Action::Unfrozen, AccountStatus::Open)
                .into_iter()
                .collect(),
        )
    })
}

/// Closes an account for ever. Its balance must be zero and nothing pending; a frozen account must be unfrozen first, so that its owner
/// cannot end what staff have stopped. Its overdraft limit goes first: nothing is available from a closed account.
pub fn close<S: Store>(
    store: &S,
    clock: &impl Clock,
    id: Uuid,
    actor: &Actor,
) -> Result<Account, ManageError> {
    change(store, clock, id, actor, |account| {
        let balance = &account.balance;
        if account.status == AccountStatus::Frozen {
            return Err(ManageError::Frozen);
        }
        if balance.posted() != 0 || balance.debits_pending != 0 || balance.credits_pending != 0 {
            return Err(ManageError::BalanceNotZero);
        }
        let limit = limit_change(account, 0);
        let closed = status_change(account, Action::Closed, AccountStatus::Closed);
        Ok(limit.into_iter().chain(closed).collect())
    })
}

/// Sets how far below zero the account may go, in minor units (0: not at all). A limit that the account has already passed is refused, so
/// that no account is ever below its limit.
pub fn set_overdraft_limit<S: Store>(
    store: &S,
    clock: &impl Clock,
    id: Uuid,
    limit_minor: i64,
    actor: &Actor,
) -> Result<Account, ManageError> {
    assert!(limit_minor >= 0);
    change(store, clock, id, actor, |account| {
        let mut balance = account.balance;
        balance.overdraft_limit = Some(limit_minor);
        if balance.available() < 0 {
            return Err(ManageError::LimitBelowUse);
        }
        Ok(limit_change(account, limit_minor).into_iter().collect())
    })
}

/// None where the limit is already so.
fn limit_change(account: &Account, limit_minor: i64) -> Option<Change> {
    let old = account.balance.overdraft_limit.unwrap_or_default();
    (old != limit_minor).then(|| Change {
        action: Action::OverdraftLimitChanged,
        status: None,
        overdraft_limit: Some(limit_minor),
        old_value: old.to_string(),
        new_value: limit_minor.to_string(),
    })
}

/// None where the status is already so.
fn status_change(account: &Account, action: Action, status: AccountStatus) -> Option<Change> {
    (account.status != status).then(|| Change {
        action,
        status: Some(status),
        overdraft_limit: None,
        old_value: account.status.as_str().to_owned(),
        new_value: status.as_str().to_owned(),
    })
}

fn change<S: Store>(
    store: &S,
    clock: &impl Clock,
    id: Uuid,
    actor: &Actor,
    decide: impl FnOnce(&Account) -> Result<Vec<Change>, ManageError>,
) -> Result<Account, ManageError> {
    let transaction = store.begin()?;
    let mut account = by_id_within(&transaction, id)?.ok_or(ManageError::NotFound)?;
    let decided = match account.status {
        AccountStatus::Closed => Err(ManageError::Closed),
        AccountStatus::Open | AccountStatus::Frozen => decide(&account),
    };
    for change in decided.iter().flatten() {
        apply(&transaction, clock, &mut account, change, actor)?;
    }
    // Also of nothing: what the answer rests on may be of an earlier turn of the group, and the commit waits until it is on disk.
    transaction.commit()?;
    decided.map(|_| account)
}

/// Writes one change and its event.
fn apply(
    transaction: &impl Transaction,
    clock: &impl Clock,
    account: &mut Account,
    change: &Change,
    actor: &Actor,
) -> Result<(), StoreError> {
    let status = change.status.unwrap_or(account.status);
    let overdraft_limit = change.overdraft_limit.or(account.balance.overdraft_limit);
    let params = [
        Value::from(account.key),
        Value::from(status.as_str()),
        Value::from(overdraft_limit),
        Value::from(account.version),
    ];
    let changed = transaction.execute(UPDATE, &params)?;
    assert_eq!(
        changed, 1,
        "nobody else writes while this transaction is open"
    );
    Event {
        account_key: account.key,
        account_id: account.id,
        action: change.action,
        actor,
        old_value: Some(change.old_value.clone()),
        new_value: change.new_value.clone(),
        at_ms: clock.now_ms(),
    }
    .record(transaction)?;
    account.status = status;
    account.balance.overdraft_limit = overdraft_limit;
    account.version += 1;
    Ok(())
}
