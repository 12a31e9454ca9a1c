//! The rows of decisions.

use super::chain;
use super::journal::{Direction, Entry, JournalRow};
use super::movement::Movement;
use super::situation::{Head, Standing};
use super::transfer::{Decline, Kind, Status};
use strongroom_sdk::store::{StoreError, Transaction, Value};

// One statement for each side: `account_key IN (?1, ?2)` would serve both, and have SQLite make and drop a temporary table each time.
/// The condition repeats the decision where it cannot be bypassed: no row changes unless the source covers what is moved and held.
const DEBIT: &str = "\
UPDATE balance SET
    debits_posted = debits_posted + ?2, debits_pending = debits_pending + ?3, entry_count = entry_count + (?2 > 0)
WHERE account_key = ?1
    AND (?4 IS NULL OR credits_posted - debits_posted - debits_pending + ?4 >= ?2 + ?3)";
const CREDIT: &str = "\
UPDATE balance SET
    credits_posted = credits_posted + ?2, credits_pending = credits_pending + ?3, entry_count = entry_count + (?2 > 0)
WHERE account_key = ?1";

// Many rows with one statement. `OR FAIL`: an error ends the transaction whatever it leaves of the statement, and SQLite need not keep
// twice what it changes.
const INSERT_ENTRIES: &str = "\
INSERT OR FAIL INTO entry
    (sequence, transfer_sequence, account_key, account_sequence, direction, amount_minor, balance_after_minor) VALUES ";
/// The direction is a number here: each text that crosses from the component costs as much as some numbers.
const ENTRY: &str = "(?, ?, ?, ?, iif(?, 'credit', 'debit'), ?, ?)";
const ENTRY_COLUMNS: usize = 7;

const INSERT_TRANSFERS: &str = "\
INSERT OR FAIL INTO transfer
    (sequence, id, fingerprint, kind, status, decline_code, initiator_id, debit_account_key, credit_account_key,
     amount_minor, currency, reference, metadata, requested_at_ms, recorded_at_ms, hash, subject_sequence, expires_at_ms) VALUES ";
const TRANSFER: &str = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const TRANSFER_COLUMNS: usize = 18;

const INSERT_OPEN_HOLD: &str =
    "INSERT INTO open_hold (transfer_sequence, expires_at_ms) VALUES (?1, ?2)";
const DELETE_OPEN_HOLD: &str = "DELETE FROM open_hold WHERE transfer_sequence = ?1";

/// The old sequence is part of the condition: the journal grows from where the decisions began, or not at all.
const MOVE_HEAD: &str = "\
UPDATE journal_head SET transfer_sequence = ?1, entry_sequence = ?2, recorded_at_ms = ?3, hash = ?4
WHERE singleton = 1 AND transfer_sequence = ?5";

/// How many rows one `INSERT` has, largest first. Few sizes, so that the host's prepared statements serve again; the largest is below
/// its limit of 1,000 parameters, and takes well under the 2 ms after which the host gives a statement a thread of its own.
const ROWS_OF_INSERT: [usize; 3] = [25, 5, 1];

/// A decision and the entries it makes: two where money moved, none otherwise.
#[derive(Debug)]
pub struct Decision {
    pub row: JournalRow,
    pub entries: Vec<Entry>,
}

impl Decision {
    /// The decision on `row` between standings as they were before it; numbered after `entry_sequence`.
    pub fn new(
        row: JournalRow,
        entry_sequence: i64,
        source: &Standing,
        destination: &Standing,
    ) -> Self {
        let amount_minor = row.amount_minor;
        assert!(amount_minor > 0);
        assert_ne!(source.party.key, destination.party.key);
        let entries = match row.status {
            Status::Posted => vec![
                Entry {
                    sequence: entry_sequence + 1,
                    account_key: source.party.key,
                    account_sequence: source.entry_count + 1,
                    direction: Direction::Debit,
                    amount_minor,
                    balance_after_minor: source.balance.posted() - amount_minor,
                },
                Entry {
                    sequence: entry_sequence + 2,
                    account_key: destination.party.key,
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
        assert_eq!(row.status, Status::Declined);
        Self {
            row,
            entries: Vec::new(),
        }
    }
}

/// Moves the two balances.
///
/// # Panics
/// If the rows are not as the decision saw them. That is a fault of this program, and the transaction must not commit.
pub fn move_balances(
    transaction: &impl Transaction,
    movement: Movement,
    source: &Standing,
    destination: &Standing,
) -> Result<(), StoreError> {
    let debited = transaction.execute(
        DEBIT,
        &[
            Value::from(source.party.key),
            Value::from(movement.posted),
            Value::from(movement.pending),
            Value::from(source.balance.overdraft_limit),
        ],
    )?;
    assert_eq!(debited, 1, "the source covers what is moved and held");
    let credited = transaction.execute(
        CREDIT,
        &[
            Value::from(destination.party.key),
            Value::from(movement.posted),
            Value::from(movement.pending),
        ],
    )?;
    assert_eq!(credited, 1, "both balances move, or neither");
    Ok(())
}

/// Appends decisions, in their order, to the journal and its hash chain.
///
/// # Panics
/// As [`move_balances`].
pub fn append(
    transaction: &impl Transaction,
    head: &Head,
    decisions: &[Decision],
) -> Result<(), StoreError> {
    let mut end = *head;
    let mut transfers = Vec::with_capacity(decisions.len() * TRANSFER_COLUMNS);
    let mut entries = Vec::with_capacity(decisions.len() * 2 * ENTRY_COLUMNS);
    for Decision { row, entries: own } in decisions {
        assert_eq!(row.sequence, end.transfer_sequence + 1);
        assert!(row.recorded_at_ms >= end.recorded_at_ms);
        end = Head {
            transfer_sequence: row.sequence,
            entry_sequence: own
                .last()
                .map_or(end.entry_sequence, |entry| entry.sequence),
            recorded_at_ms: row.recorded_at_ms,
            hash: chain::hash(&end.hash, row, own),
        };
        push_transfer(&mut transfers, row, &end);
        for entry in own {
            push_entry(&mut entries, row, entry);
        }
        keep_open_hold(transaction, row)?;
    }
    insert(
        transaction,
        INSERT_TRANSFERS,
        (TRANSFER, TRANSFER_COLUMNS),
        &transfers,
    )?;
    insert(
        transaction,
        INSERT_ENTRIES,
        (ENTRY, ENTRY_COLUMNS),
        &entries,
    )?;
    let moved = transaction.execute(
        MOVE_HEAD,
        &[
            Value::from(end.transfer_sequence),
            Value::from(end.entry_sequence),
            Value::from(end.recorded_at_ms),
            Value::from(end.hash.as_slice()),
            Value::from(head.transfer_sequence),
        ],
    )?;
    assert_eq!(moved, 1, "the journal has one head, at the row before");
    Ok(())
}

fn push_transfer(values: &mut Vec<Value>, row: &JournalRow, end: &Head) {
    values.extend([
        Value::from(row.sequence),
        Value::from(row.id),
        Value::from(row.fingerprint.as_slice()),
        Value::from(row.kind.as_str()),
        Value::from(row.status.as_str()),
        Value::from(row.decline.map(Decline::as_str)),
        Value::from(row.initiator),
        Value::from(row.debit.map(|party| party.key)),
        Value::from(row.credit.map(|party| party.key)),
        Value::from(row.amount_minor),
        Value::from(row.currency.as_str()),
        Value::from(row.reference.as_deref()),
        Value::from(row.metadata.as_deref()),
        Value::from(row.requested_at_ms),
        Value::from(row.recorded_at_ms),
        Value::from(end.hash.as_slice()),
        Value::from(row.subject.map(|subject| subject.sequence)),
        Value::from(row.expires_at_ms),
    ]);
}

fn push_entry(values: &mut Vec<Value>, row: &JournalRow, entry: &Entry) {
    values.extend([
        Value::from(entry.sequence),
        Value::from(row.sequence),
        Value::from(entry.account_key),
        Value::from(entry.account_sequence),
        Value::from(i64::from(entry.direction == Direction::Credit)),
        Value::from(entry.amount_minor),
        Value::from(entry.balance_after_minor),
    ]);
}

/// Notes a new hold for the sweep, and forgets one that ends.
fn keep_open_hold(transaction: &impl Transaction, row: &JournalRow) -> Result<(), StoreError> {
    let changed = match (row.status, row.kind, row.subject) {
        (Status::Pending, _, _) => transaction.execute(
            INSERT_OPEN_HOLD,
            &[Value::from(row.sequence), Value::from(row.expires_at_ms)],
        )?,
        (Status::Declined, _, _) => return Ok(()),
        (_, Kind::Capture | Kind::Void | Kind::Expiry, Some(subject)) => {
            transaction.execute(DELETE_OPEN_HOLD, &[Value::from(subject.sequence)])?
        }
        _ => return Ok(()),
    };
    assert_eq!(changed, 1, "an open hold is noted once");
    Ok(())
}

/// Inserts rows of `columns` values each, many with one statement; `row` is what makes a row of them.
fn insert(
    transaction: &impl Transaction,
    insert: &str,
    (row, columns): (&str, usize),
    values: &[Value],
) -> Result<(), StoreError> {
    for (rows, values) in in_statements(columns, values) {
        let inserted = transaction.execute(&with_rows(insert, row, rows, ""), values)?;
        assert_eq!(inserted, rows as u64);
    }
    Ok(())
}

/// Cuts the values of many rows into statements of [`ROWS_OF_INSERT`] rows.
pub(super) fn in_statements(
    columns: usize,
    mut values: &[Value],
) -> impl Iterator<Item = (usize, &[Value])> {
    std::iter::from_fn(move || {
        let left = values.len() / columns;
        let rows = ROWS_OF_INSERT.into_iter().find(|rows| *rows <= left)?;
        let (now, later) = values.split_at(rows * columns);
        values = later;
        Some((rows, now))
    })
}

/// `before row, row, .. after`
pub(super) fn with_rows(before: &str, row: &str, rows: usize, after: &str) -> String {
    format!("{before}{}{after}", vec![row; rows].join(", "))
}
