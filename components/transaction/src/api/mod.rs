//! What each call of `/api/transactions` does, without the web server around it.

mod read;
mod submit;
mod view;

pub use read::{ListFilter, get, list};
pub use submit::{deposit, transfer, withdraw};
pub use view::TransactionView;

pub(crate) use view::{answer_of, refusal_of};

use strongroom_sdk::identity::Role;

/// The roles that act for the bank, on any customer's account.
pub(crate) const STAFF_WHO_ACT: &[Role] = &[Role::Teller, Role::Admin];

/// What the calls work with.
#[derive(Debug, Clone)]
pub struct Service<S, L, C> {
    /// The service's store.
    pub store: S,
    /// The one who decides.
    pub ledger: L,
    /// The time.
    pub clock: C,
    /// How long an intent is tried before it is given up, in milliseconds.
    pub intent_deadline_ms: i64,
}

#[cfg(test)]
mod tests;
