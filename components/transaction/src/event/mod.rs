//! What has happened with money, as other programs follow it: one event for each row of the ledger's journal.
//!
//! Events are not stored here. They are the journal, read from the place up to which the reader has seen it: so none is lost, none is made
//! that did not happen, and nothing is written twice when money moves.

mod feed;

pub use feed::{PARTS_MAX_OF_CUSTOMERS, read};

#[cfg(test)]
mod tests;
