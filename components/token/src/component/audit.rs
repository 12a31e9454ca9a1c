//! `strongroom:service/audit`.

use super::bindings::exports::strongroom::service::audit as wit;
use super::{Component, service};
use strongroom_sdk::audit_report;

impl wit::Guest for Component {
    fn check_invariants() -> Result<wit::Report, String> {
        let report = service()
            .check_invariants()
            .map_err(|error| error.to_string())?;
        Ok(audit_report!(wit, report))
    }
}
