//! A notification feed: tells customers what has happened to their money.
//!
//! Nothing is reported to it. It follows the ledger's journal by a link, at each tick, with a cursor of its own, and so can be added to a
//! bank that has run for years, removed, and added again.
//!
//! - [`journal`]: the link to the ledger;
//! - [`notification`]: what of a posting concerns whom;
//! - [`follow`]: from the journal to the table, each posting once;
//! - [`feed`]: the calls of `/api/notifications`;
//! - [`rows`] and [`schema`]: the tables.

#![deny(missing_docs)]

#[cfg(target_family = "wasm")]
mod component;
pub mod feed;
pub mod follow;
pub mod journal;
pub mod notification;
pub mod rows;
pub mod schema;

#[cfg(test)]
mod tests;
