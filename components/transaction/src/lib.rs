//! The transaction service: turns what clients ask into the ledger's words, and responds from the ledger's records.
//!
//! It records nothing of a payment. One commit of the ledger decides whether money moves, and the ledger's unique ids make a repeated
//! request the same request.
//!
//! - [`request`]: what a client may ask for, parsed and checked to the end before the ledger is asked;
//! - [`api`]: the calls of `/api/transactions`, and who may make them;
//! - [`view`]: responses, made of the ledger's records;
//! - [`schedule`]: standing orders, which the tick turns into transfers;
//! - [`users`]: who may log in, which decides whether their standing orders go on;
//! - [`audit`]: the invariants that must hold in the store, and between it and the ledger.

#![deny(missing_docs)]

pub mod api;
pub mod audit;
#[cfg(target_family = "wasm")]
mod component;
pub mod request;
#[cfg(target_family = "wasm")]
mod routes;
pub mod schedule;
pub mod schema;
#[cfg(test)]
mod tests;
pub mod users;
pub mod view;
