//! Checks that each account is as the audit log says.

use crate::account::{
    Account, AccountType, CLOSED, FROZEN, OPENED, OVERDRAFT_LIMIT_CHANGED, UNFROZEN, account_sql,
    opened_value,
};
use strongroom_sdk::audit::Check;
use strongroom_sdk::audit_log::{Step, check_targets};
use strongroom_sdk::store::{Row, Store, StoreError};

const ACCOUNTS: &str = concat!(
    "SELECT id, * FROM (",
    account_sql!(""),
    ") WHERE id > ?1 ORDER BY id LIMIT ?2"
);

pub(super) fn check<S: Store>(store: &S) -> Result<Check, StoreError> {
    check_targets(
        store,
        "every account's owner, number, status, and limit are those of the audit log",
        "account",
        ACCOUNTS,
        is_made_by,
    )
}

fn is_made_by(row: &Row, steps: Vec<Step>) -> Result<bool, StoreError> {
    let account = Account::from_row(&row.clone().behind(1))?;
    let decimal = |minor| account.money(minor).to_string();
    let version = i64::try_from(steps.len()).ok();
    let (mut opened_as, mut status, mut limit) = (None, None, None);
    for Step { action, new_value } in steps {
        match action.as_str() {
            OPENED => {
                opened_as = new_value;
                status = Some("open".to_owned());
                // The bank's own accounts have no limit; all others begin with a limit of zero.
                let is_internal = account.account_type == AccountType::Settlement;
                limit = (!is_internal).then(|| decimal(0));
            }
            FROZEN | UNFROZEN | CLOSED => status = new_value,
            OVERDRAFT_LIMIT_CHANGED => limit = new_value,
            _ => return Ok(false),
        }
    }
    Ok(version == Some(account.version)
        && opened_as == Some(opened_value(&account))
        && status == Some(account.status_words())
        && limit == account.balance.overdraft_limit.map(decimal))
}
