//! `strongroom:service/audit`.

use super::bindings::exports::strongroom::service::audit as wit;
use super::{Component, SERVICE};
use crate::audit::check_invariants;
use crate::schema::MIGRATIONS;
use strongroom_sdk::audit::check_schema;
use strongroom_sdk::audit_report;

impl wit::Guest for Component {
    fn check_invariants() -> Result<wit::Report, String> {
        let schema = check_schema(&SERVICE.store, MIGRATIONS).map_err(|error| error.to_string())?;
        let mut report = check_invariants(&SERVICE).map_err(|error| error.to_string())?;
        report.checks.insert(0, schema);
        Ok(audit_report!(wit, report))
    }
}
