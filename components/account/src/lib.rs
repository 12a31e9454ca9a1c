//! The account service: accounts, and the ledger of record.
//!
//! One commit in this service's store decides whether money moved. The rules and the SQL are plain Rust over the
//! [`Store`](strongroom_sdk::store::Store) trait; the wasm shell around them is thin.
//!
//! - [`schema`]: the tables, and why they are so;
//! - [`account`]: opening, finding, and changing accounts;
//! - [`balance`]: four counters, and what is available;
//! - [`ledger`]: posting, declining, cancelling, and the hash-chained journal;
//! - [`statement`]: an account's statement, and the forms it may have;
//! - [`api`]: the calls of `/api/accounts`, and who may make them;
//! - [`audit`]: the invariants that must hold in the store.

#![deny(missing_docs)]

pub mod account;
pub mod api;
pub mod audit;
pub mod balance;
#[cfg(target_family = "wasm")]
mod component;
pub mod ledger;
#[cfg(target_family = "wasm")]
mod routes;
pub mod schema;
pub mod statement;
#[cfg(test)]
mod tests;
pub mod view;
