//! Changing an account: freeze, unfreeze, overdraft limit, close. One transaction writes a change
//! and its event in the audit log.

use super::event::{CLOSED, FROZEN, OVERDRAFT_LIMIT_CHANGED, UNFROZEN};
use super::find::by_id_within;
use super::freeze::Freeze;
use super::record::{Account, AccountStatus};
use strongroom_sdk::audit_log::{Actor, Record};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::store::{Store, StoreError, Transaction, Value};
use uuid::Uuid;

const UPDATE: &str = "\
UPDATE account SET status = ?2, frozen = ?3, overdraft_limit_minor = ?4, version = version + 1
WHERE key = ?1 AND version = ?5";

/// Why an account was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManageError {
    /// There is no such account.
    #[error("account not found")]
    NotFound,
    /// A closed account does not change.
    #[error("the account is closed")]
    Closed,
    /// Staff must unfreeze an account before it is closed.
    #[error("the account is frozen")]
    Frozen,
    /// An account with money, debts, or holds is not closed.
    #[error("the balance is not zero")]
    BalanceNotZero,
    /// The account is already overdrawn by more than the new limit.
    #[error("the account is overdrawn by more than the new limit")]
    LimitBelowUse,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A change, with the words of its event.
struct Change {
    action: &'static str,
    after: Account,
    old_value: String,
    new_value: String,
}

/// Stops movements. Nothing changes where they are stopped already.
pub fn freeze<S: Store>(
    store: &S,
    clock: &impl Clock,
    id: Uuid,
    stops: Freeze,
    actor: &Actor,
) -> Result<Account, ManageError> {
    change(store, clock, id, actor, |account| {
        let frozen = status_change(account, FROZEN, AccountStatus::Frozen, Some(stops));
        Ok(frozen.into_iter().collect())
    })
}

/// Allows movements again. Nothing changes where the account is open already.
pub fn unfreeze<S: Store>(
    store: &S,
    clock: &impl Clock,
    id: Uuid,
    actor: &Actor,
) -> Result<Account, ManageError> {
    change(store, clock, id, actor, |account| {
        let open = status_change(account, UNFROZEN, AccountStatus::Open, None);
        Ok(open.into_iter().collect())
    })
}

/// Closes an account; this is final. Its balance must be zero, and nothing pending. Staff must
/// unfreeze a frozen account first, so that its owner does not end what staff have stopped. The
/// overdraft limit becomes zero: a closed account has nothing available.
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
        let without_limit = limit.as_ref().map_or(account, |limit| &limit.after);
        let closed = status_change(without_limit, CLOSED, AccountStatus::Closed, None);
        Ok(limit.into_iter().chain(closed).collect())
    })
}

/// Sets how far below zero the account may go, in minor units (0: not at all). An account that is
/// below the new limit keeps its old one.
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

/// None where the account has this limit already.
fn limit_change(account: &Account, limit_minor: i64) -> Option<Change> {
    let old = account.balance.overdraft_limit.unwrap_or_default();
    let mut after = account.clone();
    after.balance.overdraft_limit = Some(limit_minor);
    (old != limit_minor).then(|| Change {
        action: OVERDRAFT_LIMIT_CHANGED,
        after,
        old_value: account.money(old).to_string(),
        new_value: account.money(limit_minor).to_string(),
    })
}

/// None where the account has this status already.
fn status_change(
    account: &Account,
    action: &'static str,
    status: AccountStatus,
    freeze: Option<Freeze>,
) -> Option<Change> {
    let after = Account {
        status,
        freeze,
        ..account.clone()
    };
    let (old_value, new_value) = (account.status_words(), after.status_words());
    (old_value != new_value).then_some(Change {
        action,
        after,
        old_value,
        new_value,
    })
}

fn change<S: Store>(
    store: &S,
    clock: &impl Clock,
    id: Uuid,
    actor: &Actor,
    plan: impl FnOnce(&Account) -> Result<Vec<Change>, ManageError>,
) -> Result<Account, ManageError> {
    let transaction = store.begin()?;
    let mut account = by_id_within(&transaction, id)?.ok_or(ManageError::NotFound)?;
    let planned = match account.status {
        AccountStatus::Closed => Err(ManageError::Closed),
        AccountStatus::Open | AccountStatus::Frozen => plan(&account),
    };
    for change in planned.iter().flatten() {
        account = apply(&transaction, clock, account, change, actor)?;
    }
    // Even without a change: the row that was read may not be on disk yet, and the commit waits for
    // the disk.
    transaction.commit()?;
    planned.map(|_| account)
}

/// Writes one change and its event; returns the changed account.
fn apply(
    transaction: &impl Transaction,
    clock: &impl Clock,
    before: Account,
    change: &Change,
    actor: &Actor,
) -> Result<Account, StoreError> {
    let after = &change.after;
    let params = [
        Value::from(before.key),
        Value::from(after.status.as_str()),
        Value::from(after.freeze.map(Freeze::as_str)),
        Value::from(after.balance.overdraft_limit),
        Value::from(before.version),
    ];
    let changed = transaction.execute(UPDATE, &params)?;
    assert_eq!(changed, 1, "a store has one writer at a time");
    Record {
        at_ms: clock.now_ms(),
        actor: actor.clone(),
        action: change.action.into(),
        target: before.id,
        old_value: Some(change.old_value.clone()),
        new_value: Some(change.new_value.clone()),
    }
    .append(transaction)?;
    Ok(Account {
        version: before.version + 1,
        ..after.clone()
    })
}
