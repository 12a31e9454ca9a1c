//! What makes a WebAssembly component of the library: bindings, exports, and the service that they
//! share.

mod audit;
mod bindings;
mod lifecycle;
mod metrics;
mod openapi;
mod users;

use crate::service::{Env, Service};
use strongroom_ledger_api::Linked;
use strongroom_sdk::clock::SystemClock;
use strongroom_sdk::store::HostStore;
use users::LinkedUsers;

struct Component;

/// All is the host's, or linked by the registry.
pub(crate) struct Host;

impl Env for Host {
    type Store = HostStore;
    type Ledger = Linked;
    type Users = LinkedUsers;
    type Clock = SystemClock;
}

/// The service of this instance.
pub(crate) const SERVICE: Service<Host> = Service {
    store: HostStore,
    ledger: Linked,
    users: LinkedUsers,
    clock: SystemClock,
};
