//! `strongroom:service/audit`.

use super::bindings::exports::strongroom::service::audit as wit;
use super::{Component, service};
use crate::MIGRATIONS;
use strongroom_sdk::audit::check_schema;
use strongroom_sdk::audit_report;
use strongroom_sdk::store::HostStore;

impl wit::Guest for Component {
    fn check_invariants() -> Result<wit::Report, String> {
        let schema = check_schema(&HostStore, MIGRATIONS).map_err(|error| error.to_string())?;
        let report = service().check_invariants();
        let mut report = report.map_err(|error| error.to_string())?;
        report.checks.insert(0, schema);
        Ok(audit_report!(wit, report))
    }
}
