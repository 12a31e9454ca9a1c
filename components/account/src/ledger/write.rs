//! The rows of a decision.

use super::chain::{self, Hash};
use super::journal::{Direction, Entry, JournalRow};
use super::situation::{Head, Standing};
use strongroom_sdk::store::{StoreError, Transaction, Value};

/// Both balances in one statement: the writer's turn is short, and each call into the host costs as much as a row.
/// The condition repeats the decision where it cannot be bypassed: no row changes unless the source covers the amount.
const MOVE_BALANCES: &str = "\
UPDATE balance SET
    debits_posted = debits_posted + iif(account_key = ?1, ?3, 0),
    credits_posted = credits_posted + iif(account_key = ?2, ?3, 0),
    entry_count = entry_count + 1
WHERE account_key IN (?1, ?2)
    AND (account_key <> ?1 OR ?4 IS NULL OR credits_posted - debits_posted - debits_pending + ?4 >= ?3)";

const INSERT_ENTRIES: &str = "\
INSERT INTO entry
    (sequence, transfer_sequence, account_key, account_sequence, direction, amount_minor, balance_after_minor)
VALUES (?1, ?2, ?3, ?4, 'debit', ?5, ?6), (?1 + 1, ?2, ?7, ?8, 'credit', ?5, ?9)";

const INSERT_TRANSFER: &str = "\
INSERT INTO transfer
    (sequence, id, fingerprint, kind, status, decline_code, initiator_id, debit_account_key, credit_account_key,
     amount_minor, currency, reference, metadata, requested_at_ms, recorded_at_ms, hash)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";

/// The old sequence is part of the condition: the journal grows by one row at a time, or not at all.
const MOVE_HEAD: &str = "\
UPDATE journal_head SET transfer_sequence = ?1, entry_sequence = ?2, recorded_at_ms = ?3, hash = ?4
WHERE singleton = 1 AND transfer_sequence = ?1 - 1";

/// Moves the money of a posted transfer, and answers its two entries.
///
/// # Panics
/// If the rows are not as the decision saw them. That is a fault of this program, and the transaction must not commit.
pub fn move_money(
    transaction: &impl Transaction,
    row: &JournalRow,
    head: &Head,
    source: &Standing,
    destination: &Standing,
) -> Result<[Entry; 2], StoreError> {
    let amount = row.amount_minor;
    assert!(amount > 0);
    assert_ne!(source.party.key, destination.party.key);

    let entries = [
        Entry {
            sequence: head.entry_sequence + 1,
            account_key: source.party.key,
            account_sequence: source.entry_count + 1,
            direction: Direction::Debit,
            amount_minor: amount,
            balance_after_minor: source.balance.posted() - amount,
        },
        Entry {
            sequence: head.entry_sequence + 2,
            account_key: destination.party.key,
            account_sequence: destination.entry_count + 1,
            direction: Direction::Credit,
            amount_minor: amount,
            balance_after_minor: destination.balance.posted() + amount,
        },
    ];
    let [debit, credit] = &entries;

    let moved = transaction.execute(
        MOVE_BALANCES,
        &[
            Value::from(debit.account_key),
            Value::from(credit.account_key),
            Value::from(amount),
            Value::from(source.balance.overdraft_limit),
        ],
    )?;
    assert_eq!(moved, 2, "both balances move, or neither");

    let inserted = transaction.execute(
        INSERT_ENTRIES,
        &[
            Value::from(debit.sequence),
            Value::from(row.sequence),
            Value::from(debit.account_key),
            Value::from(debit.account_sequence),
            Value::from(amount),
            Value::from(debit.balance_after_minor),
            Value::from(credit.account_key),
            Value::from(credit.account_sequence),
            Value::from(credit.balance_after_minor),
        ],
    )?;
    assert_eq!(inserted, 2, "one debit and one credit");
    Ok(entries)
}

/// Appends a row to the journal and its hash chain.
///
/// # Panics
/// As [`move_money`].
pub fn append(
    transaction: &impl Transaction,
    row: &JournalRow,
    head: &Head,
    entries: &[Entry],
) -> Result<Hash, StoreError> {
    assert_eq!(row.sequence, head.transfer_sequence + 1);
    assert!(row.recorded_at_ms >= head.recorded_at_ms);
    let hash = chain::hash(&head.hash, row, entries);
    let inserted = transaction.execute(
        INSERT_TRANSFER,
        &[
            Value::from(row.sequence),
            Value::from(row.id),
            Value::from(row.fingerprint.as_slice()),
            Value::from(row.kind.as_str()),
            Value::from(row.status.as_str()),
            Value::from(row.decline.map(super::Decline::as_str)),
            Value::from(row.initiator),
            Value::from(row.debit.map(|party| party.key)),
            Value::from(row.credit.map(|party| party.key)),
            Value::from(row.amount_minor),
            Value::from(row.currency.as_str()),
            Value::from(row.reference.as_deref()),
            Value::from(row.metadata.as_deref()),
            Value::from(row.requested_at_ms),
            Value::from(row.recorded_at_ms),
            Value::from(hash.as_slice()),
        ],
    )?;
    assert_eq!(inserted, 1);

    let entry_sequence = entries
        .last()
        .map_or(head.entry_sequence, |entry| entry.sequence);
    let moved = transaction.execute(
        MOVE_HEAD,
        &[
            Value::from(row.sequence),
            Value::from(entry_sequence),
            Value::from(row.recorded_at_ms),
            Value::from(hash.as_slice()),
        ],
    )?;
    assert_eq!(moved, 1, "the journal has one head, at the row before");
    Ok(hash)
}
