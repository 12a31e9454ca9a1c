//! The service itself: what is outside it, and its settings. Each of its operations is a file beside this one.

use crate::Settings;
use crate::env::{Env, RevocationError, SignError};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::problem::Problem;
use strongroom_sdk::random::Random;
use strongroom_sdk::store::StoreError;
use uuid::Uuid;

/// Sessions and their tokens.
#[derive(Debug, Clone)]
pub struct TokenService<E: Env> {
    /// Where sessions are kept.
    pub store: E::Store,
    /// Tells the time.
    pub clock: E::Clock,
    /// Makes secrets and ids.
    pub random: E::Random,
    /// The host's revocation list.
    pub revocations: E::Revocations,
    /// How long sessions live.
    pub settings: Settings,
}

/// The tokens of a session, as a client gets them (RFC 6749 section 5.1).
#[derive(Clone, PartialEq, Eq)]
pub struct Tokens {
    /// The session.
    pub session: Uuid,
    /// A signed JWT.
    pub access_token: String,
    /// Seconds until the access token expires.
    pub expires_in: u32,
    /// Opaque; good for one refresh.
    pub refresh_token: String,
}

/// Why an operation did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// An argument is not what it must be.
    #[error("{0}")]
    Invalid(String),
    /// The subject's security version is older than one whose sessions were ended.
    #[error("the subject's sessions of this security version have been ended")]
    Superseded,
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
    /// See [`SignError`].
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The session is ended and committed, but the gateway does not know yet; it is told again at the next tick.
    #[error(transparent)]
    Revocation(#[from] RevocationError),
}

impl<E: Env> TokenService<E> {
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    pub(crate) fn new_id(&self) -> Uuid {
        self.random.uuid_v7(&self.clock)
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Store(error) => error.into(),
            TokenError::Sign(_) => {
                eprintln!("{error}");
                Self::unavailable()
            }
            TokenError::Revocation(_) => {
                eprintln!("{error}");
                Self::not_in_force()
            }
            TokenError::Invalid(_) | TokenError::Superseded => Self::internal(error),
        }
    }
}
