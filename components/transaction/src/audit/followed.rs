//! What standing orders have followed is there. Behind a log that is older, such as after a restore
//! of one store alone, what is done to accounts and users later would be missed.

use crate::schedule::{Source, TickError, followed};
use crate::users::Users;
use strongroom_ledger_api::Directory;
use strongroom_sdk::audit::Check;
use strongroom_sdk::store::{Store, StoreError};

/// Where a source does not respond, the check says so, as it proves nothing then.
pub(super) fn check<S: Store>(
    store: &S,
    accounts: &impl Directory,
    users: &impl Users,
) -> Result<Check, StoreError> {
    let mut check = Check::new(
        "standing orders have followed no change of an account or user that is not there",
    );
    for source in Source::ALL {
        check.examine();
        let last = followed(store, *source)?;
        let Some(before) = last.checked_sub(1) else {
            continue;
        };
        let found = match source {
            Source::Accounts => accounts
                .changes(before)
                .map(|changes| changes.first().map(|change| change.sequence))
                .map_err(TickError::from),
            Source::Users => users
                .changes(before)
                .map(|changes| changes.first().map(|change| change.sequence))
                .map_err(TickError::from),
        };
        let source = source.as_str();
        match found {
            Ok(found) => check.require(found == Some(last), || {
                format!(
                    "schedule: has followed {source} to change {last}, and there is no such change"
                )
            }),
            Err(error) => check.violation(format!(
                "schedule: what it has followed of {source} could not be checked: {error}"
            )),
        }
    }
    Ok(check)
}
