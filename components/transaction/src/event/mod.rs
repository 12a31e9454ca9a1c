//! What has happened with money, as other programs follow it: one event for each row of the ledger's journal.
//!
//! Events are not stored here. They are the journal, read anew by whoever asks, from the place up to which he has seen it: so none is lost,
//! none is made that did not happen, and nothing is written twice when money moves.

mod feed;
mod journal;
mod kind;

pub use feed::{Event, EventPage, EventQuery, LIMIT_DEFAULT, LIMIT_MAX, SCAN_MAX, read};
pub use journal::{Journal, PAGE_MAX};
pub use kind::{EVERY_TYPE, event_type};

#[cfg(test)]
pub(crate) mod tests;
