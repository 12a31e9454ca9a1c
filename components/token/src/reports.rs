//! What the service reports to the host: its document, its figures, and its invariants.

use crate::component::{Component, exports, service};
use crate::openapi::document;
use strongroom_sdk::store::HostStore;

strongroom_sdk::export_reports!(
    Component,
    exports,
    crate::MIGRATIONS,
    document(),
    crate::metrics::metrics(&HostStore),
    service().check_invariants(),
);
