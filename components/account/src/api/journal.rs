//! The journal as an auditor copies it: every decision with all that its hash covers, so that the
//! auditor can compute the chain.
//!
//! `ledger/chain.rs` has the encoding that is hashed. Here an amount is a decimal string: its
//! digits without the point are the minor units. A time is RFC 3339 to the millisecond, as stored.
//! A hash is in hexadecimal. The codes of the words:
//!
//! ```text
//! kind         deposit 1, withdrawal 2, transfer 3, hold 4, capture 5, void 6, expiry 7,
//!              reversal 8
//! status       posted 1, declined 2, pending 3, voided 4, expired 5
//! direction    debit 1, credit 2
//! decline_code account_closed 1, account_frozen 2, currency_mismatch 3, limit_exceeded 4,
//!              insufficient_funds 5, cancelled 6, already_captured 7, already_voided 8,
//!              hold_expired 9, amount_exceeds_hold 10, already_reversed 11, not_reversible 12,
//!              batch_declined 13, screening_denied 14
//! actor_kind   user 1, bank 2
//! ```

use crate::account::Direction;
use crate::ledger::{AccountOfRow, Entry, JournalRow, journal_row_sql};
use crate::service::{Env, Service};
use serde::Serialize;
use std::collections::VecDeque;
use strongroom_ledger_api::Decline;
use strongroom_sdk::clock::format_rfc3339;
use strongroom_sdk::hash_chain::{GENESIS, Hash};
use strongroom_sdk::identity::JournalReader;
use strongroom_sdk::money::Money;
use strongroom_sdk::onward::{Onward, OnwardList, OnwardQuery};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::{Store, StoreError, Value};
use uuid::Uuid;

/// The rows of one query: the store returns at most 4 MiB, and a row has up to 5 KiB of texts.
const QUERY_ROWS_MAX: i64 = 500;

const AFTER: &str =
    journal_row_sql!("WHERE transfer.sequence > ?1 ORDER BY transfer.sequence LIMIT ?2");

const HASH_AT: &str =
    "SELECT hash FROM transfer WHERE sequence <= ?1 ORDER BY sequence DESC LIMIT 1";

/// The entries of the rows above `?1`, up to `?2`. The index by account finds them: there is none
/// by transfer alone.
const ENTRIES: &str = "\
SELECT entry.transfer_sequence, entry.sequence, entry.account_key, entry.account_sequence,
    entry.direction, entry.amount_minor, entry.balance_after_minor
FROM transfer JOIN entry
    ON entry.account_key IN (transfer.debit_account_key, transfer.credit_account_key)
    AND entry.transfer_sequence = transfer.sequence
WHERE transfer.sequence > ?1 AND transfer.sequence <= ?2
ORDER BY transfer.sequence, entry.sequence";

/// A row of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JournalView {
    sequence: i64,
    id: Uuid,
    fingerprint: String,
    kind: &'static str,
    status: &'static str,
    decline_code: Option<&'static str>,
    denied_by: Option<String>,
    actor_kind: &'static str,
    actor_id: Uuid,
    on_behalf_of: Option<Uuid>,
    request_id: Option<String>,
    debit_account_id: Option<Uuid>,
    debit_owner_id: Option<Uuid>,
    credit_account_id: Option<Uuid>,
    credit_owner_id: Option<Uuid>,
    amount: String,
    currency: &'static str,
    reference: Option<String>,
    /// A JSON text, exactly as hashed.
    metadata: Option<String>,
    requested_at: String,
    recorded_at: String,
    subject_sequence: Option<i64>,
    subject_id: Option<Uuid>,
    expires_at: Option<String>,
    entries: Vec<JournalEntryView>,
    previous_hash: String,
    hash: String,
}

/// A debit or credit of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JournalEntryView {
    sequence: i64,
    account_id: Uuid,
    owner_id: Uuid,
    account_sequence: i64,
    direction: &'static str,
    amount: String,
    balance_after: String,
}

impl<E: Env> Service<E> {
    /// `GET /journal`: oldest first.
    ///
    /// # Errors
    /// 422 `validation_failed`.
    pub fn journal(
        &self,
        _: &JournalReader,
        query: OnwardQuery,
    ) -> Result<OnwardList<JournalView>, Problem> {
        let page = query.page()?;
        let rows = read(&self.store, &page)?;
        Ok(page.list(rows, |row| row.sequence, |row| row))
    }
}

/// The page's rows. The journal never changes, so several snapshots are as good as one.
fn read<S: Store>(store: &S, page: &Onward) -> Result<Vec<JournalView>, StoreError> {
    let mut previous = hash_at(store, page.after)?;
    let (mut after, mut missing) = (page.after, page.fetch());
    let mut views = Vec::new();
    while missing > 0 {
        let limit = missing.min(QUERY_ROWS_MAX);
        let rows = store.query(AFTER, &[Value::from(after), Value::from(limit)])?;
        let Some(last) = rows.rows.last() else { break };
        let last = last.integer(0)?;
        let mut entries = entries(store, after, last)?;
        for row in rows {
            let hash = JournalRow::hash_from_row(&row)?;
            let row = JournalRow::from_row(&row)?;
            let own = std::iter::from_fn(|| {
                entries.pop_front_if(|(transfer_sequence, _)| *transfer_sequence == row.sequence())
            });
            let own: Vec<_> = own.map(|(_, entry)| entry).collect();
            views.push(view(row, &own, &previous, &hash)?);
            previous = hash;
        }
        after = last;
        missing -= limit;
    }
    Ok(views)
}

/// The hash of the last row up to a sequence, which the first row of a page follows.
fn hash_at<S: Store>(store: &S, sequence: i64) -> Result<Hash, StoreError> {
    match store.query(HASH_AT, &[Value::from(sequence)])?.first() {
        Some(row) => row.bytes32(0),
        None => Ok(GENESIS),
    }
}

/// The entries of some rows, each with its row's sequence, in their order.
fn entries<S: Store>(
    store: &S,
    after: i64,
    last: i64,
) -> Result<VecDeque<(i64, Entry)>, StoreError> {
    store
        .query(ENTRIES, &[Value::from(after), Value::from(last)])?
        .into_iter()
        .map(|row| {
            let entry = Entry {
                sequence: row.integer(1)?,
                account_key: row.integer(2)?,
                account_sequence: row.integer(3)?,
                direction: Direction::from_row(&row, 4)?,
                amount_minor: row.integer(5)?,
                balance_after_minor: row.integer(6)?,
            };
            Ok((row.integer(0)?, entry))
        })
        .collect()
}

fn view(
    row: JournalRow,
    entries: &[Entry],
    previous: &Hash,
    hash: &Hash,
) -> Result<JournalView, StoreError> {
    let sequence = row.sequence();
    let posting = row.posting;
    let entries = entries
        .iter()
        .map(|entry| entry_view(entry, [row.debit, row.credit], posting.amount))
        .collect::<Result<_, _>>()?;
    Ok(JournalView {
        sequence,
        id: posting.id,
        fingerprint: hex::encode(posting.fingerprint),
        kind: posting.kind.as_str(),
        status: posting.status.as_str(),
        decline_code: posting.decline.map(Decline::as_str),
        denied_by: posting.denied_by,
        actor_kind: posting.actor.kind.as_str(),
        actor_id: posting.actor.id,
        on_behalf_of: posting.on_behalf_of,
        request_id: posting.request_id,
        debit_account_id: row.debit.map(|account| account.id),
        debit_owner_id: row.debit.map(|account| account.owner_id),
        credit_account_id: row.credit.map(|account| account.id),
        credit_owner_id: row.credit.map(|account| account.owner_id),
        amount: posting.amount.to_string(),
        currency: posting.amount.currency().code(),
        reference: posting.reference,
        metadata: posting.metadata,
        requested_at: format_rfc3339(posting.requested_at_ms),
        recorded_at: format_rfc3339(posting.recorded_at_ms),
        subject_sequence: row.original.map(|original| original.sequence),
        subject_id: row.original.map(|original| original.id),
        expires_at: posting.expires_at_ms.map(format_rfc3339),
        entries,
        previous_hash: hex::encode(previous),
        hash: hex::encode(hash),
    })
}

fn entry_view(
    entry: &Entry,
    accounts: [Option<AccountOfRow>; 2],
    amount: Money,
) -> Result<JournalEntryView, StoreError> {
    let account = accounts
        .into_iter()
        .flatten()
        .find(|account| account.key == entry.account_key)
        .ok_or_else(|| {
            StoreError::Row("an entry belongs to neither account of its transfer".to_owned())
        })?;
    let money = |minor| Money::from_minor(minor, amount.currency()).to_string();
    Ok(JournalEntryView {
        sequence: entry.sequence,
        account_id: account.id,
        owner_id: account.owner_id,
        account_sequence: entry.account_sequence,
        direction: entry.direction.as_str(),
        amount: money(entry.amount_minor),
        balance_after: money(entry.balance_after_minor),
    })
}

#[cfg(test)]
mod tests;
