//! Stopping the movements of an account, for a time or for ever: freeze, unfreeze, close.

use super::change::{ManageError, Plan, change};
use super::event::{CLOSED, FROZEN, UNFROZEN};
use super::freeze::Freeze;
use super::record::{Account, AccountStatus};
use super::update::set_limit;
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::store::Store;
use uuid::Uuid;

/// Stops movements. Nothing changes where they are stopped already.
pub fn freeze<S: Store>(
    store: &S,
    clock: &impl Clock,
    id: Uuid,
    stops: Freeze,
    actor: &Actor,
) -> Result<Account, ManageError> {
    change(store, clock, id, actor, |plan| {
        set_status(plan, FROZEN, AccountStatus::Frozen, Some(stops));
        Ok(())
    })
}

/// Allows movements again. Nothing changes where the account is open already.
pub fn unfreeze<S: Store>(
    store: &S,
    clock: &impl Clock,
    id: Uuid,
    actor: &Actor,
) -> Result<Account, ManageError> {
    change(store, clock, id, actor, |plan| {
        set_status(plan, UNFROZEN, AccountStatus::Open, None);
        Ok(())
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
    change(store, clock, id, actor, |plan| {
        let balance = &plan.account.balance;
        if plan.account.status == AccountStatus::Frozen {
            return Err(ManageError::Frozen);
        }
        if balance.posted() != 0 || balance.debits_pending != 0 || balance.credits_pending != 0 {
            return Err(ManageError::BalanceNotZero);
        }
        set_limit(plan, Some(0));
        set_status(plan, CLOSED, AccountStatus::Closed, None);
        Ok(())
    })
}

fn set_status(
    plan: &mut Plan,
    action: &'static str,
    status: AccountStatus,
    freeze: Option<Freeze>,
) {
    let words = |account: &Account| Some(account.status_words());
    plan.add(action, words, |account| {
        (account.status, account.freeze) = (status, freeze);
    });
}
