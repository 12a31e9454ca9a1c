//! The transaction service: what clients asked the bank to do with money.
//!
//! It holds *intents* and never money. Exactly one commit decides whether money moved: the ledger's. Everything here can be derived
//! again from the ledger by the transfer's id, so this service's store may even be lost.
//!
//! - [`idempotency`]: the client's key, and the transfer id that follows from it;
//! - [`request`]: what a client may ask for, parsed and checked to the end before anything is stored;
//! - [`intent`]: the rows;
//! - [`ledger`]: the link to the one who decides;
//! - [`screening`]: the second opinion that some banks ask for first;
//! - [`drive`]: from an intent to its answer; [`recover`]: the same for what a crash has left;
//! - [`schedule`]: standing orders, which the tick turns into intents;
//! - [`event`]: what has happened, for programs that follow it;
//! - [`webhook`]: the same, sent to those who asked for it;
//! - [`api`]: the calls of `/api/transactions`, and who may make them;
//! - [`audit`]: the invariants that must hold in the store, and between it and the ledger.

#![deny(missing_docs)]

pub mod api;
pub mod audit;
#[cfg(target_family = "wasm")]
mod component;
pub mod drive;
pub mod event;
pub mod idempotency;
pub mod intent;
pub mod ledger;
pub mod order;
pub mod recover;
pub mod request;
pub mod schedule;
pub mod schema;
pub mod screening;
pub mod webhook;
