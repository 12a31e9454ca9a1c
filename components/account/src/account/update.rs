//! Changing what an account is called, what a client notes on it, and how far it may be overdrawn.

use super::change::{ManageError, Plan, change};
use super::event::{METADATA_CHANGED, NAME_CHANGED, OVERDRAFT_LIMIT_CHANGED};
use super::record::Account;
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::metadata::{Metadata, MetadataChange};
use strongroom_sdk::store::Store;
use uuid::Uuid;

/// What to change; none leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct AccountUpdate {
    /// The new name, or none.
    pub name: Option<Option<String>>,
    /// The keys to set and to remove; none removes all.
    pub metadata: Option<Option<MetadataChange>>,
    /// How far below zero the account may go, in minor units (0: not at all). None is no limit,
    /// which only an internal account may have.
    pub overdraft_limit: Option<Option<i64>>,
}

/// Changes an account, all of it or nothing. An account that is below a new limit keeps its old
/// one.
pub fn update<S: Store>(
    store: &S,
    clock: &impl Clock,
    id: Uuid,
    update: AccountUpdate,
    actor: &Actor,
) -> Result<Account, ManageError> {
    change(store, clock, id, actor, |plan| {
        if let Some(name) = update.name {
            let words = |account: &Account| account.name.clone();
            plan.add(NAME_CHANGED, words, |account| account.name = name);
        }
        if let Some(change) = update.metadata {
            let metadata = match change {
                Some(change) => plan.account.metadata.changed(&change)?,
                None => Metadata::default(),
            };
            let words = |account: &Account| Some(account.metadata.to_json());
            plan.add(METADATA_CHANGED, words, |account| {
                account.metadata = metadata;
            });
        }
        if let Some(limit) = update.overdraft_limit {
            set_limit(plan, limit);
            let balance = &plan.account.balance;
            if balance.overdraft_limit.is_some() && balance.available() < 0 {
                return Err(ManageError::LimitBelowUse);
            }
        }
        Ok(())
    })
}

/// # Panics
/// For a negative limit, and for none on an account that is no internal one.
pub(super) fn set_limit(plan: &mut Plan, limit_minor: Option<i64>) {
    match limit_minor {
        Some(minor) => assert!(minor >= 0),
        None => assert!(plan.account.account_type.is_of_bank()),
    }
    plan.add(OVERDRAFT_LIMIT_CHANGED, Account::limit_words, |account| {
        account.balance.overdraft_limit = limit_minor;
    });
}
