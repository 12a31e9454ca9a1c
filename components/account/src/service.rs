//! What the service is given: its store, the time, and randomness. A test chooses them.

use crate::account::OpenRules;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::random::Random;
use strongroom_sdk::store::Store;

/// The types of what the service is given. The component has one set, the tests have another.
pub trait Env {
    /// The service's own store.
    type Store: Store + Clone;
    /// The time.
    type Clock: Clock;
    /// Randomness for ids.
    type Random: Random;
}

/// The service. Its calls are in [`api`](crate::api).
pub struct Service<E: Env> {
    /// Accounts, the ledger, and the log of what was done to accounts.
    pub store: E::Store,
    /// Says when something happens.
    pub clock: E::Clock,
    /// Makes ids.
    pub random: E::Random,
    /// The configuration for new accounts.
    pub rules: OpenRules,
}
