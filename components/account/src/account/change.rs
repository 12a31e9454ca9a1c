//! One transaction changes an account: all that is planned and its events in the audit log, or
//! nothing.

use super::find::by_id;
use super::freeze::Freeze;
use super::record::{Account, AccountStatus};
use strongroom_sdk::audit_log::{Actor, Record};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::metadata::MetadataInvalid;
use strongroom_sdk::store::{Store, StoreError, Transaction, Value};
use uuid::Uuid;

const UPDATE: &str = "\
UPDATE account SET status = ?2, frozen = ?3, overdraft_limit_minor = ?4, name = ?5, metadata = ?6,
    version = ?7
WHERE key = ?1 AND version = ?8";

/// Why an account was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManageError {
    /// There is no such account.
    #[error("account not found")]
    NotFound,
    /// A closed account does not change.
    #[error("The account is closed.")]
    Closed,
    /// Staff must unfreeze an account before it is closed.
    #[error("The account is frozen; it must be unfrozen first.")]
    Frozen,
    /// An account with money, debts, or holds is not closed.
    #[error("Only an account with a balance of zero, and nothing pending, can be closed.")]
    BalanceNotZero,
    /// The account is already overdrawn by more than the new limit.
    #[error("The account is already overdrawn by more than the new limit.")]
    LimitBelowUse,
    /// Together with what the account has already, the metadata breaks its rule.
    #[error(transparent)]
    Metadata(#[from] MetadataInvalid),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An account, and the changes that lead to it.
pub(super) struct Plan {
    before: Account,
    pub account: Account,
    events: Vec<Event>,
}

/// The words of a change in the audit log.
struct Event {
    action: &'static str,
    old_value: Option<String>,
    new_value: Option<String>,
}

impl Plan {
    fn new(account: Account) -> Self {
        Self {
            before: account.clone(),
            account,
            events: Vec::new(),
        }
    }

    /// Adds a change; `words` returns the value of what is changed. Nothing is added where the
    /// value stays the same.
    pub fn add(
        &mut self,
        action: &'static str,
        words: impl Fn(&Account) -> Option<String>,
        change: impl FnOnce(&mut Account),
    ) {
        let old_value = words(&self.account);
        change(&mut self.account);
        let new_value = words(&self.account);
        if old_value != new_value {
            self.account.version += 1;
            self.events.push(Event {
                action,
                old_value,
                new_value,
            });
        }
    }

    /// Writes the account and its events; returns the account.
    fn write(
        self,
        transaction: &impl Transaction,
        clock: &impl Clock,
        actor: &Actor,
    ) -> Result<Account, StoreError> {
        let after = self.account;
        if self.events.is_empty() {
            return Ok(after);
        }
        let params = vec![
            Value::from(after.key),
            Value::from(after.status.as_str()),
            Value::from(after.freeze.map(Freeze::as_str)),
            Value::from(after.balance.overdraft_limit),
            Value::from(after.name.as_deref()),
            Value::from(after.metadata.to_stored()),
            Value::from(after.version),
            Value::from(self.before.version),
        ];
        // A store has one writer at a time: nothing else has changed the account.
        transaction.change(UPDATE, params, 1)?;
        for event in self.events {
            Record {
                at_ms: clock.now_ms(),
                actor: actor.clone(),
                action: event.action.into(),
                target: after.id,
                old_value: event.old_value,
                new_value: event.new_value,
            }
            .append(transaction)?;
        }
        Ok(after)
    }
}

/// Changes an account as `plan` says; returns the changed account.
pub(super) fn change<S: Store>(
    store: &S,
    clock: &impl Clock,
    id: Uuid,
    actor: &Actor,
    plan: impl FnOnce(&mut Plan) -> Result<(), ManageError>,
) -> Result<Account, ManageError> {
    let transaction = store.begin()?;
    let account = by_id(&transaction, id)?.ok_or(ManageError::NotFound)?;
    let mut planned = Plan::new(account);
    let outcome = match planned.account.status {
        AccountStatus::Closed => Err(ManageError::Closed),
        AccountStatus::Open | AccountStatus::Frozen => plan(&mut planned),
    };
    let changed = match outcome {
        Ok(()) => Ok(planned.write(&transaction, clock, actor)?),
        Err(refused) => Err(refused),
    };
    // Even without a change: the row that was read may not be on disk yet, and the commit waits for
    // the disk.
    transaction.commit()?;
    changed
}
