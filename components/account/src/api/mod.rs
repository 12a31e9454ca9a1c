//! What each call of `/api/accounts` does, without the web server around it: parse, decide, store,
//! return.
//!
//! The type of the caller proves its role. A caller who may not read an account gets the same
//! response as for an account that does not exist.

mod accounts;
mod events;
mod journal;
mod manage;
mod statement;

pub use accounts::{BalanceQuery, OpenBody, balance, entries, get, list_of, open};
pub use events::{all_events, events};
pub use journal::{JournalEntryView, JournalView, journal};
pub use manage::{FreezeBody, LimitBody, close, freeze, set_overdraft_limit, unfreeze};
pub use statement::{StatementQuery, StatementResponse, statement};

use crate::account::{Account, OpenRules, by_id};
use strongroom_sdk::identity::{Identity, Role};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::Store;
use uuid::Uuid;

/// The roles that may open accounts, and close their own: an auditor only reads.
const ALL_BUT_AUDITORS: &[Role] = &[Role::Customer, Role::Teller, Role::Admin];

/// What the calls work with.
#[derive(Debug, Clone)]
pub struct Service<S, C, R> {
    /// The service's store.
    pub store: S,
    /// Tells the time.
    pub clock: C,
    /// Makes ids.
    pub random: R,
    /// The configuration for new accounts.
    pub rules: OpenRules,
}

/// The account of an id, if the caller may read it.
fn readable<S: Store>(store: &S, identity: &Identity, id: Uuid) -> Result<Account, Problem> {
    by_id(store, id)?
        .filter(|account| identity.may_read(account.owner_id))
        .ok_or_else(Problem::not_found)
}

#[cfg(test)]
mod tests;
