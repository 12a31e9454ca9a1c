//! The rows of decisions.

use super::chain;
use super::decline_count;
use super::head::Head;
use super::journal::{Entry, JournalRow};
use super::movement::Movement;
use super::row_legs;
use super::state::AccountState;
use crate::account::Direction;
use strongroom_ledger_api::{Decline, Kind, Posting, Status};
use strongroom_sdk::store::{ManyRows, StoreError, Transaction, Value};

// One statement for each side: for `account_key IN (?1, ?2)` SQLite makes a temporary table.
/// The condition repeats the decision where no code bypasses it: no row changes unless the source
/// covers the movement.
const DEBIT: &str = "\
UPDATE balance SET
    debits_posted = debits_posted + ?2, debits_pending = debits_pending + ?3,
    entry_count = entry_count + (?2 > 0)
WHERE account_key = ?1
    AND (?4 IS NULL OR credits_posted - debits_posted - debits_pending + ?4 >= ?2 + ?3)";
const CREDIT: &str = "\
UPDATE balance SET
    credits_posted = credits_posted + ?2, credits_pending = credits_pending + ?3,
    entry_count = entry_count + (?2 > 0)
WHERE account_key = ?1";

// `OR FAIL`: an error ends the transaction anyway, so SQLite need not keep what it undoes.
const ENTRIES: ManyRows = ManyRows {
    before: "\
INSERT OR FAIL INTO entry (sequence, transfer_sequence, account_key, account_sequence, direction,
    amount_minor, balance_after_minor) VALUES ",
    // The direction crosses from the component as a number: a text costs as much as some numbers.
    row: "(?, ?, ?, ?, iif(?, 'credit', 'debit'), ?, ?)",
    after: "",
};

const TRANSFERS: ManyRows = ManyRows {
    before: "\
INSERT OR FAIL INTO transfer (sequence, id, fingerprint, kind, status, decline_code, denied_by,
    actor_kind, actor_id, on_behalf_of_id, request_id, debit_account_key, credit_account_key,
    amount_minor, currency, reference, metadata, requested_at_ms, recorded_at_ms, hash,
    subject_sequence, expires_at_ms) VALUES ",
    row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    after: "",
};

/// The rows of postings of several legs are apart, so that the others pay for no column more.
const WITH_LEGS: ManyRows = ManyRows {
    before: "\
INSERT OR FAIL INTO transfer (sequence, id, fingerprint, kind, status, decline_code, denied_by,
    actor_kind, actor_id, on_behalf_of_id, request_id, debit_account_key, credit_account_key,
    amount_minor, currency, reference, metadata, requested_at_ms, recorded_at_ms, hash,
    subject_sequence, expires_at_ms, legs) VALUES ",
    row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    after: "",
};

const INSERT_OPEN_HOLD: &str =
    "INSERT INTO open_hold (transfer_sequence, expires_at_ms) VALUES (?1, ?2)";
const DELETE_OPEN_HOLD: &str = "DELETE FROM open_hold WHERE transfer_sequence = ?1";

/// The condition has the old sequence: the journal grows from where the decisions began, or not at
/// all.
const MOVE_HEAD: &str = "\
UPDATE journal_head SET transfer_sequence = ?1, entry_sequence = ?2, recorded_at_ms = ?3, hash = ?4
WHERE singleton = 1 AND transfer_sequence = ?5";

/// A decision and its entries: two, or as many as there are legs, where money moves, none
/// otherwise.
#[derive(Debug)]
pub struct Decision {
    pub row: JournalRow,
    pub entries: Vec<Entry>,
}

impl Decision {
    /// The decision on `row` between two accounts as they were before it. `entry_sequence` is that
    /// of the last entry.
    pub fn new(
        row: JournalRow,
        entry_sequence: i64,
        source: &AccountState,
        destination: &AccountState,
    ) -> Self {
        let amount_minor = row.posting.amount.map_or(0, |amount| amount.minor());
        assert!(amount_minor > 0);
        assert_ne!(source.account.key, destination.account.key);
        let entries = match row.posting.status {
            Status::Posted => vec![
                Entry {
                    sequence: entry_sequence + 1,
                    account_key: source.account.key,
                    account_sequence: source.entry_count + 1,
                    direction: Direction::Debit,
                    amount_minor,
                    balance_after_minor: source.balance.posted() - amount_minor,
                },
                Entry {
                    sequence: entry_sequence + 2,
                    account_key: destination.account.key,
                    account_sequence: destination.entry_count + 1,
                    direction: Direction::Credit,
                    amount_minor,
                    balance_after_minor: destination.balance.posted() + amount_minor,
                },
            ],
            Status::Declined | Status::Pending | Status::Voided | Status::Expired => Vec::new(),
        };
        Self { row, entries }
    }

    /// A decision that moves nothing.
    pub fn declined(row: JournalRow) -> Self {
        assert_eq!(row.posting.status, Status::Declined);
        Self {
            row,
            entries: Vec::new(),
        }
    }
}

/// Moves the two balances. Each of the two rows changes, or the transaction does not commit: a row
/// that differs from what the decision saw is a fault of this program.
pub fn move_balances(
    transaction: &impl Transaction,
    movement: Movement,
    source: &AccountState,
    destination: &AccountState,
) -> Result<(), StoreError> {
    let debit = vec![
        Value::from(source.account.key),
        Value::from(movement.posted),
        Value::from(movement.pending),
        Value::from(source.balance.overdraft_limit),
    ];
    transaction.change(DEBIT, debit, 1)?;
    let credit = vec![
        Value::from(destination.account.key),
        Value::from(movement.posted),
        Value::from(movement.pending),
    ];
    transaction.change(CREDIT, credit, 1)
}

/// Appends decisions, in their order, to the journal and its hash chain.
///
/// # Panics
/// If a decision does not follow the one before it. That is a fault of this program, and the
/// transaction must not commit.
pub fn append(
    transaction: &impl Transaction,
    head: &Head,
    decisions: &[Decision],
) -> Result<(), StoreError> {
    let mut end = *head;
    let mut transfers = Vec::with_capacity(decisions.len() * TRANSFERS.columns());
    let mut with_legs = Vec::new();
    let mut entries = Vec::with_capacity(decisions.len() * 2 * ENTRIES.columns());
    for Decision { row, entries: own } in decisions {
        assert_eq!(row.sequence(), end.transfer_sequence + 1);
        assert!(row.posting.recorded_at_ms >= end.recorded_at_ms);
        end = Head {
            transfer_sequence: row.sequence(),
            entry_sequence: own
                .last()
                .map_or(end.entry_sequence, |entry| entry.sequence),
            recorded_at_ms: row.posting.recorded_at_ms,
            hash: chain::hash(&end.hash, row, own),
        };
        if row.posting.legs.is_empty() {
            push_transfer(&mut transfers, row, &end);
        } else {
            push_transfer(&mut with_legs, row, &end);
            with_legs.push(Value::from(row_legs::encoded(&row.posting)));
        }
        for entry in own {
            push_entry(&mut entries, row, entry);
        }
        update_open_holds(transaction, row)?;
    }
    TRANSFERS.write(transaction, transfers)?;
    WITH_LEGS.write(transaction, with_legs)?;
    ENTRIES.write(transaction, entries)?;
    let declines = decisions.iter().filter_map(|one| one.row.posting.decline);
    decline_count::add(transaction, declines)?;
    let moved = vec![
        Value::from(end.transfer_sequence),
        Value::from(end.entry_sequence),
        Value::from(end.recorded_at_ms),
        Value::from(end.hash.as_slice()),
        Value::from(head.transfer_sequence),
    ];
    transaction.change(MOVE_HEAD, moved, 1)
}

/// As [`append`] for one decision; returns its posting.
pub fn append_one(
    transaction: &impl Transaction,
    head: &Head,
    decision: Decision,
) -> Result<Posting, StoreError> {
    let decision = [decision];
    append(transaction, head, &decision)?;
    let [decision] = decision;
    Ok(decision.row.posting)
}

fn push_transfer(values: &mut Vec<Value>, row: &JournalRow, end: &Head) {
    let posting = &row.posting;
    values.extend([
        Value::from(row.sequence()),
        Value::from(posting.id),
        Value::from(posting.fingerprint.as_slice()),
        Value::from(posting.kind.as_str()),
        Value::from(posting.status.as_str()),
        Value::from(posting.decline.map(Decline::as_str)),
        Value::from(posting.denied_by.as_deref()),
        Value::from(posting.actor.kind.as_str()),
        Value::from(posting.actor.id),
        Value::from(posting.on_behalf_of),
        Value::from(posting.request_id.as_deref()),
        Value::from(row.debit.map(|account| account.key)),
        Value::from(row.credit.map(|account| account.key)),
        Value::from(posting.amount.map(|amount| amount.minor())),
        Value::from(posting.amount.map(|amount| amount.currency().code())),
        Value::from(posting.reference.as_deref()),
        Value::from(posting.metadata.as_deref()),
        Value::from(posting.requested_at_ms),
        Value::from(posting.recorded_at_ms),
        Value::from(end.hash.as_slice()),
        Value::from(row.original.map(|original| original.sequence)),
        Value::from(posting.expires_at_ms),
    ]);
}

fn push_entry(values: &mut Vec<Value>, row: &JournalRow, entry: &Entry) {
    values.extend([
        Value::from(entry.sequence),
        Value::from(row.sequence()),
        Value::from(entry.account_key),
        Value::from(entry.account_sequence),
        Value::from(i64::from(entry.direction == Direction::Credit)),
        Value::from(entry.amount_minor),
        Value::from(entry.balance_after_minor),
    ]);
}

/// Lists a new hold for the sweep, and removes one that ends.
fn update_open_holds(transaction: &impl Transaction, row: &JournalRow) -> Result<(), StoreError> {
    match (row.posting.status, row.posting.kind, row.original) {
        (Status::Pending, _, _) => {
            let hold = vec![
                Value::from(row.sequence()),
                Value::from(row.posting.expires_at_ms),
            ];
            transaction.change(INSERT_OPEN_HOLD, hold, 1)
        }
        (Status::Declined, _, _) => Ok(()),
        (_, Kind::Capture | Kind::Void | Kind::Expiry, Some(original)) => {
            transaction.change(DELETE_OPEN_HOLD, vec![Value::from(original.sequence)], 1)
        }
        _ => Ok(()),
    }
}
