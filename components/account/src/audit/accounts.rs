//! The accounts and balances, as rows and as what the entries add up to.

use super::PAGE_ROWS;
use strongroom_sdk::audit::Check;
use crate::account::{ACCOUNT_COLUMNS, Account, AccountType, account_sql, opened_value};
use crate::ledger::{Direction, Entry, Hash};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use strongroom_sdk::store::{Store, StoreError, Value};

/// With each account the sums of its open holds, from the same snapshot.
const PAGE: &str = account_sql!(
    ", (SELECT coalesce(sum(transfer.amount_minor), 0) FROM transfer INDEXED BY transfer_held_debit
        WHERE transfer.debit_account_key = account.key AND transfer.status = 'pending'
            AND EXISTS (SELECT 1 FROM open_hold WHERE transfer_sequence = transfer.sequence)),
       (SELECT coalesce(sum(transfer.amount_minor), 0) FROM transfer INDEXED BY transfer_held_credit
        WHERE transfer.credit_account_key = account.key AND transfer.status = 'pending'
            AND EXISTS (SELECT 1 FROM open_hold WHERE transfer_sequence = transfer.sequence))",
    "WHERE account.key > ?1 ORDER BY account.key LIMIT ?2"
);

/// Rows of one table without their row of the other.
const UNPAIRED: &str = "\
SELECT key FROM account WHERE key NOT IN (SELECT account_key FROM balance)
UNION ALL SELECT account_key FROM balance WHERE account_key NOT IN (SELECT key FROM account) LIMIT 20";

/// What is known of one account: its row's figures, and what its entries and events add up to so far.
pub struct Ledgered {
    pub currency: &'static str,
    pub internal: bool,
    entry_count_row: i64,
    debits_row: i64,
    credits_row: i64,
    pending_matches: bool,
    below_limit: bool,
    debits: i64,
    credits: i64,
    entry_count: i64,
    pub facts_row: Facts,
    pub facts: Facts,
}

/// What the events of an account determine.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Facts {
    pub version: i64,
    pub opened_as: Hash,
    pub status: String,
    pub overdraft_limit: Option<i64>,
}

/// Every account by its key.
#[derive(Default)]
pub struct Accounts {
    by_key: HashMap<i64, Ledgered>,
    /// Accounts opened after this one was read are not judged.
    pub key_max: i64,
    unreadable: Vec<String>,
}

impl Accounts {
    /// Reads all accounts and balances.
    pub fn read<S: Store>(store: &S) -> Result<Self, StoreError> {
        let mut accounts = Self::default();
        loop {
            let page = [Value::from(accounts.key_max), Value::from(PAGE_ROWS)];
            let rows = store.query(PAGE, &page)?;
            if rows.rows.is_empty() {
                return Ok(accounts);
            }
            for row in rows {
                accounts.key_max = row.integer(0)?;
                match Account::from_row(&row) {
                    Ok(account) => {
                        let held = (
                            row.integer(ACCOUNT_COLUMNS)?,
                            row.integer(ACCOUNT_COLUMNS + 1)?,
                        );
                        accounts.insert(&account, held);
                    }
                    Err(error) => accounts
                        .unreadable
                        .push(format!("account {}: {error}", accounts.key_max)),
                }
            }
        }
    }

    /// `held`: the sums of the account's open holds, as debits and as credits.
    fn insert(&mut self, account: &Account, held: (i64, i64)) {
        let balance = &account.balance;
        let ledgered = Ledgered {
            currency: account.currency.code(),
            internal: account.account_type == AccountType::Settlement,
            entry_count_row: account.entry_count,
            debits_row: balance.debits_posted,
            credits_row: balance.credits_posted,
            pending_matches: (balance.debits_pending, balance.credits_pending) == held,
            below_limit: balance.available() < 0 && account.account_type != AccountType::Settlement,
            debits: 0,
            credits: 0,
            entry_count: 0,
            facts_row: Facts {
                version: account.version,
                opened_as: Sha256::digest(opened_value(account)).into(),
                status: account.status_words(),
                overdraft_limit: balance.overdraft_limit,
            },
            facts: Facts::default(),
        };
        self.by_key.insert(account.key, ledgered);
    }

    /// The account of a key, if it was there when the audit began.
    pub fn get(&mut self, key: i64) -> Option<&mut Ledgered> {
        self.by_key.get_mut(&key)
    }

    /// Adds an entry to what its account's entries add up to. Answers the account's sequence and balance that the entry should have, or
    /// none if there is no such account. What was posted after the account's row was read is not counted.
    pub fn add(&mut self, entry: &Entry) -> Option<Expected> {
        let account = self.by_key.get_mut(&entry.account_key)?;
        if account.entry_count >= account.entry_count_row {
            return Some(Expected::Later);
        }
        match entry.direction {
            Direction::Debit => account.debits = account.debits.saturating_add(entry.amount_minor),
            Direction::Credit => {
                account.credits = account.credits.saturating_add(entry.amount_minor)
            }
        }
        account.entry_count += 1;
        Some(Expected::Now {
            account_sequence: account.entry_count,
            balance_minor: account.credits.saturating_sub(account.debits),
        })
    }

    /// I2 and I3: each balance is what its entries add up to, and none is below its limit.
    pub fn check_balances<S: Store>(&self, store: &S) -> Result<[Check; 2], StoreError> {
        let mut sums = Check::new(
            "every balance is the sum of its entries, and pending is the sum of open holds",
        );
        let mut limits = Check::new("no customer's account is below its limit");
        for violation in &self.unreadable {
            sums.require(false, || violation.clone());
        }
        for row in store.query(UNPAIRED, &[])? {
            let key = row.integer(0)?;
            sums.require(key > self.key_max, || {
                format!("account {key} has no balance, or the balance no account")
            });
        }
        let mut keys: Vec<_> = self.by_key.keys().copied().collect();
        keys.sort_unstable();
        for key in keys {
            let Some(account) = self.by_key.get(&key) else {
                continue;
            };
            sums.examine();
            sums.require(account.sums_match(), || {
                format!(
                    "balance of account {key}: debits {} credits {} in {} entries, but its entries add up to {} and {} in {}",
                    account.debits_row,
                    account.credits_row,
                    account.entry_count_row,
                    account.debits,
                    account.credits,
                    account.entry_count
                )
            });
            sums.require(account.pending_matches, || {
                format!(
                    "balance of account {key}: what is pending is not the sum of its open holds"
                )
            });
            limits.examine();
            limits.require(!account.below_limit, || {
                format!("account {key} is below its overdraft limit")
            });
        }
        Ok([sums, limits])
    }

    /// The accounts that were read, for a check of their facts.
    pub fn iter(&self) -> impl Iterator<Item = (i64, &Ledgered)> {
        self.by_key.iter().map(|(key, account)| (*key, account))
    }
}

/// What an entry's account expects of it.
pub enum Expected {
    /// This sequence, and this balance after it.
    Now {
        account_sequence: i64,
        balance_minor: i64,
    },
    /// Posted after the account's row was read: not judged.
    Later,
}

impl Ledgered {
    fn sums_match(&self) -> bool {
        self.debits == self.debits_row
            && self.credits == self.credits_row
            && self.entry_count == self.entry_count_row
    }
}
