//! The balances and totals of a period.
//!
//! The journal's times never go back, so the rows of a period are those between two sequences. Two
//! searches of an index find these, and two more find the account's entries there; the number of
//! entries follows. Nothing keeps the sums of debits and credits: the store adds them up, some
//! entries at a time, since no query may take long.
//!
//! The end is found as in `account/past.rs`. A period that the journal has passed is final. Where a
//! period is over and the journal has not passed it, a row may not be on disk yet: then the query
//! runs in a write transaction. A period that is not over ends with what is on disk.

use super::StatementError;
use super::period::Period;
use crate::account::Account;
use sha2::{Digest, Sha256};
use strongroom_sdk::clock::Clock;
use strongroom_sdk::store::{Reader, Row, Rows, Store, StoreError, Transaction, Value};
use uuid::Uuid;

/// The most entries of one statement. As camt.053, each with the longest reference, they stay below
/// 1 GiB.
pub const ENTRIES_MAX: i64 = 500_000;

/// The entries that one query adds up: half of the two milliseconds within which the host runs a
/// query at once.
const SUM_ENTRIES: i64 = 500;

/// `?1` is the first moment of the period, `?2` its last.
pub(super) const SPAN: &str = "\
SELECT head.recorded_at_ms > ?2,
    coalesce((SELECT sequence FROM transfer WHERE recorded_at_ms < ?1
        ORDER BY recorded_at_ms DESC, sequence DESC LIMIT 1), 0),
    coalesce((SELECT sequence FROM transfer WHERE recorded_at_ms <= ?2
        ORDER BY recorded_at_ms DESC, sequence DESC LIMIT 1), 0)
FROM journal_head AS head WHERE head.singleton = 1";

pub(super) const MARK: &str = "\
SELECT account_sequence, balance_after_minor FROM entry
WHERE account_key = ?1 AND transfer_sequence <= ?2 ORDER BY transfer_sequence DESC LIMIT 1";

/// The totals of the next `?4` entries after `?2`, up to `?3`, and the last of these.
pub(super) const SUMS: &str = "\
SELECT count(*), max(transfer_sequence),
    coalesce(sum(direction = 'debit'), 0),
    coalesce(sum(iif(direction = 'debit', amount_minor, 0)), 0),
    coalesce(sum(direction = 'credit'), 0),
    coalesce(sum(iif(direction = 'credit', amount_minor, 0)), 0)
FROM (SELECT transfer_sequence, direction, amount_minor FROM entry
    WHERE account_key = ?1 AND transfer_sequence > ?2 AND transfer_sequence <= ?3
    ORDER BY transfer_sequence LIMIT ?4)";

/// A place in an account's history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mark {
    /// The number of entries up to here.
    pub entries: i64,
    /// Their sum, which is the balance.
    pub balance_minor: i64,
}

/// The entries of one direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Total {
    /// Their number.
    pub count: i64,
    /// Their sum. It fits, as no counter of the ledger is larger.
    pub sum_minor: i64,
}

/// The balances and totals of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The account.
    pub account: Account,
    /// The days.
    pub period: Period,
    /// The moment of the closing balance: the period's last, or now where the period is not over.
    pub as_of_ms: i64,
    /// Whether the period is over, so that its statement never changes.
    pub is_final: bool,
    /// The account before the first entry.
    pub opening: Mark,
    /// The account after the last entry.
    pub closing: Mark,
    /// Money out.
    pub debits: Total,
    /// Money in.
    pub credits: Total,
    /// The part of the journal that has the entries.
    pub(super) span: Span,
}

/// The rows of the journal above one sequence, up to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub after: i64,
    pub upto: i64,
}

impl Summary {
    /// Reads the balances and totals of a period, and checks that they agree.
    pub fn read<S: Store>(
        store: &S,
        clock: &impl Clock,
        account: Account,
        period: Period,
    ) -> Result<Self, StatementError> {
        let is_final = period.to().last_ms() < clock.now_ms();
        let span = if is_final {
            final_span(store, period)?
        } else {
            span(store.query(SPAN, &moments(period))?)?.1
        };
        // The clock is read after the rows: none of them is of a later moment.
        let as_of_ms = period.to().last_ms().min(clock.now_ms());
        let opening = mark(store, &account, span.after)?;
        let closing = mark(store, &account, span.upto)?;
        let entries = closing.entries - opening.entries;
        if entries > ENTRIES_MAX {
            return Err(StatementError::TooLong(entries));
        }
        let (debits, credits) = totals(store, &account, span)?;
        let summary = Self {
            account,
            period,
            as_of_ms,
            is_final,
            opening,
            closing,
            debits,
            credits,
            span,
        };
        summary.check()?;
        Ok(summary)
    }

    /// The statement's id (UUID v8): a hash of the account, the period, and the moment of the
    /// closing balance.
    pub fn id(&self) -> Uuid {
        let digest = Sha256::new()
            .chain_update("strongroom statement")
            .chain_update(self.account.id.as_bytes())
            .chain_update(self.period.from().first_ms().to_be_bytes())
            .chain_update(self.period.to().last_ms().to_be_bytes())
            .chain_update(self.as_of_ms.to_be_bytes())
            .finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        uuid::Builder::from_custom_bytes(bytes).into_uuid()
    }

    fn check(&self) -> Result<(), StatementError> {
        let (entries, opening) = (self.closing.entries - self.opening.entries, self.opening);
        let (debits, credits) = (self.debits, self.credits);
        if debits.count + credits.count != entries {
            return Err(StatementError::Contradiction(format!(
                "{entries} entries are numbered, and {} exist",
                debits.count + credits.count
            )));
        }
        let closing = i128::from(opening.balance_minor) + i128::from(credits.sum_minor)
            - i128::from(debits.sum_minor);
        if closing != i128::from(self.closing.balance_minor) {
            return Err(StatementError::Contradiction(format!(
                "the entries add up to {closing}, and the last says {}",
                self.closing.balance_minor
            )));
        }
        Ok(())
    }
}

fn moments(period: Period) -> [Value; 2] {
    [period.from().first_ms(), period.to().last_ms()].map(Value::from)
}

/// Whether the journal has passed the period, and the rows of the period so far.
fn span(rows: Rows) -> Result<(bool, Span), StoreError> {
    let row = rows.first_or("the journal has no head")?;
    let span = Span {
        after: row.integer(1)?,
        upto: row.integer(2)?,
    };
    Ok((row.integer(0)? != 0, span))
}

/// The rows of a period that is over; no more will follow.
fn final_span<S: Store>(store: &S, period: Period) -> Result<Span, StoreError> {
    let params = moments(period);
    let (is_passed, found) = span(store.query(SPAN, &params)?)?;
    if is_passed {
        return Ok(found);
    }
    let transaction = store.begin()?;
    let (_, found) = span(transaction.query(SPAN, &params)?)?;
    // The rows that were read may not be on disk yet: the commit waits for the disk.
    transaction.commit()?;
    Ok(found)
}

/// The account after the journal's row `upto`.
fn mark<S: Store>(store: &S, account: &Account, upto: i64) -> Result<Mark, StoreError> {
    let params = [Value::from(account.key), Value::from(upto)];
    match store.query(MARK, &params)?.first() {
        Some(row) => Ok(Mark {
            entries: row.integer(0)?,
            balance_minor: row.integer(1)?,
        }),
        None => Ok(Mark::default()),
    }
}

/// The totals of debits and of credits.
fn totals<S: Store>(
    store: &S,
    account: &Account,
    span: Span,
) -> Result<(Total, Total), StoreError> {
    let (mut debits, mut credits) = (Total::default(), Total::default());
    let mut after = span.after;
    loop {
        let params = [account.key, after, span.upto, SUM_ENTRIES].map(Value::from);
        let row = store.query(SUMS, &params)?.first_or("a sum has no row")?;
        debits.add(&row, 2)?;
        credits.add(&row, 4)?;
        if row.integer(0)? < SUM_ENTRIES {
            return Ok((debits, credits));
        }
        after = row.integer(1)?;
    }
}

impl Total {
    /// Adds a count and a sum from two columns in a row.
    fn add(&mut self, row: &Row, column: usize) -> Result<(), StoreError> {
        self.count += row.integer(column)?;
        let sum = self.sum_minor.checked_add(row.integer(column + 1)?);
        self.sum_minor =
            sum.ok_or_else(|| StoreError::Row("the sum of the entries is too large".to_owned()))?;
        Ok(())
    }
}
