//! What the service is given: its store, its links, and the time. A test chooses them.

use crate::users::Users;
use strongroom_ledger_api::{Directory, Journal, Ledger};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::store::Store;

/// The types of what the service is given. The component has one set, the tests have another.
pub trait Env {
    /// The service's own store.
    type Store: Store;
    /// The account service's ledger: what it decides, and what it has recorded.
    type Ledger: Ledger + Journal + Directory;
    /// The auth service's users.
    type Users: Users;
    /// The time.
    type Clock: Clock;
}

/// The service. Its calls are in [`api`](crate::api), its tick is in [`schedule`](crate::schedule).
#[derive(Clone)]
pub struct Service<E: Env> {
    /// Standing orders, and the log of what staff did to them.
    pub store: E::Store,
    /// Decides whether money moves.
    pub ledger: E::Ledger,
    /// Says who may log in.
    pub users: E::Users,
    /// Says when something is requested or due.
    pub clock: E::Clock,
}
