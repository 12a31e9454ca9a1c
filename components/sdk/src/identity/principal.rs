//! To whom a request belongs, for ids and idempotency keys.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The owner of idempotency keys: two callers may use one key, and mean two requests.
///
/// It is never an API key: a client may change its key between a request and its retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Principal {
    /// A user with an access token.
    User(Uuid),
    /// A client with an API key.
    Client {
        /// The client's id, the same for all its keys.
        client: Uuid,
        /// The customer for whom it acts, if it does not act for the bank.
        customer: Option<Uuid>,
    },
    /// Somebody without an identity, known by a text such as their email address.
    Named([u8; 32]),
}

impl Principal {
    /// The principal of a public call, by the text that names who makes it. Equal texts are one
    /// principal: fold what means the same before.
    pub fn named(text: &str) -> Self {
        Self::Named(Sha256::digest(text).into())
    }

    /// Its parts, of which two principals never have the same: to be hashed, each after its length.
    pub fn parts(&self) -> [&[u8]; 3] {
        match self {
            Self::User(user) => [b"user", user.as_bytes(), b""],
            Self::Client { client, customer } => [
                b"client",
                client.as_bytes(),
                customer
                    .as_ref()
                    .map_or(b"", |customer| customer.as_bytes()),
            ],
            Self::Named(digest) => [b"named", digest, b""],
        }
    }
}
