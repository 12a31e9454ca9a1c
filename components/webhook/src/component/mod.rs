//! The shell that makes a WebAssembly component of the library: routes, exports, and the service
//! that they share.

mod audit;
mod bindings;
mod lifecycle;

use crate::api::Service;
use crate::routes;
use strongroom_sdk::clock::SystemClock;
use strongroom_sdk::random::SystemRandom;
use strongroom_sdk::store::HostStore;

struct Component;

strongroom_sdk::export_http!(routes::site);

pub(crate) static SERVICE: Service<HostStore, SystemClock, SystemRandom> = Service {
    store: HostStore,
    clock: SystemClock,
    random: SystemRandom,
};
