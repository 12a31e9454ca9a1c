//! Requests that a client may repeat with the same `idempotency-key` header.
//!
//! - `key`: the header;
//! - `id`: the id that follows from the key, so that a repeated request has the id of the first;
//! - `reply`: a response that has the same bytes each time.
//!
//! ```
//! use strongroom_sdk::idempotency::{IdempotencyKey, derived_id};
//! use strongroom_sdk::identity::Principal;
//! use uuid::Uuid;
//!
//! let user = Principal::User(Uuid::from_u128(7));
//! let ids = [b"\"order-1\"".as_slice(), b"order-1"].map(|header| {
//!     let key = IdempotencyKey::from_header([header]).expect("a key");
//!     derived_id(user, "transfer", key.as_str())
//! });
//! assert_eq!(ids[0], ids[1]);
//! ```

mod id;
mod key;
mod reply;

pub use id::derived_id;
pub use key::{IdempotencyKey, KeyError};
pub use reply::{StoredReply, key_reused};
