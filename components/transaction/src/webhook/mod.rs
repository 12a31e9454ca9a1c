//! Webhooks: events that are sent to whoever asked for them, signed as <https://www.standardwebhooks.com> says.
//!
//! A webhook is a reader of the journal with a cursor of its own, which the tick moves: nothing is written when money moves. What a webhook
//! wants of the rows it passes becomes a delivery in the commit that moves the cursor, so none is left out; a delivery is sent until it is
//! answered with 2xx, so it may arrive twice: its `webhook-id` tells.

mod body;
mod deliver;
mod follow;
mod log;
mod record;
mod rows;
mod signature;
mod view;

pub use body::{NewWebhook, SECRET_BYTES, URL_BYTES_MAX, WebhookBody};
pub use deliver::{
    AT_ONCE_PER_WEBHOOK, FIRST_PAUSE_MS, GIVE_UP_AFTER_MS, Hub, PAUSE_MAX_MS, TIMEOUT, pause_ms,
    tick,
};
pub use follow::{FollowError, PENDING_MAX, follow, head};
pub use log::{Act, CREATED, DELETED, LogFilter, LogView, RESENT, facts, log, tell_untold};
pub use record::{Delivery, DeliveryState, Secret, Webhook};
pub use rows::{count, deliveries, find, list, peek, peek_delivery};
pub use signature::sign;

pub(crate) use record::WEBHOOK_COLUMNS;
pub use view::{DeliveryView, WebhookView};

#[cfg(test)]
mod tests;
