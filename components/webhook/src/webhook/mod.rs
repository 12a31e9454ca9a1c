//! Webhooks: which events go to which URL, how they are signed, and their rows.

mod action;
mod record;
mod rows;
mod secret;

pub use action::{CREATED, DELETED, ENDED, RECEIVER_GONE, RESENT};
pub(crate) use record::COLUMNS;
pub use record::Webhook;
pub(crate) use rows::{active, count, delete, end, find, insert, integer, list, move_cursor, read};
pub use secret::Secret;
