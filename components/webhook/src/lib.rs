//! The webhook service: sends the ledger's events to the URLs that administrators name, signed as
//! <https://www.standardwebhooks.com> says.
//!
//! Each webhook reads the ledger's journal with a cursor of its own. The tick moves the cursor, so
//! that nothing is written here when money moves. The commit that moves it makes a delivery of each
//! event that the webhook wants, so none is left out. A delivery is sent until the receiver returns
//! 2xx, so it may arrive twice, with the same `webhook-id`. A receiver that returns 410 ends the
//! webhook. A secret that was replaced signs beside the new one for a time.
//!
//! - `routes`: the calls of `/api/webhooks`, as one table;
//! - `openapi`: their document;
//! - [`api`]: what each call does, and who may make it;
//! - [`webhook`]: webhooks, their secrets, and their rows;
//! - [`delivery`]: from the journal to deliveries, and from there to the receivers;
//! - [`audit`]: the invariants that must hold in the store;
//! - [`metrics`]: figures for operators;
//! - [`schema`]: the tables of the store;
//! - [`service`]: what the service is given;
//! - `component` and `reports`: what makes a WebAssembly component of this library.

#![deny(missing_docs)]

pub mod api;
pub mod audit;
#[cfg(target_family = "wasm")]
mod component;
pub mod delivery;
mod error;
pub mod metrics;
#[cfg(target_family = "wasm")]
mod openapi;
#[cfg(target_family = "wasm")]
mod reports;
#[cfg(target_family = "wasm")]
mod routes;
pub mod schema;
pub mod service;
#[cfg(test)]
mod tests;
pub mod webhook;

pub use error::Error;
