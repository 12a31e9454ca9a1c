//! The service: what it is given, and its settings.

use crate::Settings;
use crate::env::Env;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::random::Random;
use uuid::Uuid;

/// Sessions and their tokens. Each operation is a file of `session`.
#[derive(Debug, Clone)]
pub struct TokenService<E: Env> {
    pub store: E::Store,
    pub clock: E::Clock,
    pub random: E::Random,
    pub revocations: E::Revocations,
    /// Says how long sessions live.
    pub settings: Settings,
}

impl<E: Env> TokenService<E> {
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    pub(crate) fn new_id(&self) -> Uuid {
        self.random.uuid_v7(&self.clock)
    }
}
