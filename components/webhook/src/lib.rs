//! The webhook service: sends the ledger's events to the URLs that administrators name, signed as
//! <https://www.standardwebhooks.com> says.
//!
//! Each webhook is a reader of the ledger's journal with a cursor of its own. The tick moves the
//! cursor; nothing is written when money moves. An event that a webhook wants becomes a delivery in
//! the commit that moves the cursor, so none is left out. A delivery is sent until the receiver
//! returns 2xx, so it may arrive twice, with the same `webhook-id`. A receiver that returns 410
//! ends the webhook.
//!
//! - [`schema`]: the tables, and why they are so;
//! - [`webhook`]: webhooks, their secrets, and their rows;
//! - [`delivery`]: from the journal to deliveries, and from there to the receivers;
//! - [`api`]: the calls of `/api/webhooks`, and who may make them;
//! - [`audit`]: the invariants that must hold in the store.

#![deny(missing_docs)]

pub mod api;
pub mod audit;
#[cfg(target_family = "wasm")]
mod component;
pub mod delivery;
mod error;
#[cfg(target_family = "wasm")]
mod routes;
pub mod schema;
#[cfg(test)]
mod tests;
pub mod webhook;

pub use error::Error;
