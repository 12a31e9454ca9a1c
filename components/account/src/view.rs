//! Accounts, balances, and entries as clients see them. Amounts are decimal strings at the
//! currency's scale, times are RFC 3339.

use crate::account::{
    Account, AccountCode, AccountEntry, AccountStatus, AccountType, Direction, Freeze,
};
use serde::Serialize;
use strongroom_sdk::clock::format_rfc3339;
use strongroom_sdk::metadata::Metadata;
use strongroom_sdk::openapi::{Amount, CurrencyCode, SignedAmount, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Account)]
pub struct AccountView {
    id: Uuid,
    number: String,
    owner_id: Uuid,
    #[schema(value_type = AccountType, inline)]
    r#type: &'static str,
    /// The bank's name for an internal account.
    #[schema(value_type = Option<AccountCode>, required)]
    code: Option<String>,
    #[schema(required)]
    name: Option<String>,
    #[schema(value_type = CurrencyCode)]
    currency: &'static str,
    #[schema(value_type = AccountStatus, inline)]
    status: &'static str,
    /// The movements that are stopped, where the account is frozen.
    #[schema(value_type = Option<Freeze>, inline, required)]
    frozen: Option<&'static str>,
    #[schema(value_type = SignedAmount)]
    balance: String,
    #[schema(value_type = SignedAmount)]
    available: String,
    /// None is no limit.
    #[schema(value_type = Option<Amount>, required)]
    overdraft_limit: Option<String>,
    metadata: Metadata,
    #[schema(value_type = Timestamp)]
    created_at: String,
}

/// A balance at a moment. The figures that depend on holds and the overdraft limit exist only for
/// now: the entries of the past do not have them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Balance)]
pub struct BalanceView {
    account_id: Uuid,
    #[schema(value_type = CurrencyCode)]
    currency: &'static str,
    #[schema(value_type = SignedAmount)]
    balance: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = SignedAmount, required = false)]
    available: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = SignedAmount, required = false)]
    pending_debits: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = SignedAmount, required = false)]
    pending_credits: Option<String>,
    #[schema(value_type = Timestamp)]
    as_of: String,
}

/// An entry of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Entry)]
pub struct EntryView {
    id: Uuid,
    sequence: i64,
    transaction_id: Uuid,
    #[schema(value_type = Direction, inline)]
    direction: &'static str,
    #[schema(value_type = Amount)]
    amount: String,
    #[schema(value_type = CurrencyCode)]
    currency: &'static str,
    #[schema(value_type = SignedAmount)]
    balance_after: String,
    #[schema(value_type = Timestamp)]
    created_at: String,
    #[schema(required)]
    reference: Option<String>,
}

/// The available amount. Four counters of 64 bits may add up to more than 64 bits; such an account
/// shows `i64::MAX`, which is more than any real account has.
fn available(account: &Account) -> String {
    let limits = (i128::from(i64::MIN), i128::from(i64::MAX));
    let clamped = account.balance.available().clamp(limits.0, limits.1);
    account
        .money(i64::try_from(clamped).unwrap_or_default())
        .to_string()
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        Self {
            id: account.id,
            owner_id: account.owner_id,
            r#type: account.account_type.as_str(),
            currency: account.currency.code(),
            status: account.status.as_str(),
            frozen: account.freeze.map(Freeze::as_str),
            balance: account.money(account.balance.posted()).to_string(),
            available: available(&account),
            overdraft_limit: account.limit_words(),
            created_at: format_rfc3339(account.created_at_ms),
            number: account.number,
            code: account.code,
            name: account.name,
            metadata: account.metadata,
        }
    }
}

impl BalanceView {
    /// The balance of an account that was read at `as_of_ms`.
    pub fn new(account: &Account, as_of_ms: i64) -> Self {
        Self {
            available: Some(available(account)),
            pending_debits: Some(account.money(account.balance.debits_pending).to_string()),
            pending_credits: Some(account.money(account.balance.credits_pending).to_string()),
            ..Self::past(account, account.balance.posted(), as_of_ms)
        }
    }

    /// The balance that an account had at `at_ms`.
    pub fn past(account: &Account, balance_minor: i64, at_ms: i64) -> Self {
        Self {
            account_id: account.id,
            currency: account.currency.code(),
            balance: account.money(balance_minor).to_string(),
            available: None,
            pending_debits: None,
            pending_credits: None,
            as_of: format_rfc3339(at_ms),
        }
    }
}

impl EntryView {
    /// An entry of `account`.
    pub fn new(account: &Account, entry: AccountEntry) -> Self {
        Self {
            id: entry.id(account),
            sequence: entry.sequence,
            transaction_id: entry.transaction_id,
            direction: entry.direction.as_str(),
            amount: account.money(entry.amount_minor).to_string(),
            currency: account.currency.code(),
            balance_after: account.money(entry.balance_after_minor).to_string(),
            created_at: format_rfc3339(entry.created_at_ms),
            reference: entry.reference,
        }
    }
}
