//! What makes a WebAssembly component of the library: bindings, exports, and the service that they
//! share.

mod bindings;
mod lifecycle;
mod users;

use crate::service::{Env, Service};
use bindings::exports::strongroom::service as exports;
use strongroom_ledger_api::Linked;
use strongroom_sdk::clock::SystemClock;
use strongroom_sdk::export_reports;
use strongroom_sdk::store::HostStore;
use users::LinkedUsers;

struct Component;

export_reports!(
    Component,
    exports,
    crate::schema::MIGRATIONS,
    crate::openapi::document(),
    crate::metrics::metrics(&SERVICE),
    crate::audit::check_invariants(&SERVICE),
);

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
