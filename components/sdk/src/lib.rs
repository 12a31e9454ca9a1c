//! The parts that any Strongroom service needs: HTTP, identity, JSON, lists, money, and the store.
//!
//! The feature `native` adds what native tests need: a store on SQLite, a clock that a test sets,
//! and tables of cases.

pub mod audit;
pub mod audit_log;
pub mod calendar;
pub mod clock;
pub mod config;
mod export;
pub mod hash_chain;
pub mod http;
pub mod idempotency;
pub mod identity;
pub mod json;
pub mod metadata;
pub mod metrics;
pub mod money;
pub mod oauth;
pub mod onward;
pub mod openapi;
pub mod page;
pub mod problem;
pub mod query;
pub mod random;
#[cfg(target_family = "wasm")]
pub mod restoration;
pub mod store;
mod stored_enum;
#[cfg(feature = "native")]
pub mod testing;
pub mod text;
mod violation;
