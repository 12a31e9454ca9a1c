//! What each call of `/api/accounts` does, without the web server around it: parse, decide, store, answer.
//!
//! Who may do what is decided here. An account that is not the caller's is answered exactly like one that does not exist.

mod accounts;
mod events;
mod journal;
mod manage;
mod onward;
mod statement;
mod view;

pub use accounts::{BalanceQuery, OpenBody, balance, entries, get, list_of, open};
pub use events::{EventView, all_events, events};
pub use journal::{JournalEntryView, JournalView, journal};
pub use manage::{FreezeBody, LimitBody, close, freeze, set_overdraft_limit, unfreeze};
pub use onward::{OnwardList, OnwardQuery};
pub use statement::{StatementAnswer, StatementQuery, statement};
pub use view::{AccountView, BalanceView, EntryView};

use crate::account::{Account, Actor, OpenRules, by_id};
use strongroom_sdk::identity::{Identity, Role};
use strongroom_sdk::page::Page;
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

/// A verified caller and the id of the request, for the audit trail.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who asks.
    pub identity: Identity,
    /// The host's `x-request-id`.
    pub request_id: String,
}

impl Caller {
    fn actor(&self) -> Actor {
        Actor {
            id: self.identity.subject,
            role: self.identity.role.as_str().to_owned(),
            request_id: self.request_id.clone(),
        }
    }
}

/// The account of an id, if the caller may read it.
fn readable<S: Store>(store: &S, identity: &Identity, id: Uuid) -> Result<Account, Problem> {
    by_id(store, id)?
        .filter(|account| identity.may_read(account.owner_id))
        .ok_or_else(Problem::not_found)
}

/// The key below which the page's rows are; a page without a cursor begins at the newest.
fn before(page: &Page<u64>) -> i64 {
    page.after
        .and_then(|key| i64::try_from(key).ok())
        .unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
