//! The accounts' audit trail: its hash chain verifies, and each account is what its events made of it.

use super::PAGE_ROWS;
use super::accounts::{Accounts, Facts};
use strongroom_sdk::audit::Check;
use crate::account::{Action, EVENT_COLUMNS, EventRow, event_hash};
use crate::ledger::{GENESIS, Hash, bytes32};
use sha2::{Digest, Sha256};
use strongroom_sdk::store::{Row, Store, StoreError, Value};

const HEAD: &str = "SELECT sequence, hash FROM account_event_head WHERE singleton = 1";

const PAGE_TAIL: &str = "\
FROM account_event LEFT JOIN account ON account.key = account_event.account_key
WHERE account_event.sequence > ?1 AND account_event.sequence <= ?2 ORDER BY account_event.sequence LIMIT ?3";

/// Compared within one snapshot, as in the journal's check.
const BEYOND_HEAD: &str = "\
SELECT sequence = coalesce((SELECT max(sequence) FROM account_event), 0) FROM account_event_head WHERE singleton = 1";

/// Checks the trail up to its head, and every account against it.
pub fn check<S: Store>(store: &S, accounts: &mut Accounts) -> Result<[Check; 2], StoreError> {
    let mut chain = Check::new(
        "the audit trail of accounts has no gaps, and its hash chain verifies up to its head",
    );
    let mut facts =
        Check::new("every account's owner, number, status, and limit are those of its audit trail");
    let Some(head) = store.query(HEAD, &[])?.first() else {
        chain.require(false, || "the audit trail has no head".to_owned());
        return Ok([chain, facts]);
    };
    let (last, last_hash) = (head.integer(0)?, bytes32(&head, 1)?);
    let page_sql = format!("SELECT {EVENT_COLUMNS} {PAGE_TAIL}");
    let (mut sequence, mut hash) = (0, GENESIS);
    loop {
        let page = [
            Value::from(sequence),
            Value::from(last),
            Value::from(PAGE_ROWS),
        ];
        let rows = store.query(&page_sql, &page)?.rows;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            step(row, sequence, &hash, accounts, &mut chain)?;
            sequence = row.integer(0)?;
            hash = bytes32(row, 10)?;
        }
    }
    let ends = sequence == last && hash == last_hash;
    chain.require(ends, || {
        format!("the trail ends at event {sequence}, and its head says {last}, or another hash")
    });
    if let Some(row) = store.query(BEYOND_HEAD, &[])?.first() {
        let ends = row.integer(0)? == 1;
        chain.require(ends, || {
            "the head of the trail is not at its last event".to_owned()
        });
    }
    check_facts(accounts, &mut facts);
    Ok([chain, facts])
}

fn step(
    row: &Row,
    before: i64,
    previous: &Hash,
    accounts: &mut Accounts,
    chain: &mut Check,
) -> Result<(), StoreError> {
    let sequence = row.integer(0)?;
    chain.examine();
    chain.require(sequence == before + 1, || {
        format!("event {sequence}: follows {before}, so some are missing")
    });
    match EventRow::from_row(row) {
        Ok(event) => {
            let holds = event_hash(previous, &event) == bytes32(row, 10)?;
            chain.require(holds, || {
                format!("event {sequence}: it is not what its hash was made of")
            });
            apply(&event, accounts);
        }
        Err(error) => chain.require(false, || format!("event {sequence}: {error}")),
    }
    Ok(())
}

/// Replays an event, unless it came after the account's row was read.
fn apply(event: &EventRow, accounts: &mut Accounts) {
    let Some(account) = accounts.get(event.account_key) else {
        return;
    };
    let facts = &mut account.facts;
    if facts.version >= account.facts_row.version {
        return;
    }
    facts.version += 1;
    match event.action {
        Action::Opened => {
            *facts = Facts {
                version: facts.version,
                opened_as: Sha256::digest(&event.new_value).into(),
                status: "open".to_owned(),
                // The bank's own accounts have no limit, all others begin with none to use.
                overdraft_limit: (!account.internal).then_some(0),
            };
        }
        Action::Frozen | Action::Unfrozen | Action::Closed => {
            facts.status.clone_from(&event.new_value)
        }
        Action::OverdraftLimitChanged => facts.overdraft_limit = event.new_value.parse().ok(),
    }
}

fn check_facts(accounts: &Accounts, check: &mut Check) {
    let mut broken: Vec<i64> = Vec::new();
    for (key, account) in accounts.iter() {
        check.examine();
        if account.facts != account.facts_row {
            broken.push(key);
        }
    }
    broken.sort_unstable();
    for key in broken {
        check.require(false, || {
            format!("account {key}: its row is not what its events made of it")
        });
    }
}
