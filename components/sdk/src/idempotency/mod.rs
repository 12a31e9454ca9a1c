//! Requests that a client may send again with the same `idempotency-key` header.
//!
//! - `key`: the header;
//! - `id`: the id that follows from it, so that a repeated request has the id of the first;
//! - `reply`: a response that is the same, byte by byte, each time.

mod id;
mod key;
mod reply;

pub use id::derived_id;
pub use key::{IdempotencyKey, KeyError};
pub use reply::{StoredReply, key_reused};
