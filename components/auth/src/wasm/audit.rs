//! The export `strongroom:service/audit`.

use super::Component;
use super::bindings::exports::strongroom::service::audit as wit;
use crate::check_invariants;
use strongroom_sdk::store::HostStore;

impl wit::Guest for Component {
    fn check_invariants() -> Result<wit::Report, String> {
        let report = check_invariants(&HostStore).map_err(|error| error.to_string())?;
        let checks = report.checks.into_iter().map(|check| wit::Check {
            name: check.name.to_owned(),
            examined: check.examined,
            violations: check.violations,
        });
        let totals = report.totals.into_iter().map(|total| wit::Total {
            name: total.name,
            value: total.value,
        });
        Ok(wit::Report {
            checks: checks.collect(),
            totals: totals.collect(),
        })
    }
}
