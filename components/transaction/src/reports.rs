//! What the service reports to the host: its document, its figures, and its invariants.

use crate::component::{Component, SERVICE, exports};
use crate::openapi::document;

strongroom_sdk::export_reports!(
    Component,
    exports,
    crate::schema::MIGRATIONS,
    document(),
    crate::metrics::metrics(&SERVICE),
    crate::audit::check_invariants(&SERVICE),
);
