//! The entries of a period, as the account's owner sees them, a page at a time.

use super::summary::Span;
use crate::account::Direction;
use crate::account::{Account, AccountEntry};
use strongroom_ledger_api::Kind;
use strongroom_sdk::store::{Row, Store, StoreError, Value};

/// The entries of one query. They take half of the two milliseconds within which the host runs a
/// query at once; a longer query waits for a thread.
pub(super) const PAGE_ENTRIES: i64 = 100;

/// The tries to read a page where the store is busy or slow. The response has begun and cannot fail
/// cleanly, so it is worth more patience than a query that a client can repeat.
const ATTEMPTS_MAX: usize = 5;

/// The settlement accounts have no number that a customer knows.
pub(super) const PAGE: &str = "\
SELECT entry.transfer_sequence, entry.account_sequence, transfer.id, entry.direction,
    entry.amount_minor, entry.balance_after_minor, transfer.recorded_at_ms, transfer.reference,
    transfer.kind, counterparty.number, transfer.legs IS NOT NULL
FROM entry JOIN transfer ON transfer.sequence = entry.transfer_sequence
LEFT JOIN account AS counterparty ON counterparty.key =
    iif(entry.direction = 'debit', transfer.credit_account_key, transfer.debit_account_key)
    AND counterparty.type <> 'settlement'
WHERE entry.account_key = ?1 AND entry.transfer_sequence > ?2 AND entry.transfer_sequence <= ?3
ORDER BY entry.transfer_sequence LIMIT ?4";

/// An entry, and the kind and other side of its transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The entry.
    pub entry: AccountEntry,
    /// The kind of its transfer.
    pub kind: Kind,
    /// The number (IBAN) of the other side; none where that is the bank itself, or several.
    pub counterparty: Option<String>,
    /// Whether it is one of several entries, which have no one other side.
    pub is_of_several: bool,
}

impl Line {
    /// Whether it moves a posted amount back.
    pub fn is_reversal(&self) -> bool {
        self.kind == Kind::Reversal
    }

    /// Whether the other side is the bank itself: money paid in or out.
    pub fn is_at_counter(&self) -> bool {
        self.counterparty.is_none() && !self.is_of_several
    }

    /// The amount, negative for a debit.
    pub fn signed_minor(&self) -> i64 {
        match self.entry.direction {
            Direction::Debit => -self.entry.amount_minor,
            Direction::Credit => self.entry.amount_minor,
        }
    }

    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            entry: AccountEntry::from_row(row)?,
            kind: Kind::from_row(row, 8)?,
            counterparty: row.optional(9, Row::text)?,
            is_of_several: row.integer(10)? != 0,
        })
    }
}

/// The next entries of a span, oldest first.
pub(super) fn page<S: Store>(
    store: &S,
    account: &Account,
    span: Span,
) -> Result<Vec<Line>, StoreError> {
    let params = [account.key, span.after, span.upto, PAGE_ENTRIES].map(Value::from);
    let mut attempt = 1;
    let rows = loop {
        match store.query(PAGE, &params) {
            Err(StoreError::Busy | StoreError::TimedOut) if attempt < ATTEMPTS_MAX => attempt += 1,
            outcome => break outcome?,
        }
    };
    rows.all(Line::from_row)
}
