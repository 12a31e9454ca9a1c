//! Deliveries: one event for one webhook, from the journal to the receiver.

mod follow;
mod record;
mod rows;
mod send;

pub use follow::{PENDING_MAX, follow};
pub use record::{Delivery, DeliveryState};
pub use send::{
    AT_ONCE_PER_WEBHOOK, FIRST_PAUSE_MS, GIVE_UP_AFTER_MS, PAUSE_MAX_MS, TIMEOUT, pause_ms, tick,
};

pub(crate) use rows::{integer, list, resend};
