//! The shell that makes a WebAssembly component of the library: the exported ledger, and the links
//! behind it.

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

/// Every service is reachable by HTTP; this one has no calls there.
fn site() -> Site {
    Site::new(Router::new())
}

/// The ledger and the screening that the registry links this service to.
const GATE: Gate<Linked, LinkedScreening> = Gate {
    ledger: Linked,
    screening: LinkedScreening,
};
