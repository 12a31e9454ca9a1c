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
    pub store: E::Store,
    pub clock: E::Clock,
    pub random: E::Random,
    pub compute: E::Compute,
    pub issuer: E::Issuer,
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
