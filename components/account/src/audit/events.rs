//! Checks that each account is as the audit log says.

use crate::account::{
    Account, AccountType, CLOSED, FROZEN, METADATA_CHANGED, NAME_CHANGED, OPENED,
    OVERDRAFT_LIMIT_CHANGED, UNFROZEN, account_sql, opened_value,
};
use crate::ledger::AccountOfRow;
use serde::Deserialize;
use strongroom_sdk::audit::Check;
use strongroom_sdk::audit_log::{Step, check_targets};
use strongroom_sdk::metadata::Metadata;
use strongroom_sdk::store::{Row, Store, StoreError};

const ACCOUNTS: &str = concat!(
    "SELECT id, * FROM (",
    account_sql!(""),
    ") WHERE id > ?1 ORDER BY id LIMIT ?2"
);

pub(super) fn check<S: Store>(store: &S) -> Result<Check, StoreError> {
    check_targets(
        store,
        "every account is what the audit log made of it",
        "account",
        ACCOUNTS,
        is_made_by,
    )
}

/// What the events of an account come to. An owner can make any number of changes: the values
/// before the last do not stay in memory.
#[derive(Default)]
struct History {
    events: i64,
    has_unknown_action: bool,
    opened: Option<String>,
    status: Option<String>,
    name: Option<Option<String>>,
    metadata: Option<String>,
    limit: Option<Option<String>>,
}

/// The part of the first event's value that may change later.
#[derive(Deserialize)]
struct OpenedAs {
    name: Option<String>,
    metadata: Metadata,
}

impl Extend<Step> for History {
    fn extend<I: IntoIterator<Item = Step>>(&mut self, steps: I) {
        for Step { action, new_value } in steps {
            self.events += 1;
            match action.as_str() {
                OPENED => self.opened = new_value,
                FROZEN | UNFROZEN | CLOSED => self.status = new_value,
                NAME_CHANGED => self.name = Some(new_value),
                METADATA_CHANGED => self.metadata = new_value,
                OVERDRAFT_LIMIT_CHANGED => self.limit = Some(new_value),
                _ => self.has_unknown_action = true,
            }
        }
    }
}

fn is_made_by(row: &Row, history: History) -> Result<bool, StoreError> {
    let account = Account::from_row(&row.clone().behind(1))?;
    let opened = history.opened.unwrap_or_default();
    let OpenedAs { name, metadata } = serde_json::from_str(&opened)
        .map_err(|error| StoreError::Row(format!("the event of its opening: {error}")))?;
    let first_limit = (!account.account_type.is_of_bank()).then(|| account.money(0).to_string());
    let new_metadata = history.metadata.unwrap_or_else(|| metadata.to_json());
    let is_so = !history.has_unknown_action
        && history.events == account.version
        && history.status.unwrap_or_else(|| "open".to_owned()) == account.status_words()
        && history.name.unwrap_or_else(|| name.clone()) == account.name
        && new_metadata == account.metadata.to_json()
        && history.limit.unwrap_or(first_limit) == account.limit_words();
    let id = AccountOfRow {
        key: account.key,
        id: account.id,
        owner_id: account.owner_id,
    };
    let is_named = id.is_settlement() == (account.account_type == AccountType::Settlement);
    let opened_as = Account {
        name,
        metadata,
        ..account
    };
    Ok(is_so && is_named && opened == opened_value(&opened_as))
}
