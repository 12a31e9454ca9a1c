//! The accounts' audit trail: its hash chain verifies, and each account is what its events made of it.

use crate::account::{
    Account, AccountType, Action, EVENT_COLUMNS, EVENT_HASH_COLUMN, EventRow, event_hash,
    opened_value,
};
use strongroom_sdk::audit::{Check, PAGE_ROWS, Pages, Report, Total};
use strongroom_sdk::hash_chain::{GENESIS, Hash};
use strongroom_sdk::store::{Row, Store, StoreError, Value};

const HEAD: &str = "SELECT sequence, hash FROM account_event_head WHERE singleton = 1";

const EVENTS_TAIL: &str = "\
FROM account_event LEFT JOIN account ON account.key = account_event.account_key
WHERE account_event.sequence > ?1 ORDER BY account_event.sequence LIMIT ?2";

const EVENTS_BY_ACCOUNT: &str = "\
SELECT account_key, sequence, action, new_value FROM account_event
WHERE (account_key, sequence) > (?1, ?2) ORDER BY account_key, sequence LIMIT ?3";

/// Checks the trail up to its head.
pub fn check<S: Store>(store: &S, report: &mut Report) -> Result<(), StoreError> {
    let mut chain = Check::new(
        "the audit trail of accounts has no gaps, and its hash chain verifies up to its head",
    );
    let (mut sequence, mut hash) = (0, GENESIS);
    let sql = format!("SELECT {EVENT_COLUMNS} {EVENTS_TAIL}");
    for row in Pages::new(store, sql, [Value::from(i64::MIN)], PAGE_ROWS) {
        let row = row?;
        step(&row, sequence, &hash, &mut chain)?;
        sequence = row.integer(0)?;
        hash = row.bytes32(EVENT_HASH_COLUMN)?;
    }
    let is_head = match store.query(HEAD, &[])?.first() {
        Some(head) => head.integer(0)? == sequence && head.bytes32(1)? == hash,
        None => false,
    };
    chain.require(is_head, || {
        format!(
            "the trail ends at event {sequence}, and its head says something else, or is not there"
        )
    });
    report.checks.push(chain);
    report.totals.push(Total {
        name: "the audit trail's last event, and its hash".to_owned(),
        value: format!("{sequence}, {}", hex::encode(hash)),
    });
    Ok(())
}

fn step(row: &Row, before: i64, previous: &Hash, chain: &mut Check) -> Result<(), StoreError> {
    let sequence = row.integer(0)?;
    chain.examine();
    chain.require(sequence == before + 1, || {
        format!("event {sequence}: follows {before}, so some are missing")
    });
    match EventRow::from_row(row) {
        Ok(event) => {
            let holds = event_hash(previous, &event) == row.bytes32(EVENT_HASH_COLUMN)?;
            chain.require(holds, || {
                format!("event {sequence}: it is not what its hash was made of")
            });
        }
        Err(error) => chain.require(false, || format!("event {sequence}: {error}")),
    }
    Ok(())
}

/// What the events of an account make of it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Facts {
    version: i64,
    opened_as: String,
    status: String,
    overdraft_limit: Option<i64>,
}

impl Facts {
    fn of_row(account: &Account) -> Self {
        Self {
            version: account.version,
            opened_as: opened_value(account),
            status: account.status_words(),
            overdraft_limit: account.balance.overdraft_limit,
        }
    }

    /// Replays an event.
    fn apply(&mut self, action: Action, new_value: String, is_internal: bool) {
        self.version += 1;
        match action {
            Action::Opened => {
                self.opened_as = new_value;
                "open".clone_into(&mut self.status);
                // The bank's own accounts have no limit, all others begin with none to use.
                self.overdraft_limit = (!is_internal).then_some(0);
            }
            Action::Frozen | Action::Unfrozen | Action::Closed => self.status = new_value,
            Action::OverdraftLimitChanged => self.overdraft_limit = new_value.parse().ok(),
        }
    }
}

/// The events of each account in turn, compared with the account.
pub struct Trails<'a, S> {
    unread: Pages<'a, S>,
    check: Check,
}

impl<'a, S: Store> Trails<'a, S> {
    pub fn new(store: &'a S) -> Self {
        let first = [(); 2].map(|()| Value::from(i64::MIN));
        Self {
            unread: Pages::new(store, EVENTS_BY_ACCOUNT, first, PAGE_ROWS),
            check: Check::new(
                "every account's owner, number, status, and limit are those of its audit trail",
            ),
        }
    }

    /// Compares an account with its events; they come by their keys. None where the account's row is none.
    pub fn compare(&mut self, key: i64, account: Option<&Account>) -> Result<(), StoreError> {
        let is_internal =
            account.is_some_and(|account| account.account_type == AccountType::Settlement);
        let mut facts = Facts::default();
        while let Some(row) = self.unread.peek()? {
            let owner = row.integer(0)?;
            if owner > key {
                break;
            }
            if owner == key {
                let action = Action::from_stored(&row.text(2)?)?;
                facts.apply(action, row.text(3)?, is_internal);
            }
            // One of no account at all is told by the check of the chain, which its account's id is a part of.
            self.unread.next().transpose()?;
        }
        self.check.examine();
        let is_so = account.is_none_or(|account| Facts::of_row(account) == facts);
        self.check.require(is_so, || {
            format!("account {key}: its row is not what its events made of it")
        });
        Ok(())
    }

    /// What was found.
    pub fn into_check(self) -> Check {
        self.check
    }
}
