//! What each call of `/api/accounts` does, without the web server around it: parse, decide, store, answer.
//!
//! Who may do what is decided here. An account that is not the caller's is answered exactly like one that does not exist.

mod accounts;
mod events;
mod journal;
mod manage;
mod statement;

pub use accounts::{BalanceQuery, OpenBody, balance, entries, get, list_of, open};
pub use events::{all_events, events};
pub use journal::{JournalEntryView, JournalView, journal};
pub use manage::{FreezeBody, LimitBody, close, freeze, set_overdraft_limit, unfreeze};
pub use statement::{StatementAnswer, StatementQuery, statement};

use crate::account::{Account, OpenRules, by_id};
use strongroom_sdk::audit_log::Actor;
use strongroom_sdk::http::RequestId;
use strongroom_sdk::identity::{Identity, Role};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::Store;
use uuid::Uuid;

/// The roles that may change what belongs to a customer. An auditor only reads.
pub(crate) const STAFF_WHO_ACT: &[Role] = &[Role::Teller, Role::Admin];

/// The roles that work for the bank, and see what it did to an account.
pub(crate) const STAFF: &[Role] = &[Role::Teller, Role::Auditor, Role::Admin];

/// The roles that see the whole of the books.
pub(crate) const AUDITORS: &[Role] = &[Role::Auditor, Role::Admin];

/// The roles that may open accounts, and close their own.
const WHO_ACT: &[Role] = &[Role::Customer, Role::Teller, Role::Admin];

/// What the calls work with.
#[derive(Debug, Clone)]
pub struct Service<S, C, R> {
    /// The service's store.
    pub store: S,
    /// The time.
    pub clock: C,
    /// Randomness for ids.
    pub random: R,
    /// What the configuration says about new accounts.
    pub rules: OpenRules,
}

/// A verified caller and the id of the request, for the audit log.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who asks.
    pub identity: Identity,
    /// The id of the request.
    pub request_id: RequestId,
}

impl Caller {
    fn actor(&self) -> Actor {
        Actor::new(&self.identity, self.request_id.clone())
    }
}

/// The account of an id, if the caller may read it.
fn readable<S: Store>(store: &S, identity: &Identity, id: Uuid) -> Result<Account, Problem> {
    by_id(store, id)?
        .filter(|account| identity.may_read(account.owner_id))
        .ok_or_else(Problem::not_found)
}

#[cfg(test)]
mod tests;
