//! The account service: accounts, and the ledger of record.
//!
//! One commit in this service's store decides whether money moves. The rules and the SQL are plain
//! Rust over the [`Store`](strongroom_sdk::store::Store) trait; `component` around them is thin.
//!
//! - `routes`: the table of calls;
//! - `openapi`: their document;
//! - [`api`]: what each call of `/api/accounts` does;
//! - [`view`]: accounts, balances, and entries as clients see them;
//! - [`account`]: opening, finding, and changing accounts;
//! - [`balance`]: four counters, and what is available;
//! - [`ledger`]: posting, declining, cancelling, and the hash-chained journal;
//! - [`statement`]: an account's statement, and its formats;
//! - [`audit`]: the invariants of the store;
//! - [`metrics`]: figures for operators;
//! - [`schema`]: the tables, with their reasons;
//! - [`service`]: what the service is given;
//! - `component` and `reports`: the exports.

#![deny(missing_docs)]

pub mod account;
pub mod api;
pub mod audit;
pub mod balance;
#[cfg(target_family = "wasm")]
mod component;
pub mod ledger;
pub mod metrics;
#[cfg(target_family = "wasm")]
mod openapi;
#[cfg(target_family = "wasm")]
mod reports;
#[cfg(target_family = "wasm")]
mod routes;
pub mod schema;
pub mod service;
pub mod statement;
#[cfg(test)]
mod tests;
pub mod view;
