//! Accounts and their changes as other services see them.

use super::record::{Account, AccountStatus};
use strongroom_ledger_api::{AccountChange, AccountSummary, CHANGES_LIMIT};
use strongroom_sdk::money::Currency;
use strongroom_sdk::store::{Row, Store, StoreError, Value};

/// Walks along the log: `CROSS JOIN` keeps SQLite from beginning with the accounts.
const CHANGES: &str = "\
SELECT audit_log.sequence, account.id, account.owner_id, account.number, account.currency,
    account.status
FROM audit_log CROSS JOIN account ON account.id = audit_log.target
WHERE audit_log.sequence > ?1 AND account.type <> 'settlement'
ORDER BY audit_log.sequence LIMIT ?2";

/// The changes of accounts, without the settlement accounts, with a sequence above `after` in the
/// audit log, oldest first, at most [`CHANGES_LIMIT`].
pub(crate) fn changes<S: Store>(store: &S, after: i64) -> Result<Vec<AccountChange>, StoreError> {
    let params = [Value::from(after), Value::from(i64::from(CHANGES_LIMIT))];
    store.query(CHANGES, &params)?.all(change)
}

fn change(row: &Row) -> Result<AccountChange, StoreError> {
    let currency = Currency::from_code(&row.text(4)?)
        .map_err(|error| StoreError::Row(format!("currency: {error}")))?;
    Ok(AccountChange {
        sequence: row.integer(0)?.unsigned_abs(),
        account: AccountSummary {
            id: row.uuid(1)?,
            owner_id: row.uuid(2)?,
            number: row.text(3)?,
            currency,
            closed: AccountStatus::from_row(row, 5)? == AccountStatus::Closed,
        },
    })
}

impl From<Account> for AccountSummary {
    fn from(account: Account) -> Self {
        Self {
            id: account.id,
            owner_id: account.owner_id,
            number: account.number,
            currency: account.currency,
            closed: account.status == AccountStatus::Closed,
        }
    }
}
