//! What any Strongroom service needs, and nothing of what one service alone knows.

pub mod audit;
pub mod audit_log;
pub mod calendar;
pub mod clock;
pub mod config;
pub mod hash_chain;
pub mod http;
pub mod idempotency;
pub mod identity;
pub mod json;
#[cfg(test)]
mod kit;
pub mod money;
pub mod onward;
pub mod page;
pub mod problem;
pub mod query;
pub mod random;
pub mod store;
mod stored_enum;
pub mod text;
