//! I2, I3, I4, I9: compares the row of each account with the sums of its entries and of its open
//! holds.
//!
//! The entries are added up in the order of their writing, which is their order in the file. The
//! sums are kept for a range of a million accounts at a time: in a larger bank the entries are read
//! once more for each further range.

use super::require_none;
use super::totals::Totals;
use crate::account::{ACCOUNT_COLUMNS, Account, Direction, account_sql};
use crate::ledger::{ENTRY_COLUMNS, Entry};
use strongroom_sdk::audit::{Check, PAGE_ROWS, Pages, Report};
use strongroom_sdk::store::{Row, Store, StoreError, Value};

/// The accounts of one range; their sums take 24 MiB.
const RANGE_KEYS: i64 = 1 << 20;

/// Behind each account: the sums of its open holds, as debits and as credits.
const ACCOUNTS: &str = account_sql!(
    ", (SELECT coalesce(sum(transfer.amount_minor), 0) FROM transfer INDEXED BY transfer_held_debit
        WHERE transfer.debit_account_key = account.key AND transfer.status = 'pending'
            AND EXISTS (SELECT 1 FROM open_hold WHERE transfer_sequence = transfer.sequence)),
       (SELECT coalesce(sum(transfer.amount_minor), 0) FROM transfer INDEXED BY transfer_held_credit
        WHERE transfer.credit_account_key = account.key AND transfer.status = 'pending'
            AND EXISTS (SELECT 1 FROM open_hold WHERE transfer_sequence = transfer.sequence))",
    "WHERE account.key > ?1 ORDER BY account.key LIMIT ?2"
);

/// The keys of the range that begins with the first key not below `?1`.
const RANGE: &str = "\
SELECT min(key), max(key) FROM account
WHERE key BETWEEN (SELECT min(key) FROM account WHERE key >= ?1)
    AND (SELECT min(key) FROM account WHERE key >= ?1) + ?2";

/// Accounts with the code of another, although an index forbids it.
const CODE_TWICE: &str = "\
SELECT max(key) FROM account WHERE code IS NOT NULL GROUP BY code, currency HAVING count(*) > 1
LIMIT 20";

/// Rows of one table without their row in the other.
const UNPAIRED: &str = "\
SELECT key FROM account WHERE key NOT IN (SELECT account_key FROM balance)
UNION ALL SELECT account_key FROM balance WHERE account_key NOT IN (SELECT key FROM account)
LIMIT 20";

const WITHOUT_ACCOUNT: &str = "\
SELECT sequence FROM entry WHERE account_key NOT IN
    (SELECT account.key FROM account JOIN balance ON balance.account_key = account.key)
LIMIT 20";

/// The sums of the entries so far, for a range of accounts.
pub struct EntrySums {
    first_key: i64,
    of_accounts: Vec<EntrySum>,
    check: Check,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct EntrySum {
    debits: i64,
    credits: i64,
    entries: i64,
}

impl EntrySums {
    /// Sums of zero for the first range of accounts.
    pub fn new<S: Store>(store: &S) -> Result<Self, StoreError> {
        let mut sums = Self {
            first_key: i64::MIN,
            of_accounts: Vec::new(),
            check: Check::new(
                "each account's entries have no gaps, and each leads to the balance that it says",
            ),
        };
        sums.begin_range(store, i64::MIN)?;
        Ok(sums)
    }

    /// Goes to the range of the first account whose key is not below `key`; false if there is none.
    fn begin_range<S: Store>(&mut self, store: &S, key: i64) -> Result<bool, StoreError> {
        let params = [Value::from(key), Value::from(RANGE_KEYS - 1)];
        let Some(row) = store.query(RANGE, &params)?.first() else {
            return Ok(false);
        };
        if row.is_null(0)? {
            return Ok(false);
        }
        let (first, last) = (row.integer(0)?, row.integer(1)?);
        self.first_key = first;
        self.of_accounts.clear();
        let keys = usize::try_from(last - first).map_or(0, |difference| difference + 1);
        self.of_accounts.resize(keys, EntrySum::default());
        Ok(true)
    }

    /// The first key behind the range.
    fn end(&self) -> i64 {
        let keys = i64::try_from(self.of_accounts.len()).unwrap_or(i64::MAX);
        self.first_key.saturating_add(keys)
    }

    /// Adds the next entry, if its account is in the range.
    pub fn add(&mut self, entry: &Entry) {
        let index = entry.account_key.checked_sub(self.first_key);
        let index = index.and_then(|index| usize::try_from(index).ok());
        let Some(sum) = index.and_then(|index| self.of_accounts.get_mut(index)) else {
            return;
        };
        // A saturated sum is wrong, and is found so.
        match entry.direction {
            Direction::Debit => sum.debits = sum.debits.saturating_add(entry.amount_minor),
            Direction::Credit => sum.credits = sum.credits.saturating_add(entry.amount_minor),
        }
        sum.entries += 1;
        let leads = entry.account_sequence == sum.entries
            && entry.balance_after_minor == sum.credits.saturating_sub(sum.debits);
        self.check.examine();
        self.check.require(leads, || {
            format!(
                "entry {}: the entries of account {} before it do not lead to its sequence {} and balance {}",
                entry.sequence, entry.account_key, entry.account_sequence, entry.balance_after_minor
            )
        });
    }

    fn of(&self, key: i64) -> EntrySum {
        let index = usize::try_from(key.saturating_sub(self.first_key)).ok();
        let sum = index.and_then(|index| self.of_accounts.get(index));
        sum.copied().unwrap_or_default()
    }
}

/// Checks every account. `sums` has seen the entries of the journal.
pub fn check<S: Store>(
    store: &S,
    mut sums: EntrySums,
    report: &mut Report,
) -> Result<(), StoreError> {
    let mut walk = AccountWalk::new();
    loop {
        walk.compare(store, &sums)?;
        let end = sums.end();
        if !sums.begin_range(store, end)? {
            break;
        }
        add_entries(store, &mut sums)?;
    }
    let entries = store.query("SELECT count(*) FROM entry", &[])?.number()?;
    if walk.entries != entries {
        require_none(store, &mut sums.check, WITHOUT_ACCOUNT, |sequence| {
            format!("entry {sequence}: it has no account, or one without a balance")
        })?;
    }
    require_none(store, &mut walk.balances, UNPAIRED, |key| {
        format!("account {key} has no balance, or the balance no account")
    })?;
    let mut codes =
        Check::new("the code of an internal account is that of no other of its currency");
    let count = "SELECT count(*) FROM account WHERE code IS NOT NULL";
    codes.examined = store.query(count, &[])?.number()?.unsigned_abs();
    require_none(store, &mut codes, CODE_TWICE, |key| {
        format!("account {key}: its code is that of another of its currency")
    })?;
    report
        .checks
        .extend([walk.balances, sums.check, walk.limits, codes]);
    walk.totals.report(report);
    Ok(())
}

/// Adds the entries of a range that is not the first.
fn add_entries<S: Store>(store: &S, sums: &mut EntrySums) -> Result<(), StoreError> {
    // The `+` keeps SQLite from the index by account: with it, it would jump to and fro in the
    // file.
    let sql = format!(
        "SELECT {ENTRY_COLUMNS} FROM entry WHERE sequence > ?1 AND +account_key BETWEEN {} AND {} \
         ORDER BY sequence LIMIT ?2",
        sums.first_key,
        sums.end() - 1
    );
    for row in Pages::new(store, sql, [Value::from(i64::MIN)], 2 * PAGE_ROWS) {
        sums.add(&Entry::from_row(&row?)?);
    }
    Ok(())
}

/// The walk from account to account, and its findings.
struct AccountWalk {
    totals: Totals,
    balances: Check,
    limits: Check,
    /// The entries of the accounts so far.
    entries: i64,
}

impl AccountWalk {
    fn new() -> Self {
        Self {
            totals: Totals::default(),
            balances: Check::new(
                "every balance is the sum of its entries, and pending is the sum of open holds",
            ),
            limits: Check::new("no account is below its limit"),
            entries: 0,
        }
    }

    /// Compares the accounts of a range with their sums.
    fn compare<S: Store>(&mut self, store: &S, sums: &EntrySums) -> Result<(), StoreError> {
        let before = Value::from(sums.first_key.saturating_sub(1));
        for row in Pages::new(store, ACCOUNTS, [before], PAGE_ROWS) {
            let row = row?;
            let key = row.integer(0)?;
            if key >= sums.end() {
                break;
            }
            let sum = sums.of(key);
            self.entries += sum.entries;
            self.balances.examine();
            match Account::from_row(&row) {
                Ok(account) => {
                    self.check(&account, &row, sum)?;
                    self.totals.add(&account);
                }
                Err(error) => self.balances.violation(format!("account {key}: {error}")),
            }
        }
        Ok(())
    }

    fn check(&mut self, account: &Account, row: &Row, sum: EntrySum) -> Result<(), StoreError> {
        let (key, balance) = (account.key, &account.balance);
        let kept = EntrySum {
            debits: balance.debits_posted,
            credits: balance.credits_posted,
            entries: account.entry_count,
        };
        self.balances.require(kept == sum, || {
            format!(
                "balance of account {key}: debits {} credits {} in {} entries, but its entries add up to {} and {} in {}",
                kept.debits, kept.credits, kept.entries, sum.debits, sum.credits, sum.entries
            )
        });
        let held = (
            row.integer(ACCOUNT_COLUMNS)?,
            row.integer(ACCOUNT_COLUMNS + 1)?,
        );
        let pending = (balance.debits_pending, balance.credits_pending);
        self.balances.require(pending == held, || {
            format!("balance of account {key}: what is pending is not the sum of its open holds")
        });
        self.limits.examine();
        let keeps_limit = match balance.overdraft_limit {
            Some(_) => balance.available() >= 0,
            None => account.account_type.is_of_bank(),
        };
        self.limits.require(keeps_limit, || {
            format!("account {key} is below its overdraft limit, or has none")
        });
        Ok(())
    }
}
