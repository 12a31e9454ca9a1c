//! The client's idempotency key, and the transfer id that follows from it.

mod id;
mod key;

pub use id::{derived_id, transfer_id};
pub use key::{IdempotencyKey, KeyError};
