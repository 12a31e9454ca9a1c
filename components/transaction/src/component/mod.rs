//! The shell that makes a WebAssembly component of the library: routes, exports, and the service they share.

mod audit;
mod bindings;
mod lifecycle;
mod users;

use crate::api::Service;
use crate::routes;
use strongroom_ledger_api::Linked;
use strongroom_sdk::clock::SystemClock;
use strongroom_sdk::store::HostStore;

struct Component;

strongroom_sdk::export_http!(routes::site);

/// The service of this instance.
pub(crate) const SERVICE: Service<HostStore, Linked, SystemClock> = Service {
    store: HostStore,
    ledger: Linked,
    clock: SystemClock,
};
