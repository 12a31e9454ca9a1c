//! A row of the journal and its entries, as they are stored.

use super::columns::{actor, amount};
use super::head::Moment;
use super::row_legs;
use crate::account::{BANK_OWNER, Direction};
use strongroom_ledger_api::{Decline, Kind, Party, Posting, Resolution, Status, Transfer};
use strongroom_sdk::hash_chain::Hash;
use strongroom_sdk::money::Money;
use strongroom_sdk::store::{Row, StoreError};
use uuid::Uuid;

/// An account that a row names: a customer's, or one of the bank's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountOfRow {
    /// The account's integer key.
    pub key: i64,
    /// The account's id.
    pub id: Uuid,
    /// Its owner, who never changes.
    pub owner_id: Uuid,
}

impl AccountOfRow {
    /// Whether it is a settlement account. Its id tells: all other accounts have ids of version 7.
    pub(crate) fn is_settlement(self) -> bool {
        self.owner_id == BANK_OWNER && self.id.get_version() == Some(uuid::Version::Custom)
    }
}

/// The row that a capture, void, expiry, or reversal names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OriginalRef {
    /// Its place in the journal.
    pub sequence: i64,
    /// Its id.
    pub id: Uuid,
}

/// One decision of the ledger: the posting, as other services see it, and the keys that only the
/// store knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRow {
    /// The decision.
    pub posting: Posting,
    /// The account to debit. Only a declined row may have none.
    pub debit: Option<AccountOfRow>,
    /// The account to credit, likewise.
    pub credit: Option<AccountOfRow>,
    /// The row that it captures, voids, lets expire, or reverses.
    pub original: Option<OriginalRef>,
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

/// A `SELECT` of journal rows, in the column order that [`JournalRow::from_row`] reads. The tail
/// says which rows and in what order. With `resolved`, the columns of [`resolution`] follow.
macro_rules! journal_row_sql {
    (resolved $tail:expr) => {
        journal_row_sql!(
            ", resolving.id, resolving.kind, resolving.amount_minor, resolving.recorded_at_ms",
            "LEFT JOIN transfer AS resolving \
             ON resolving.subject_sequence = transfer.sequence AND resolving.status <> 'declined' ",
            $tail
        )
    };
    ($tail:expr) => {
        journal_row_sql!("", "", $tail)
    };
    ($columns:literal, $join:literal, $tail:expr) => {
        concat!(
            "SELECT transfer.sequence, transfer.id, transfer.fingerprint, transfer.kind, \
             transfer.status, transfer.decline_code, transfer.denied_by, transfer.actor_kind, \
             transfer.actor_id, transfer.on_behalf_of_id, transfer.request_id, \
             transfer.debit_account_key, debit.id, debit.owner_id, \
             transfer.credit_account_key, credit.id, credit.owner_id, \
             transfer.amount_minor, transfer.currency, transfer.reference, transfer.metadata, \
             transfer.requested_at_ms, transfer.recorded_at_ms, transfer.subject_sequence, \
             original.id, transfer.expires_at_ms, transfer.legs, transfer.hash",
            $columns,
            " FROM transfer \
             LEFT JOIN account AS debit ON debit.key = transfer.debit_account_key \
             LEFT JOIN account AS credit ON credit.key = transfer.credit_account_key \
             LEFT JOIN transfer AS original ON original.sequence = transfer.subject_sequence ",
            $join,
            $tail
        )
    };
}
pub(crate) use journal_row_sql;

/// The number of columns that [`journal_row_sql`] selects.
pub(crate) const JOURNAL_ROW_COLUMNS: usize = 28;

/// The accounts that a row names.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowAccounts {
    pub debit: Option<AccountOfRow>,
    pub credit: Option<AccountOfRow>,
}

/// What a row has beside the transfer and the decision.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub sequence: i64,
    pub moment: Moment,
    pub accounts: RowAccounts,
    pub original: Option<OriginalRef>,
}

/// The columns that [`Entry::from_row`] reads.
pub(crate) const ENTRY_COLUMNS: &str = "sequence, transfer_sequence, account_key, \
     account_sequence, (direction = 'credit') - (direction = 'debit'), amount_minor, \
     balance_after_minor";

impl Entry {
    /// Reads a row of [`ENTRY_COLUMNS`].
    pub(crate) fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            sequence: row.integer(0)?,
            account_key: row.integer(2)?,
            account_sequence: row.integer(3)?,
            // A number crosses into the component in a fraction of a word's time.
            direction: match row.integer(4)? {
                1 => Direction::Credit,
                -1 => Direction::Debit,
                _ => return Err(StoreError::Row("an unknown direction".to_owned())),
            },
            amount_minor: row.integer(5)?,
            balance_after_minor: row.integer(6)?,
        })
    }
}

impl JournalRow {
    /// The row of a decision on `transfer`.
    pub(super) fn of_decision(transfer: &Transfer, place: Place, decline: Option<Decline>) -> Self {
        let instruction = &transfer.instruction;
        let status = match decline {
            None => instruction.kind.accepted_status(),
            Some(_) => Status::Declined,
        };
        let RowAccounts { debit, credit } = place.accounts;
        let is_denied = decline == Some(Decline::ScreeningDenied);
        let lasts_ms = i64::from(instruction.expires_in.unwrap_or(0)) * 1_000;
        Self {
            posting: Posting {
                id: transfer.id,
                sequence: place.sequence.unsigned_abs(),
                fingerprint: transfer.fingerprint,
                kind: instruction.kind,
                status,
                decline,
                denied_by: transfer.denied_by.clone().filter(|_| is_denied),
                actor: transfer.actor,
                on_behalf_of: transfer.on_behalf_of,
                request_id: transfer.request_id.clone(),
                source: debit.and_then(party),
                destination: credit.and_then(party),
                original: place.original.map(|original| original.id),
                expires_at_ms: (status == Status::Pending)
                    .then(|| place.moment.wall_ms.saturating_add(lasts_ms)),
                resolution: None,
                amount: instruction.amount,
                legs: Vec::new(),
                declined_leg: None,
                reference: instruction.reference.clone(),
                metadata: instruction.metadata.clone(),
                requested_at_ms: transfer.requested_at_ms,
                recorded_at_ms: place.moment.recorded_at_ms,
            },
            debit,
            credit,
            original: place.original,
        }
    }

    /// The place in the journal, as the store has it.
    pub fn sequence(&self) -> i64 {
        // The store has it as such an integer.
        i64::try_from(self.posting.sequence).unwrap_or(i64::MAX)
    }

    /// Reads a row of [`journal_row_sql`].
    ///
    /// # Errors
    /// [`StoreError::Row`] where a column contradicts the schema, such as a key without an account.
    pub fn from_row(row: &Row) -> Result<Self, StoreError> {
        let (legs, declined_leg) = row.optional(26, row_legs::from_row)?.unwrap_or_default();
        let has_legs = !legs.is_empty();
        let debit = row.optional(11, account)?;
        let credit = row.optional(14, account)?;
        let original = row.optional(23, original)?;
        let posting = Posting {
            sequence: row.integer(0)?.unsigned_abs(),
            id: row.uuid(1)?,
            fingerprint: row.bytes32(2)?,
            kind: Kind::from_row(row, 3)?,
            status: Status::from_row(row, 4)?,
            decline: row.optional(5, Decline::from_row)?,
            denied_by: row.optional(6, Row::text)?,
            actor: actor(row, 7)?,
            on_behalf_of: row.optional(9, Row::uuid)?,
            request_id: row.optional(10, Row::text)?,
            source: debit.and_then(party).filter(|_| !has_legs),
            destination: credit.and_then(party),
            original: original.map(|original| original.id),
            expires_at_ms: row.optional(25, Row::integer)?,
            resolution: None,
            amount: row.optional(17, amount)?,
            legs,
            declined_leg,
            reference: row.optional(19, Row::text)?,
            metadata: row.optional(20, Row::text)?,
            requested_at_ms: row.integer(21)?,
            recorded_at_ms: row.integer(22)?,
        };
        if [posting.amount.is_none(), row.is_null(18)?] != [has_legs; 2] {
            let violation = format!("transfer {} has not an amount or legs", posting.sequence);
            return Err(StoreError::Row(violation));
        }
        Ok(Self {
            posting,
            debit,
            credit,
            original,
        })
    }

    /// The stored hash of a row of [`journal_row_sql`].
    pub fn hash_from_row(row: &Row) -> Result<Hash, StoreError> {
        row.bytes32(JOURNAL_ROW_COLUMNS - 1)
    }
}

fn party(account: AccountOfRow) -> Option<Party> {
    (!account.is_settlement()).then(|| account.into())
}

impl From<AccountOfRow> for Party {
    fn from(account: AccountOfRow) -> Self {
        Self {
            account_id: account.id,
            owner_id: account.owner_id,
        }
    }
}

/// Reads sequence and id from two columns.
pub(super) fn original(row: &Row, column: usize) -> Result<OriginalRef, StoreError> {
    Ok(OriginalRef {
        sequence: row.integer(column)?,
        id: row.uuid(column + 1)?,
    })
}

/// Reads key, id, and owner from three columns.
pub(super) fn account(row: &Row, column: usize) -> Result<AccountOfRow, StoreError> {
    Ok(AccountOfRow {
        key: row.integer(column)?,
        id: row.uuid(column + 1)?,
        owner_id: row.uuid(column + 2)?,
    })
}

/// Reads the columns after those of a journal row, where the `SELECT` is `resolved`. `amount` is
/// the row's: what resolves it has its currency.
pub(super) fn resolution(
    row: &Row,
    amount: Option<Money>,
) -> Result<Option<Resolution>, StoreError> {
    row.optional(JOURNAL_ROW_COLUMNS, |row, column| {
        Ok(Resolution {
            id: row.uuid(column)?,
            kind: Kind::from_row(row, column + 1)?,
            amount: match amount {
                Some(amount) => {
                    let minor = row.integer(column + 2)?;
                    Some(Money::from_minor(minor, amount.currency()))
                }
                None => None,
            },
            recorded_at_ms: row.integer(column + 3)?,
        })
    })
}
