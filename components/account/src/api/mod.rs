//! What each call of `/api/accounts` does, without the web server around it: parse, decide, store,
//! return.
//!
//! The type of the caller proves its role. A caller who may not read an account gets the same
//! response as for an account that does not exist. `handlers` has the errors of each call.

mod accounts;
mod events;
#[cfg(target_family = "wasm")]
pub(crate) mod handlers;
mod journal;
mod manage;
mod open;
mod statement;
mod update;

pub use accounts::{AccountsQuery, BalanceQuery};
pub use journal::{JournalEntryView, JournalView};
pub use manage::FreezeBody;
pub use open::OpenBody;
pub use statement::{StatementQuery, StatementResponse};
pub use update::UpdateBody;

use crate::account::{Account, by_id};
use crate::service::{Env, Service};
use strongroom_sdk::identity::{Cashier, Identity};
use strongroom_sdk::problem::Problem;
use uuid::Uuid;

/// Passes staff who act, and clients of the bank. `pointer` is the member that asks for more than
/// customers may.
fn for_bank(identity: &Identity, pointer: &str) -> Result<(), Problem> {
    let detail = "only staff, and clients that act for the bank, may give this";
    Cashier::try_from(identity.clone())
        .map(drop)
        .map_err(|problem| problem.with_error(pointer, "forbidden", detail))
}

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
