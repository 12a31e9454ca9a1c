//! What standing orders have followed is there. Behind a log that is older, such as after a restore
//! of one store alone, what is done to accounts and users later would be missed.

use super::AuditError;
use crate::schedule::{Source, followed};
use crate::users::Users;
use strongroom_ledger_api::Directory;
use strongroom_sdk::audit::Check;
use strongroom_sdk::store::Store;

pub(super) fn check<S: Store>(
    store: &S,
    accounts: &impl Directory,
    users: &impl Users,
) -> Result<Check, AuditError> {
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
                .changes(before)?
                .first()
                .map(|change| change.sequence),
            Source::Users => users.changes(before)?.first().map(|change| change.sequence),
        };
        check.require(found == Some(last), || {
            let source = source.as_str();
            format!("schedule: has followed {source} to change {last}, and there is no such change")
        });
    }
    Ok(check)
}
