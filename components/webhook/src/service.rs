//! What the service is given: its store, its links, the time, and randomness. A test chooses them.

use strongroom_ledger_api::Journal;
use strongroom_sdk::clock::Clock;
use strongroom_sdk::http::client::Client;
use strongroom_sdk::random::Random;
use strongroom_sdk::store::Store;

/// The types of what the service is given. The component has one set, the tests have another.
pub trait Env {
    /// The service's own store.
    type Store: Store;
    /// The ledger's journal.
    type Journal: Journal;
    /// Sends requests to receivers.
    type Client: Client;
    /// The time.
    type Clock: Clock;
    /// Randomness for secrets.
    type Random: Random;
}

/// The service. Its calls are in [`api`](crate::api), its tick is in [`delivery`](crate::delivery).
pub struct Service<E: Env> {
    /// Webhooks and deliveries.
    pub store: E::Store,
    /// The events, as rows of the journal.
    pub journal: E::Journal,
    /// Sends deliveries.
    pub client: E::Client,
    /// Says when a delivery is due.
    pub clock: E::Clock,
    /// Makes secrets.
    pub random: E::Random,
}
