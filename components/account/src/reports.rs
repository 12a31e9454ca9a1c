//! What the service reports to the host: its document, its figures, and its invariants.

use crate::component::{Component, exports};
use crate::openapi::document;
use strongroom_sdk::store::HostStore;

strongroom_sdk::export_reports!(
    Component,
    exports,
    crate::schema::MIGRATIONS,
    document(),
    crate::metrics::metrics(&HostStore),
    crate::audit::check_invariants(&HostStore),
);
