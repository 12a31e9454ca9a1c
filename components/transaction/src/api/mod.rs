//! What each call of `/api/transactions` does, without the web server around it.

mod batch;
mod read;
mod resolve;
mod schedules;
mod submit;
mod view;
mod webhooks;

pub use read::{Found, ListFilter, get, list};
pub use resolve::{capture, reverse, void};
pub use schedules::{
    SCHEDULES_PER_USER_MAX, create_schedule, delete_schedule, get_schedule, list_schedules,
};
pub use submit::{batch, deposit, hold, transfer, withdraw};
pub use view::TransactionView;
pub use webhooks::{
    WEBHOOKS_MAX, create_webhook, delete_webhook, list_deliveries, list_webhooks, resend_delivery,
    webhook_log,
};

pub(crate) use batch::answer_again;
pub(crate) use read::may_read;
pub(crate) use view::{answer_of, answer_to, refusal_of};

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
