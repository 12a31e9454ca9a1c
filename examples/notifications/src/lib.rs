//! A notification feed: shows customers each change of their money.
//!
//! No service reports to it. At each tick it reads the ledger's journal by a link, from a cursor of
//! its own. So an operator can add it to a bank that has run for years, remove it, and add it
//! again.
//!
//! - [`notification`]: the notices of a posting;
//! - [`follow`]: copies the journal to the table, each posting once;
//! - [`feed`]: the calls of `/api/notifications`;
//! - [`rows`] and [`schema`]: the tables.

#![deny(missing_docs)]

#[cfg(target_family = "wasm")]
mod component;
pub mod feed;
pub mod follow;
pub mod notification;
pub mod rows;
pub mod schema;

#[cfg(test)]
mod tests;
