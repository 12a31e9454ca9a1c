//! Opening an account.

use super::code::AccountCode;
use super::event::{OPENED, opened_value};
use super::number::NumberFormat;
use super::record::{Account, AccountStatus, AccountType, BANK_OWNER};
use crate::balance::Balance;
use strongroom_sdk::audit_log::{Actor, Record};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::metadata::Metadata;
use strongroom_sdk::money::Currency;
use strongroom_sdk::random::Random;
use strongroom_sdk::store::{Store, StoreError, Transaction, Value};
use uuid::Uuid;

/// The longest name of an account, in characters.
pub const NAME_CHARACTERS_MAX: usize = 100;

/// How many accounts an owner may ever have for each that may be open at a time. A list of all
/// accounts of an owner, such as their events, costs a little for each, also for closed ones.
pub const EVER_FOR_EACH_OPEN: i64 = 3;

/// The tries to find a free number. Numbers are random: hardly ever is even one taken.
const NUMBER_TRIES: u32 = 3;

const COUNTS_OF_OWNER: &str = "\
SELECT count(*) FILTER (WHERE status <> 'closed'), count(*) FROM account WHERE owner_id = ?1";

/// A closed account keeps its code: the books of two years must not mean two accounts by one name.
const CODE_TAKEN: &str = "SELECT 1 FROM account WHERE code = ?1 AND currency = ?2";

const INSERT_ACCOUNT: &str = "\
INSERT INTO account (id, number, owner_id, type, name, currency, scale, status,
    overdraft_limit_minor, version, created_at_ms, code, metadata)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'open', ?8, 1, ?9, ?10, ?11)
ON CONFLICT (number) DO NOTHING
RETURNING key";

const INSERT_BALANCE: &str = "INSERT INTO balance (account_key) VALUES (?1)";

/// The bank's configuration for new accounts.
#[derive(Debug, Clone)]
pub struct OpenRules {
    /// The form of account numbers.
    pub number_format: NumberFormat,
    /// The most accounts of an owner that may be open or frozen at a time.
    pub accounts_per_user_max: u32,
}

/// An account to open.
#[derive(Debug, Clone)]
pub struct OpenRequest {
    owner_id: Uuid,
    account_type: AccountType,
    code: Option<AccountCode>,
    currency: Currency,
    /// Its owner's name for it: 1 to [`NAME_CHARACTERS_MAX`] characters.
    pub name: Option<String>,
    /// What the client notes on it.
    pub metadata: Metadata,
}

impl OpenRequest {
    /// A checking or savings account of a customer, without a name.
    ///
    /// # Panics
    /// For an account or an owner that is the bank's.
    pub fn of_customer(owner_id: Uuid, account_type: AccountType, currency: Currency) -> Self {
        assert!(!account_type.is_of_bank());
        assert_ne!(owner_id, BANK_OWNER);
        Self {
            owner_id,
            account_type,
            code: None,
            currency,
            name: None,
            metadata: Metadata::default(),
        }
    }

    /// An internal account, without a name and without an overdraft limit.
    pub fn internal(code: AccountCode, currency: Currency) -> Self {
        Self {
            owner_id: BANK_OWNER,
            account_type: AccountType::Internal,
            code: Some(code),
            currency,
            name: None,
            metadata: Metadata::default(),
        }
    }
}

/// Why no account was opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The owner has the most open accounts already, or [`EVER_FOR_EACH_OPEN`] times as many with
    /// the closed ones.
    #[error(
        "An owner may have at most {0} open accounts, and {times} times as many with the closed \
         ones.",
        times = EVER_FOR_EACH_OPEN
    )]
    LimitReached(u32),
    /// An internal account of the currency has the code already, or had it before it was closed.
    #[error("An internal account of this currency has this code, or had it.")]
    CodeTaken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens an account of balance zero.
pub fn open<S: Store>(
    store: &S,
    clock: &impl Clock,
    random: &impl Random,
    rules: &OpenRules,
    request: OpenRequest,
    actor: &Actor,
) -> Result<Account, OpenError> {
    let transaction = store.begin()?;
    let opened = open_in(&transaction, clock, random, rules, request, actor);
    if !matches!(opened, Err(OpenError::Store(_))) {
        // Also for a refusal: the other accounts may not be on disk yet, and the commit waits.
        transaction.commit()?;
    }
    opened
}

/// Opens an account of balance zero in a transaction, which the caller commits before responding,
/// also where it is refused.
pub fn open_in(
    transaction: &impl Transaction,
    clock: &impl Clock,
    random: &impl Random,
    rules: &OpenRules,
    request: OpenRequest,
    actor: &Actor,
) -> Result<Account, OpenError> {
    refuse(transaction, rules, &request)?;
    let overdraft_limit = (!request.account_type.is_of_bank()).then_some(0);
    let mut account = Account {
        key: 0,
        id: Uuid::nil(),
        number: String::new(),
        owner_id: request.owner_id,
        account_type: request.account_type,
        code: request.code.map(|code| code.as_str().to_owned()),
        name: request.name,
        metadata: request.metadata,
        currency: request.currency,
        status: AccountStatus::Open,
        freeze: None,
        balance: zero(overdraft_limit),
        version: 1,
        created_at_ms: clock.now_ms(),
        entry_count: 0,
    };
    for _ in 0..NUMBER_TRIES {
        account.id = random.uuid_v7(clock);
        account.number = rules.number_format.number_of(account.id);
        if insert(transaction, &mut account, actor)? {
            return Ok(account);
        }
    }
    Err(StoreError::Constraint("no free account number".to_owned()).into())
}

/// Refuses an account too many of its owner, and an internal account whose code is taken. The bank
/// may have any number of accounts.
fn refuse(
    transaction: &impl Transaction,
    rules: &OpenRules,
    request: &OpenRequest,
) -> Result<(), OpenError> {
    if let Some(code) = &request.code {
        let params = [code.into(), request.currency.code().into()];
        return match transaction.query(CODE_TAKEN, &params)?.first() {
            Some(_) => Err(OpenError::CodeTaken),
            None => Ok(()),
        };
    }
    let counts = transaction
        .query(COUNTS_OF_OWNER, &[request.owner_id.into()])?
        .first_or("a count has no row")?;
    let max = i64::from(rules.accounts_per_user_max);
    if counts.integer(0)? >= max || counts.integer(1)? >= max * EVER_FOR_EACH_OPEN {
        return Err(OpenError::LimitReached(rules.accounts_per_user_max));
    }
    Ok(())
}

/// Inserts an account, its balance of zero, and its first event. Returns false if its number is
/// taken.
pub(crate) fn insert(
    transaction: &impl Transaction,
    account: &mut Account,
    actor: &Actor,
) -> Result<bool, StoreError> {
    let inserted = transaction
        .query(
            INSERT_ACCOUNT,
            &[
                Value::from(account.id),
                Value::from(account.number.as_str()),
                Value::from(account.owner_id),
                Value::from(account.account_type.as_str()),
                Value::from(account.name.as_deref()),
                Value::from(account.currency.code()),
                Value::from(i64::from(account.currency.scale())),
                Value::from(account.balance.overdraft_limit),
                Value::from(account.created_at_ms),
                Value::from(account.code.as_deref()),
                Value::from(account.metadata.to_stored()),
            ],
        )?
        .first();
    let Some(row) = inserted else {
        return Ok(false);
    };
    account.key = row.integer(0)?;
    transaction.execute(INSERT_BALANCE, &[Value::from(account.key)])?;
    Record {
        new_value: Some(opened_value(account)),
        ..Record::new(account.created_at_ms, actor.clone(), OPENED, account.id)
    }
    .append(transaction)?;
    Ok(true)
}

/// The balance of a new account.
pub(crate) fn zero(overdraft_limit: Option<i64>) -> Balance {
    Balance {
        overdraft_limit,
        debits_posted: 0,
        credits_posted: 0,
        debits_pending: 0,
        credits_pending: 0,
    }
}
