//! Requests that a client may repeat with the same `idempotency-key` header.
//!
//! - `key`: the header;
//! - `id`: the id that follows from the key, so that a repeated request has the id of the first;
//! - `keyed`: a request whose reply is kept, in the transaction that does what it asks;
//! - `kept`: the table of these replies;
//! - `reply`: a response that is the same each time.
//!
//! A call that moves money derives the id of its transaction: the ledger's record is the reply, for
//! ever. Every other call that makes something keeps its reply for 30 days, by [`KeyedRequest`].
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
mod kept;
mod key;
mod keyed;
mod reply;

pub use id::derived_id;
pub use kept::{REPLIES_KEPT_MS, migration, sweep};
pub use key::{IdempotencyKey, KeyError};
pub use keyed::{Begun, KeyedRequest};
pub use reply::{StoredReply, key_reused};
