//! A row of the journal and its entries, as they are stored.

use super::chain::Hash;
use super::transfer::{Decline, Kind, Resolution, Status, Transfer};
use crate::stored_enum::stored_enum;
use strongroom_sdk::store::{Row, StoreError};
use uuid::Uuid;

stored_enum! {
    /// The side of an entry. A customer's account is the bank's liability: a credit is money in, a debit money out.
    pub enum Direction {
        /// Money out of a customer's account.
        Debit = 1, "debit";
        /// Money into a customer's account.
        Credit = 2, "credit";
    }
}

/// An account that a transfer names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Party {
    /// The account's integer key.
    pub key: i64,
    /// The account's id.
    pub id: Uuid,
    /// Its owner, who never changes.
    pub owner_id: Uuid,
}

/// The row of before that a capture, void, expiry, or reversal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// Its place in the journal.
    pub sequence: i64,
    /// Its id.
    pub id: Uuid,
}

/// One decision of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRow {
    /// The place in the journal.
    pub sequence: i64,
    /// The transfer's id.
    pub id: Uuid,
    /// SHA-256 of the canonical request.
    pub fingerprint: [u8; 32],
    /// What it is for.
    pub kind: Kind,
    /// What was decided.
    pub status: Status,
    /// Why not.
    pub decline: Option<Decline>,
    /// The user who asked.
    pub initiator: Uuid,
    /// The account to debit; none only in a cancelled row.
    pub debit: Option<Party>,
    /// The account to credit; none only in a cancelled row.
    pub credit: Option<Party>,
    /// Minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// What the parties see.
    pub reference: Option<String>,
    /// A JSON object, as text.
    pub metadata: Option<String>,
    /// When the client asked.
    pub requested_at_ms: i64,
    /// When the ledger decided.
    pub recorded_at_ms: i64,
    /// What it captures, voids, lets expire, or reverses.
    pub subject: Option<Subject>,
    /// Of holds: when the time is up.
    pub expires_at_ms: Option<i64>,
}

/// One debit or credit of a posted transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The place among all entries: 1, 2, 3, .. without gaps.
    pub sequence: i64,
    /// The account's key.
    pub account_key: i64,
    /// The place among the account's entries: 1, 2, 3, .. without gaps.
    pub account_sequence: i64,
    /// Debit or credit.
    pub direction: Direction,
    /// Minor units.
    pub amount_minor: i64,
    /// The account's credits minus its debits after this entry.
    pub balance_after_minor: i64,
}

/// A `SELECT` of journal rows, in the column order that [`JournalRow::from_row`] reads. The tail says which and in what order; with
/// `resolved`, the columns of [`resolution`] follow.
macro_rules! journal_row_sql {
    (resolved $tail:literal) => {
        journal_row_sql!(
            ", resolving.id, resolving.kind, resolving.amount_minor",
            "LEFT JOIN transfer AS resolving ON resolving.subject_sequence = transfer.sequence AND resolving.status <> 'declined' ",
            $tail
        )
    };
    ($tail:literal) => {
        journal_row_sql!("", "", $tail)
    };
    ($columns:literal, $join:literal, $tail:literal) => {
        concat!(
            "SELECT transfer.sequence, transfer.id, transfer.fingerprint, transfer.kind, transfer.status, transfer.decline_code, \
             transfer.initiator_id, transfer.debit_account_key, debit.id, debit.owner_id, transfer.credit_account_key, \
             credit.id, credit.owner_id, transfer.amount_minor, transfer.currency, transfer.reference, transfer.metadata, \
             transfer.requested_at_ms, transfer.recorded_at_ms, transfer.subject_sequence, subject.id, \
             transfer.expires_at_ms, transfer.hash",
            $columns,
            " FROM transfer \
             LEFT JOIN account AS debit ON debit.key = transfer.debit_account_key \
             LEFT JOIN account AS credit ON credit.key = transfer.credit_account_key \
             LEFT JOIN transfer AS subject ON subject.sequence = transfer.subject_sequence ",
            $join,
            $tail
        )
    };
}
pub(crate) use journal_row_sql;

/// How many columns [`journal_row_sql`] selects.
pub(crate) const JOURNAL_ROW_COLUMNS: usize = 23;

/// Where a decision stands in the journal, and between whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub sequence: i64,
    pub recorded_at_ms: i64,
    pub debit: Option<Party>,
    pub credit: Option<Party>,
    pub subject: Option<Subject>,
}

impl JournalRow {
    /// The row of a decision on `transfer`.
    pub(super) fn of_decision(transfer: &Transfer, place: Place, decline: Option<Decline>) -> Self {
        let status = match decline {
            None => transfer.kind.accepted_status(),
            Some(_) => Status::Declined,
        };
        let lasts_ms = i64::from(transfer.timeout_seconds.unwrap_or(0)) * 1_000;
        Self {
            sequence: place.sequence,
            id: transfer.id,
            fingerprint: transfer.fingerprint,
            kind: transfer.kind,
            status,
            decline,
            initiator: transfer.initiator,
            debit: place.debit,
            credit: place.credit,
            amount_minor: transfer.amount_minor,
            currency: transfer.currency.clone(),
            reference: transfer.reference.clone(),
            metadata: transfer.metadata.clone(),
            requested_at_ms: transfer.requested_at_ms,
            recorded_at_ms: place.recorded_at_ms,
            subject: place.subject,
            expires_at_ms: (status == Status::Pending)
                .then(|| place.recorded_at_ms.saturating_add(lasts_ms)),
        }
    }

    /// Reads a row of [`journal_row_sql`].
    ///
    /// # Errors
    /// [`StoreError::Row`] where a column is not what the schema says, such as a key without its account.
    pub fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            sequence: row.integer(0)?,
            id: row.uuid(1)?,
            fingerprint: row.bytes32(2)?,
            kind: Kind::from_stored(&row.text(3)?)?,
            status: Status::from_stored(&row.text(4)?)?,
            decline: row
                .optional(5, Row::text)?
                .map(|word| Decline::from_stored(&word))
                .transpose()?,
            initiator: row.uuid(6)?,
            debit: row.optional(7, party)?,
            credit: row.optional(10, party)?,
            amount_minor: row.integer(13)?,
            currency: row.text(14)?,
            reference: row.optional(15, Row::text)?,
            metadata: row.optional(16, Row::text)?,
            requested_at_ms: row.integer(17)?,
            recorded_at_ms: row.integer(18)?,
            subject: row.optional(19, subject)?,
            expires_at_ms: row.optional(21, Row::integer)?,
        })
    }

    /// The stored hash of a row of [`journal_row_sql`].
    ///
    /// # Errors
    /// As [`JournalRow::from_row`].
    pub fn hash_from_row(row: &Row) -> Result<Hash, StoreError> {
        row.bytes32(JOURNAL_ROW_COLUMNS - 1)
    }
}

fn subject(row: &Row, column: usize) -> Result<Subject, StoreError> {
    Ok(Subject {
        sequence: row.integer(column)?,
        id: row.uuid(column + 1)?,
    })
}

/// What the columns after those of a journal row say, where the `SELECT` is `resolved`.
pub(super) fn resolution(row: &Row) -> Result<Option<Resolution>, StoreError> {
    row.optional(JOURNAL_ROW_COLUMNS, |row, column| {
        Ok(Resolution {
            id: row.uuid(column)?,
            kind: Kind::from_stored(&row.text(column + 1)?)?,
            amount_minor: row.integer(column + 2)?,
        })
    })
}

fn party(row: &Row, column: usize) -> Result<Party, StoreError> {
    Ok(Party {
        key: row.integer(column)?,
        id: row.uuid(column + 1)?,
        owner_id: row.uuid(column + 2)?,
    })
}
