//! Webhooks: which events go to which URL, how they are signed, and their rows.

mod action;
mod earlier_secret;
mod record;
mod rows;
mod secret;

pub use action::{CHANGED, CREATED, DELETED, ENDED, RECEIVER_GONE, RESENT, SECRET_ROTATED, TESTED};
pub use earlier_secret::EARLIER_SECRETS_MAX;
pub(crate) use earlier_secret::{purge_secrets, rotate, signing_secrets};
pub(crate) use record::COLUMNS;
pub use record::Webhook;
pub(crate) use rows::{
    active, change, count, delete, end, find, insert, integer, list, move_cursor,
};
pub use secret::Secret;
