//! Lists of accounts, newest first.
//!
//! One filter drives: SQLite walks along its index, newest account first, and looks at each row for
//! the other filters. Each key of an account is above those before it, so the rows of one index
//! entry are in the order of the list. A page looks at no more than [`ROWS_LOOKED_AT_MAX`] rows:
//! where few of them pass the other filters, it is short, and the next one goes on.

use super::code::AccountCode;
use super::record::{Account, AccountStatus, AccountType, account_sql};
use strongroom_sdk::money::Currency;
use strongroom_sdk::page::{List, Page};
use strongroom_sdk::store::{Store, StoreError, Value};
use uuid::Uuid;

/// The most rows that a page looks at: a few milliseconds.
pub const ROWS_LOOKED_AT_MAX: i64 = 10_000;

/// Which accounts to list: those that pass every filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountFilter {
    /// The account's number, without spaces, in capital letters.
    pub number: Option<String>,
    /// Its owner.
    pub owner_id: Option<Uuid>,
    /// Its status.
    pub status: Option<AccountStatus>,
    /// Its currency.
    pub currency: Option<Currency>,
    /// Its type.
    pub account_type: Option<AccountType>,
    /// Its code.
    pub code: Option<AccountCode>,
}

/// The filter that drives: its condition, and the value of `?2`.
struct Driver {
    condition: &'static str,
    value: Value,
}

impl AccountFilter {
    /// The accounts of an owner.
    pub fn of_owner(owner_id: Uuid) -> Self {
        Self {
            owner_id: Some(owner_id),
            ..Self::default()
        }
    }

    /// The most selective filter. Most accounts are open, and many are checking accounts: of these
    /// there is no index, and the list walks along all accounts.
    fn driver(&self) -> Driver {
        let (condition, value) = if let Some(number) = &self.number {
            ("account.number = ?2", number.as_str().into())
        } else if let Some(code) = &self.code {
            ("account.code = ?2", code.into())
        } else if let Some(owner_id) = self.owner_id {
            ("account.owner_id = ?2", owner_id.into())
        } else if let Some(status) = self.status.filter(|it| *it != AccountStatus::Open) {
            (
                "account.status = ?2 AND account.status <> 'open'",
                status.as_str().into(),
            )
        } else if let Some(kind) = self.account_type.filter(|it| *it != AccountType::Checking) {
            (
                "account.type = ?2 AND account.type <> 'checking'",
                kind.as_str().into(),
            )
        } else if let Some(currency) = self.currency {
            ("account.currency = ?2", currency.code().into())
        } else {
            ("?2 IS NULL", Value::Null)
        };
        Driver { condition, value }
    }

    /// The values of `?5` and so on.
    fn values(&self) -> [Value; 6] {
        [
            self.number.as_deref().into(),
            self.code.as_ref().map(AccountCode::as_str).into(),
            self.owner_id.into(),
            self.account_type.map(AccountType::as_str).into(),
            self.status.map(AccountStatus::as_str).into(),
            self.currency.map(Currency::code).into(),
        ]
    }
}

impl Driver {
    /// Whether there is no other filter, so that each row is one of the page.
    fn is_alone(&self, filters: &[Value]) -> bool {
        let given = filters.iter().filter(|value| **value != Value::Null);
        given.count() == usize::from(self.value != Value::Null)
    }
}

/// The key of the last row that a page beyond the key `?1` looks at, if the page does not come to
/// the end of the list.
fn last_looked_at_sql(driver: &Driver) -> String {
    format!(
        "SELECT account.key FROM account WHERE {} AND account.key {{beyond}} ?1 \
         ORDER BY account.key {{order}} LIMIT 1 OFFSET {}",
        driver.condition,
        ROWS_LOOKED_AT_MAX - 1
    )
}

/// The accounts with keys beyond `?1`, and between it and `?3`, at most `?4`.
fn page_sql(driver: &Driver) -> String {
    format!(
        "{} WHERE {} AND account.key {{beyond}} ?1 \
         AND account.key {{until}} ?3 AND account.type <> 'settlement' \
         AND (?5 IS NULL OR account.number = ?5) AND (?6 IS NULL OR account.code = ?6) \
         AND (?7 IS NULL OR account.owner_id = ?7) AND (?8 IS NULL OR account.type = ?8) \
         AND (?9 IS NULL OR account.status = ?9) AND (?10 IS NULL OR account.currency = ?10) \
         ORDER BY account.key {{order}} LIMIT ?4",
        account_sql!(""),
        driver.condition
    )
}

/// A page of the accounts that pass a filter, without the settlement accounts.
pub fn list<S: Store, F>(
    store: &S,
    filter: &AccountFilter,
    page: &Page<i64, F>,
) -> Result<List<Account>, StoreError> {
    let driver = filter.driver();
    let window = page.window();
    let others = filter.values();
    let last = match driver.is_alone(&others) {
        true => None,
        false => {
            let params = [window.key(), driver.value.clone()];
            store
                .query(&window.sql(&last_looked_at_sql(&driver)), &params)?
                .one(|row| row.integer(0))?
        }
    };
    let until = last.map_or(window.end(), Value::from);
    let mut params = vec![
        window.key(),
        driver.value.clone(),
        until,
        window.fetch.into(),
    ];
    params.extend(others);
    let rows = store.query(&window.sql(&page_sql(&driver)), &params)?;
    let accounts = rows.all(Account::from_row)?;
    Ok(List::cut(accounts, page, |account| account.key, last))
}

#[cfg(test)]
mod tests;
