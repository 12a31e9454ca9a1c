//! The transaction service: turns requests into the ledger's transfers, and responds from the
//! ledger's records.
//!
//! It decides nothing of a payment. One commit of the ledger decides whether money moves, and the
//! ledger's unique ids make a repeated request the same request.
//!
//! - `routes`: the calls of `/api/transactions`, as one table;
//! - `openapi`: their document;
//! - [`api`]: what each call does, and who may make it;
//! - [`request`]: bodies, parsed and checked to the end before the ledger is asked;
//! - [`index`]: the ledger's journal, indexed for lists;
//! - [`view`]: responses, made of the ledger's records;
//! - [`schedule`]: standing orders, which the tick turns into transfers;
//! - [`audit`]: the invariants that must hold in the store, and between it and the ledger;
//! - [`metrics`]: figures for operators;
//! - [`schema`]: the tables of the store;
//! - [`service`] and [`users`]: what the service is given;
//! - [`Error`]: why a tick, an audit, or a list stops;
//! - `component` and `reports`: what makes a WebAssembly component of this library.

#![deny(missing_docs)]

pub mod api;
pub mod audit;
#[cfg(target_family = "wasm")]
mod component;
mod error;
pub mod index;
pub mod metrics;
#[cfg(target_family = "wasm")]
mod openapi;
#[cfg(target_family = "wasm")]
mod reports;
pub mod request;
#[cfg(target_family = "wasm")]
mod routes;
pub mod schedule;
pub mod schema;
pub mod service;
#[cfg(test)]
mod tests;
pub mod users;
pub mod view;

pub use error::Error;
