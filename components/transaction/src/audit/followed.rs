//! The changes that standing orders have followed are there. After a restore of a source alone they
//! are not, and the orders would miss those that come in their place.

use crate::Error;
use crate::schedule::{Source, followed};
use crate::service::{Env, Service};
use crate::users::Users;
use strongroom_ledger_api::Directory;
use strongroom_sdk::audit::Check;
use strongroom_sdk::store::StoreError;

/// Where a source does not respond, the check fails, as it proves nothing then.
pub(super) fn check<E: Env>(service: &Service<E>) -> Result<Check, StoreError> {
    let mut check = Check::new(
        "standing orders have followed no change of an account or user that is not there",
    );
    for source in Source::ALL {
        check.examine();
        let last = followed(&service.store, *source)?;
        let Some(before) = last.checked_sub(1) else {
            continue;
        };
        let found = first_after(service, *source, before);
        let source = source.as_str();
        match found {
            Ok(found) => check.require(found == Some(last), || {
                format!("schedule: {source} have no change {last}, which was followed")
            }),
            Err(error) => check.violation(format!(
                "schedule: what was followed of {source} could not be checked: {error}"
            )),
        }
    }
    Ok(check)
}

/// The sequence of the first change after a place.
fn first_after<E: Env>(
    service: &Service<E>,
    source: Source,
    after: u64,
) -> Result<Option<u64>, Error> {
    Ok(match source {
        Source::Accounts => {
            let changes = service.ledger.changes(after)?;
            changes.first().map(|change| change.sequence)
        }
        Source::Users => {
            let changes = service.users.changes(after)?;
            changes.first().map(|change| change.sequence)
        }
    })
}
