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

pub use accounts::{BalanceQuery, OpenBody};
pub use journal::{JournalEntryView, JournalView};
pub use manage::{FreezeBody, LimitBody};
pub use statement::{StatementQuery, StatementResponse};

use crate::account::{Account, by_id};
use crate::service::{Env, Service};
use strongroom_sdk::identity::{Identity, Role};
use strongroom_sdk::problem::Problem;
use uuid::Uuid;

/// The roles that may open accounts, and close their own: an auditor only reads.
const ALL_BUT_AUDITORS: &[Role] = &[Role::Customer, Role::Teller, Role::Admin, Role::Service];

impl<E: Env> Service<E> {
    /// The account of an id, if the caller may read it.
    fn readable(&self, identity: &Identity, id: Uuid) -> Result<Account, Problem> {
        by_id(&self.store, id)?
            .filter(|account| identity.may_read(account.owner_id))
            .ok_or_else(Problem::not_found)
    }
}

#[cfg(test)]
mod tests;
