//! What makes a WebAssembly component of the library: bindings, exports (but for those of `routes`
//! and `reports`), and the service that they share.

mod bindings;
mod lifecycle;
mod users;

use crate::service::{Env, Service};
use strongroom_ledger_api::Linked;
use strongroom_sdk::clock::SystemClock;
use strongroom_sdk::store::HostStore;
use users::LinkedUsers;

pub(crate) use bindings::exports::strongroom::service as exports;

/// Has the exports.
pub(crate) struct Component;

/// All is the host's, or linked by the registry.
pub(crate) struct Host;

impl Env for Host {
    type Store = HostStore;
    type Ledger = Linked;
    type Users = LinkedUsers;
    type Clock = SystemClock;
}

pub(crate) const SERVICE: Service<Host> = Service {
    store: HostStore,
    ledger: Linked,
    users: LinkedUsers,
    clock: SystemClock,
};
