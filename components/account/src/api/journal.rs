//! The journal as an auditor copies it: every decision with all that its hash covers, so that the
//! auditor can compute the chain.
//!
//! `ledger/chain.rs` has the encoding that is hashed. Here an amount is a decimal string: its
//! digits without the point are the minor units. A time is RFC 3339 to the millisecond, as stored.
//! A hash is in hexadecimal. The codes of the words:
//!
//! ```text
//! kind         deposit 1, withdrawal 2, transfer 3, hold 4, capture 5, void 6, expiry 7,
//!              reversal 8, posting 9
//! status       posted 1, declined 2, pending 3, voided 4, expired 5
//! direction    debit 1, credit 2
//! decline_code account_closed 1, account_frozen 2, currency_mismatch 3, limit_exceeded 4,
//!              insufficient_funds 5, cancelled 6, already_captured 7, already_voided 8,
//!              hold_expired 9, amount_exceeds_hold 10, already_reversed 11, not_reversible 12,
//!              batch_declined 13, screening_denied 14
//! actor_kind   user 1, bank 2, client 3
//! ```

use crate::account::Direction;
use crate::ledger::{ENTRY_COLUMNS, Entry, JournalRow, journal_row_sql};
use crate::service::{Env, Service};
use serde::Serialize;
use std::collections::VecDeque;
use strongroom_ledger_api::{ActorKind, Decline, Kind, Party, RecordedLeg, Status};
use strongroom_sdk::clock::format_rfc3339;
use strongroom_sdk::hash_chain::{GENESIS, Hash};
use strongroom_sdk::identity::JournalReader;
use strongroom_sdk::money::{Currency, Money};
use strongroom_sdk::onward::{Onward, OnwardList, OnwardQuery};
use strongroom_sdk::openapi::{Amount, CurrencyCode, HashText, SignedAmount, Timestamp};
use strongroom_sdk::problem::Problem;
use strongroom_sdk::store::{Store, StoreError, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// The rows of one query: the store returns at most 4 MiB, and a row has up to 5 KiB of texts
/// and 5 KiB of legs.
const QUERY_ROWS_MAX: i64 = 250;
/// The entries of one query: the store returns at most 10,000 rows.
const QUERY_ENTRIES_MAX: usize = 5_000;
/// The legs after which a page ends early: each has some 500 bytes in the response.
const LEGS_MAX: usize = 5_000;

const AFTER: &str =
    journal_row_sql!("WHERE transfer.sequence > ?1 ORDER BY transfer.sequence LIMIT ?2");

const HASH_AT: &str =
    "SELECT hash FROM transfer WHERE sequence <= ?1 ORDER BY sequence DESC LIMIT 1";

/// An entry of the transfer `?1`, on the account `?2`. The index by account finds it: there is none
/// by transfer alone.
const FIRST_ENTRY: &str = "\
SELECT sequence FROM entry
WHERE transfer_sequence = ?1 AND account_key = (SELECT key FROM account WHERE id = ?2)";

/// Entries are in the order of their transfers.
const ENTRIES: &str = "FROM entry WHERE sequence >= ?1 ORDER BY sequence LIMIT ?2";

/// A row of the journal, with all that its hash covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = JournalRow)]
pub struct JournalView {
    sequence: i64,
    id: Uuid,
    #[schema(value_type = HashText)]
    fingerprint: String,
    #[schema(value_type = Kind, inline)]
    kind: &'static str,
    #[schema(value_type = Status, inline)]
    status: &'static str,
    #[schema(value_type = Option<Decline>, inline, required)]
    decline_code: Option<&'static str>,
    #[schema(required)]
    denied_by: Option<String>,
    #[schema(value_type = ActorKind, inline)]
    actor_kind: &'static str,
    actor_id: Uuid,
    #[schema(required)]
    on_behalf_of: Option<Uuid>,
    #[schema(required)]
    request_id: Option<String>,
    #[schema(required)]
    debit_account_id: Option<Uuid>,
    #[schema(required)]
    debit_owner_id: Option<Uuid>,
    #[schema(required)]
    credit_account_id: Option<Uuid>,
    #[schema(required)]
    credit_owner_id: Option<Uuid>,
    #[schema(value_type = Option<Amount>, required)]
    amount: Option<String>,
    #[schema(value_type = Option<CurrencyCode>, required)]
    currency: Option<&'static str>,
    legs: Vec<JournalLegView>,
    /// Counted from 0.
    #[schema(required)]
    declined_leg: Option<u32>,
    #[schema(required)]
    reference: Option<String>,
    /// A JSON text, exactly as hashed.
    #[schema(required)]
    metadata: Option<String>,
    #[schema(value_type = Timestamp)]
    requested_at: String,
    #[schema(value_type = Timestamp)]
    recorded_at: String,
    #[schema(required)]
    subject_sequence: Option<i64>,
    #[schema(required)]
    subject_id: Option<Uuid>,
    #[schema(value_type = Option<Timestamp>, required)]
    expires_at: Option<String>,
    entries: Vec<JournalEntryView>,
    #[schema(value_type = HashText)]
    previous_hash: String,
    #[schema(value_type = HashText)]
    hash: String,
}

/// A debit or credit that a posting of several legs asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = JournalLeg)]
pub struct JournalLegView {
    #[schema(required)]
    account_id: Option<Uuid>,
    #[schema(required)]
    owner_id: Option<Uuid>,
    #[schema(value_type = Direction, inline)]
    direction: &'static str,
    #[schema(value_type = Amount)]
    amount: String,
    #[schema(value_type = CurrencyCode)]
    currency: &'static str,
}

impl JournalLegView {
    fn new(leg: &RecordedLeg) -> Self {
        Self {
            account_id: leg.account.map(|party| party.account_id),
            owner_id: leg.account.map(|party| party.owner_id),
            direction: leg.direction.as_str(),
            amount: leg.amount.to_string(),
            currency: leg.amount.currency().code(),
        }
    }
}

/// A debit or credit of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = JournalEntry)]
pub struct JournalEntryView {
    sequence: i64,
    account_id: Uuid,
    owner_id: Uuid,
    account_sequence: i64,
    #[schema(value_type = Direction, inline)]
    direction: &'static str,
    #[schema(value_type = Amount)]
    amount: String,
    #[schema(value_type = SignedAmount)]
    balance_after: String,
}

impl<E: Env> Service<E> {
    /// `GET /journal`: oldest first.
    pub fn journal(
        &self,
        _: &JournalReader,
        query: OnwardQuery,
    ) -> Result<OnwardList<JournalView>, Problem> {
        Ok(read(&self.store, &query.page()?)?)
    }
}

/// The page's rows, and whether there are more. The journal never changes, so several snapshots are
/// as good as one.
fn read<S: Store>(store: &S, page: &Onward) -> Result<OnwardList<JournalView>, StoreError> {
    let mut previous = hash_at(store, page.after)?;
    let (mut after, mut legs, mut has_more) = (page.after, 0, true);
    let mut views = Vec::new();
    while has_more {
        let rows = store.query(AFTER, &[after, QUERY_ROWS_MAX].map(Value::from))?;
        let mut found = Vec::with_capacity(rows.rows.len());
        has_more = !rows.rows.is_empty();
        let mut is_full = false;
        for row in rows {
            is_full = views.len() + found.len() == page.limit || legs >= LEGS_MAX;
            if is_full {
                break;
            }
            let hash = JournalRow::hash_from_row(&row)?;
            let row = JournalRow::from_row(&row)?;
            after = row.sequence();
            legs += row.posting.legs.len();
            found.push((row, hash));
        }
        let mut entries = entries(store, &found)?;
        for (row, hash) in found {
            let own = entries
                .drain(..entries_of(&row).min(entries.len()))
                .collect::<Vec<_>>();
            views.push(view(row, &own, &previous, &hash)?);
            previous = hash;
        }
        if is_full {
            break;
        }
    }
    Ok(OnwardList {
        next_after_sequence: after.unsigned_abs(),
        data: views,
        has_more,
    })
}

/// The hash of the last row up to a sequence, which the first row of a page follows.
fn hash_at<S: Store>(store: &S, sequence: i64) -> Result<Hash, StoreError> {
    let hash = store.query(HASH_AT, &[Value::from(sequence)])?;
    Ok(hash.one(|row| row.bytes32(0))?.unwrap_or(GENESIS))
}

/// How many entries a row has.
fn entries_of(row: &JournalRow) -> usize {
    match row.posting.status {
        Status::Posted if row.posting.legs.is_empty() => 2,
        Status::Posted => row.posting.legs.len(),
        Status::Declined | Status::Pending | Status::Voided | Status::Expired => 0,
    }
}

/// The entries of rows that follow each other, in their order, which is that of the rows.
fn entries<S: Store>(
    store: &S,
    rows: &[(JournalRow, Hash)],
) -> Result<VecDeque<Entry>, StoreError> {
    let mut missing: usize = rows.iter().map(|(row, _)| entries_of(row)).sum();
    let Some((first, _)) = rows.iter().find(|(row, _)| entries_of(row) > 0) else {
        return Ok(VecDeque::new());
    };
    let leg = first.posting.legs.first().and_then(|leg| leg.account);
    let account = first.debit.map(|account| account.id);
    let account = account.or(leg.map(|party| party.account_id));
    let params = [Value::from(first.sequence()), Value::from(account)];
    let row = store.query(FIRST_ENTRY, &params)?;
    let mut next = row.first_or("a posted transfer has no entry")?.integer(0)?;
    let mut entries = VecDeque::with_capacity(missing);
    let sql = format!("SELECT {ENTRY_COLUMNS} {ENTRIES}");
    while missing > 0 {
        let limit = missing.min(QUERY_ENTRIES_MAX);
        let params = [Value::from(next), Value::from(limit as i64)];
        let rows = store.query(&sql, &params)?;
        if rows.rows.is_empty() {
            return Err(StoreError::Row(
                "a posted transfer lacks an entry".to_owned(),
            ));
        }
        missing -= rows.rows.len();
        for row in rows {
            let entry = Entry::from_row(&row)?;
            next = entry.sequence + 1;
            entries.push_back(entry);
        }
    }
    Ok(entries)
}

fn view(
    row: JournalRow,
    entries: &[Entry],
    previous: &Hash,
    hash: &Hash,
) -> Result<JournalView, StoreError> {
    let sequence = row.sequence();
    let entries = entries.iter().enumerate();
    let entries = entries
        .map(|(index, entry)| {
            let (party, amount) = side_of(&row, index, entry)?;
            Ok(entry_view(entry, party, amount.currency()))
        })
        .collect::<Result<_, StoreError>>()?;
    let posting = row.posting;
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
        amount: posting.amount.map(|amount| amount.to_string()),
        currency: posting.amount.map(|amount| amount.currency().code()),
        legs: posting.legs.iter().map(JournalLegView::new).collect(),
        declined_leg: posting.declined_leg,
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

/// The account of an entry, and an amount in its currency.
fn side_of(row: &JournalRow, index: usize, entry: &Entry) -> Result<(Party, Money), StoreError> {
    if let Some(amount) = row.posting.amount {
        let mut accounts = [row.debit, row.credit].into_iter().flatten();
        let account = accounts.find(|account| account.key == entry.account_key);
        let account = account.ok_or_else(|| {
            StoreError::Row("an entry belongs to neither account of its transfer".to_owned())
        })?;
        return Ok((account.into(), amount));
    }
    let leg = row.posting.legs.get(index);
    let side = leg.and_then(|leg| leg.account.map(|party| (party, leg.amount)));
    side.ok_or_else(|| StoreError::Row("an entry belongs to no leg of its transfer".to_owned()))
}

fn entry_view(entry: &Entry, party: Party, currency: Currency) -> JournalEntryView {
    let money = |minor| Money::from_minor(minor, currency).to_string();
    JournalEntryView {
        sequence: entry.sequence,
        account_id: party.account_id,
        owner_id: party.owner_id,
        account_sequence: entry.account_sequence,
        direction: entry.direction.as_str(),
        amount: money(entry.amount_minor),
        balance_after: money(entry.balance_after_minor),
    }
}

#[cfg(test)]
mod tests;
