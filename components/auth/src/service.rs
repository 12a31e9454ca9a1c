//! The service: what it is given, and its settings.

use crate::env::Env;
use crate::error::AuthError;
use crate::settings::Settings;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::idempotency;
use strongroom_sdk::random::Random;
use uuid::Uuid;

/// Users, their passwords and roles, and API keys. Each operation is a file of the crate.
#[derive(Clone)]
pub struct AuthService<E: Env> {
    /// Keeps the users.
    pub store: E::Store,
    /// Gives the time.
    pub clock: E::Clock,
    /// Makes salts and ids.
    pub random: E::Random,
    /// Limits work that keeps a core busy.
    pub compute: E::Compute,
    /// Is the token service.
    pub issuer: E::Issuer,
    /// Knows the API keys.
    pub gateway: E::Gateway,
    /// Says how passwords are hashed.
    pub settings: Settings,
}

impl<E: Env> AuthService<E> {
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    pub(crate) fn new_id(&self) -> Uuid {
        self.random.uuid_v7(&self.clock)
    }

    /// Deletes the replies that are no longer kept for repeated requests. For `tick`.
    pub fn forget_old_replies(&self) -> Result<(), AuthError> {
        Ok(idempotency::sweep(&self.store, self.now_ms())?)
    }
}
