//! Webhooks: who is sent which events, how they are signed, and their rows.

mod record;
mod rows;
mod secret;

pub(crate) use record::COLUMNS;
pub use record::Webhook;
pub(crate) use rows::{active, count, delete, end, find, insert, list, move_cursor, peek};
pub use secret::Secret;
