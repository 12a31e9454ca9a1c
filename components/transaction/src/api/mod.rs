//! What each call of `/api/transactions` does, without the web server around it.

mod events;
mod originals;
mod read;
mod schedules;
mod submit;

pub use events::{PARTS_MAX_OF_CUSTOMERS, events};
pub use originals::{capture, reverse, void};
pub use read::{Found, ListFilter, get, list};
pub use schedules::{
    EventFilter, SCHEDULES_PER_USER_MAX, create_schedule, delete_schedule, get_schedule,
    list_schedules, schedule_events,
};
pub use submit::{batch, deposit, hold, transfer, withdraw};

use strongroom_sdk::identity::Role;

/// The roles that act for the bank, on any customer's account.
pub(crate) const STAFF_WHO_ACT: &[Role] = &[Role::Teller, Role::Admin];

/// The roles that read the audit log.
pub(crate) const AUDITORS: &[Role] = &[Role::Auditor, Role::Admin];

/// What the calls work with.
#[derive(Debug, Clone)]
pub struct Service<S, L, C> {
    /// The service's store.
    pub store: S,
    /// The ledger: what it decides, and what it has recorded.
    pub ledger: L,
    /// The time.
    pub clock: C,
}

#[cfg(test)]
mod tests;
