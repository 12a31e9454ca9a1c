//! The exported ledger, and the links behind it, which make a WebAssembly component of the library.

mod bindings;
mod ledger;
mod screen;

use crate::Gate;
use axum::Router;
use screen::LinkedScreening;
use strongroom_ledger_api::Linked;
use strongroom_sdk::http::Site;

struct Component;

strongroom_sdk::export_http!(site);

/// Every service has an HTTP export; this one has no routes.
fn site() -> Site {
    Site::new(Router::new())
}

/// The ledger and the screening to which the registry links this service.
const GATE: Gate<Linked, LinkedScreening> = Gate {
    ledger: Linked,
    screening: LinkedScreening,
};
