//! The rows of decisions.

use super::chain;
use super::journal::{Direction, Entry, JournalRow};
use super::movement::Movement;
use super::state::{Head, Standing};
use strongroom_ledger_api::{Decline, Kind, Status};
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
    (sequence, id, fingerprint, kind, status, decline_code, denied_by, actor_kind, actor_id, on_behalf_of_id, request_id,
     debit_account_key, credit_account_key, amount_minor, currency, reference, metadata, requested_at_ms, recorded_at_ms, hash, subject_sequence, expires_at_ms) VALUES ";
const TRANSFER: &str = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const TRANSFER_COLUMNS: usize = 22;

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
        let amount_minor = row.posting.amount.minor();
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

/// Moves the two balances: each of the two rows changes, or the transaction does not commit. A row that is not as the decision saw it is
/// a fault of this program.
pub fn move_balances(
    transaction: &impl Transaction,
    movement: Movement,
    source: &Standing,
    destination: &Standing,
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
/// If a decision does not follow the one before it. That is a fault of this program, and the transaction must not commit.
pub fn append(
    transaction: &impl Transaction,
    head: &Head,
    decisions: &[Decision],
) -> Result<(), StoreError> {
    let mut end = *head;
    let mut transfers = Vec::with_capacity(decisions.len() * TRANSFER_COLUMNS);
    let mut entries = Vec::with_capacity(decisions.len() * 2 * ENTRY_COLUMNS);
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
        push_transfer(&mut transfers, row, &end);
        for entry in own {
            push_entry(&mut entries, row, entry);
        }
        keep_open_hold(transaction, row)?;
    }
    let row = (TRANSFER, TRANSFER_COLUMNS);
    write_rows(transaction, [INSERT_TRANSFERS, ""], row, transfers)?;
    let row = (ENTRY, ENTRY_COLUMNS);
    write_rows(transaction, [INSERT_ENTRIES, ""], row, entries)?;
    let moved = vec![
        Value::from(end.transfer_sequence),
        Value::from(end.entry_sequence),
        Value::from(end.recorded_at_ms),
        Value::from(end.hash.as_slice()),
        Value::from(head.transfer_sequence),
    ];
    transaction.change(MOVE_HEAD, moved, 1)
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
        Value::from(posting.amount.minor()),
        Value::from(posting.amount.currency().code()),
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

/// Notes a new hold for the sweep, and forgets one that ends.
fn keep_open_hold(transaction: &impl Transaction, row: &JournalRow) -> Result<(), StoreError> {
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

/// Writes rows of `columns` values each, many with one statement: `before`, for each row `row`, and
/// `after`.
pub(super) fn write_rows(
    transaction: &impl Transaction,
    [before, after]: [&str; 2],
    (row, columns): (&str, usize),
    values: Vec<Value>,
) -> Result<(), StoreError> {
    for (rows, values) in in_statements(columns, values) {
        let sql = with_rows(before, row, rows, after);
        transaction.change(&sql, values, rows as u64)?;
    }
    Ok(())
}

/// Cuts the values of many rows into statements of [`ROWS_OF_INSERT`] rows.
pub(super) fn in_statements(
    columns: usize,
    values: Vec<Value>,
) -> impl Iterator<Item = (usize, Vec<Value>)> {
    let mut values = values.into_iter();
    std::iter::from_fn(move || {
        let left = values.len() / columns;
        let rows = ROWS_OF_INSERT.into_iter().find(|rows| *rows <= left)?;
        Some((rows, values.by_ref().take(rows * columns).collect()))
    })
}

/// `before row, row, .. after`
pub(super) fn with_rows(before: &str, row: &str, rows: usize, after: &str) -> String {
    format!("{before}{}{after}", vec![row; rows].join(", "))
}
