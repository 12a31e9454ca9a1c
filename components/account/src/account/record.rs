//! An account as it is stored.

use super::freeze::Freeze;
use crate::balance::Balance;
use serde::Deserialize;
use strongroom_sdk::metadata::Metadata;
use strongroom_sdk::money::{Currency, Money};
use strongroom_sdk::store::{Row, StoreError};
use strongroom_sdk::stored_enum;
use uuid::Uuid;

/// The owner of the bank's own accounts: the nil UUID, which no user has.
pub const BANK_OWNER: Uuid = Uuid::nil();

stored_enum! {
    /// What an account is for.
    pub enum AccountType {
        /// A customer's everyday account.
        Checking = 1, "checking";
        /// A customer's savings.
        Savings = 2, "savings";
        /// The bank's own side of deposits and withdrawals, one for each currency. Customers do not
        /// see it.
        Settlement = 3, "settlement";
        /// One of the bank's own in its books, such as fees or revenue. It has a code, and may have
        /// no overdraft limit.
        Internal = 4, "internal";
    }
}

impl AccountType {
    /// Whether the bank itself owns such accounts.
    pub fn is_of_bank(self) -> bool {
        matches!(self, Self::Settlement | Self::Internal)
    }
}

stored_enum! {
    /// Whether money may move.
    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum AccountStatus {
        /// It may.
        Open = 1, "open";
        /// Staff have stopped movements.
        Frozen = 2, "frozen";
        /// Closed, which is final, with a balance of zero.
        Closed = 3, "closed";
    }
}

/// An account and its balance, from one snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The key in the ledger's tables; clients never see it.
    pub key: i64,
    /// UUID v7.
    pub id: Uuid,
    /// IBAN.
    pub number: String,
    /// Its owner, who never changes.
    pub owner_id: Uuid,
    /// What it is for.
    pub account_type: AccountType,
    /// The bank's name for an internal account; no other has one. It never changes.
    pub code: Option<String>,
    /// Its owner's name for it.
    pub name: Option<String>,
    /// What clients note on it.
    pub metadata: Metadata,
    /// The currency of its balance; never changes.
    pub currency: Currency,
    /// Whether money may move.
    pub status: AccountStatus,
    /// The movements that staff have stopped: some where the status is frozen, and only there.
    pub freeze: Option<Freeze>,
    /// Its counters and limit.
    pub balance: Balance,
    /// The number of its events.
    pub version: i64,
    /// When it was opened, in milliseconds since 1970 UTC.
    pub created_at_ms: i64,
    /// The number of its entries.
    pub entry_count: i64,
}

/// A `SELECT` of accounts with their balances, in the column order that [`Account::from_row`]
/// reads. Further columns may follow.
macro_rules! account_sql {
    ($tail:literal) => {
        account_sql!("", $tail)
    };
    ($columns:literal, $tail:literal) => {
        concat!(
            "SELECT account.key, account.id, account.number, account.owner_id, account.type, \
             account.name, account.currency, account.scale, account.status, \
             account.overdraft_limit_minor, balance.debits_posted, balance.credits_posted, \
             balance.debits_pending, balance.credits_pending, account.version, \
             account.created_at_ms, balance.entry_count, account.frozen, account.code, \
             account.metadata",
            $columns,
            " FROM account JOIN balance ON balance.account_key = account.key ",
            $tail
        )
    };
}
pub(crate) use account_sql;

/// The number of columns that [`account_sql`] selects by itself.
pub(crate) const ACCOUNT_COLUMNS: usize = 20;

impl Account {
    /// Reads a row of [`account_sql`].
    ///
    /// # Errors
    /// [`StoreError::Row`] where a column contradicts the schema, or the currency's scale differs
    /// from the one at the account's opening.
    pub fn from_row(row: &Row) -> Result<Self, StoreError> {
        let code = row.text(6)?;
        let currency = Currency::from_code(&code)
            .map_err(|error| StoreError::Row(format!("{code:?} {error}")))?;
        if row.integer(7)? != i64::from(currency.scale()) {
            return Err(StoreError::Row(format!(
                "{code} has changed its scale since the account was opened"
            )));
        }
        Ok(Self {
            key: row.integer(0)?,
            id: row.uuid(1)?,
            number: row.text(2)?,
            owner_id: row.uuid(3)?,
            account_type: AccountType::from_row(row, 4)?,
            name: row.optional(5, Row::text)?,
            currency,
            status: AccountStatus::from_row(row, 8)?,
            balance: Balance::from_row(row, 9)?,
            version: row.integer(14)?,
            created_at_ms: row.integer(15)?,
            entry_count: row.integer(16)?,
            freeze: row.optional(17, Freeze::from_row)?,
            code: row.optional(18, Row::text)?,
            metadata: Metadata::from_row(row, 19)?,
        })
    }

    /// The status in the words of the audit log; a freeze of one side names the side.
    pub(crate) fn status_words(&self) -> String {
        let status = self.status.as_str();
        match (self.status, self.freeze) {
            (AccountStatus::Frozen, Some(Freeze::Both)) => status.to_owned(),
            (AccountStatus::Frozen, None) => format!("{status}:none"),
            (_, None) => status.to_owned(),
            (_, Some(freeze)) => format!("{status}:{}", freeze.as_str()),
        }
    }

    /// The overdraft limit in the words of the audit log.
    pub(crate) fn limit_words(&self) -> Option<String> {
        let limit = self.balance.overdraft_limit;
        limit.map(|minor| self.money(minor).to_string())
    }

    /// An amount of the account's currency.
    pub fn money(&self, minor: i64) -> Money {
        Money::from_minor(minor, self.currency)
    }
}
