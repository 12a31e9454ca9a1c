//! I7: checks that each hold ends at most once, in time, by at most its amount; that each posting
//! is reversed at most once; and that `open_hold` lists the open holds of the journal.

use super::require_none;
use crate::ledger::{JournalRow, legs_from_row, mirrored};
use strongroom_ledger_api::{Kind, RecordedLeg, Status};
use strongroom_sdk::audit::Check;
use strongroom_sdk::store::{Row, Store, StoreError};

/// Holds and postings that a file has ended twice although an index forbids it.
const TWICE: &str = "\
SELECT subject_sequence FROM transfer WHERE subject_sequence IS NOT NULL AND status <> 'declined'
GROUP BY subject_sequence HAVING count(*) > 1 LIMIT 20";

/// Holds that are listed as open and are not.
const NOT_OPEN: &str = "\
SELECT open_hold.transfer_sequence
FROM open_hold LEFT JOIN transfer ON transfer.sequence = open_hold.transfer_sequence
WHERE transfer.status IS NOT 'pending' OR transfer.expires_at_ms IS NOT open_hold.expires_at_ms
    OR EXISTS (SELECT 1 FROM transfer AS ending WHERE ending.subject_sequence = open_hold.transfer_sequence
        AND ending.status <> 'declined')
LIMIT 20";

/// Open holds that are not listed.
const NOT_LISTED: &str = "\
SELECT transfer.sequence FROM transfer INDEXED BY transfer_held_debit
WHERE transfer.status = 'pending'
    AND NOT EXISTS (SELECT 1 FROM transfer AS ending WHERE ending.subject_sequence = transfer.sequence
        AND ending.status <> 'declined')
    AND NOT EXISTS (SELECT 1 FROM open_hold WHERE transfer_sequence = transfer.sequence)
LIMIT 20";

/// The row that a capture, void, expiry, or reversal names.
struct Original {
    status: String,
    kind: String,
    amount_minor: Option<i64>,
    debit: Option<i64>,
    credit: Option<i64>,
    expires_at_ms: Option<i64>,
    legs: Vec<RecordedLeg>,
}

/// Checks a row of the journal against its original, which has the columns of `row` from
/// `original_column` on, and against the time of the previous row.
pub fn check_row(
    transfer: &JournalRow,
    row: &Row,
    original_column: usize,
    recorded_before_ms: i64,
    check: &mut Check,
) -> Result<(), StoreError> {
    let sequence = transfer.sequence();
    let posting = &transfer.posting;
    let shaped = match posting.kind {
        Kind::Deposit | Kind::Withdrawal | Kind::Transfer | Kind::Posting => {
            transfer.original.is_none() && posting.expires_at_ms.is_none()
        }
        Kind::Hold => {
            transfer.original.is_none()
                && (posting.expires_at_ms.is_some() == (posting.status == Status::Pending))
        }
        Kind::Capture | Kind::Void | Kind::Expiry | Kind::Reversal => {
            posting.expires_at_ms.is_none()
                && (transfer.original.is_some() || posting.status == Status::Declined)
        }
    };
    check.require(shaped, || {
        format!("transfer {sequence}: it has an original or a time that its kind does not have, or lacks one")
    });
    if posting.status == Status::Declined {
        return Ok(());
    }
    let is_status_of_kind = posting.status == posting.kind.accepted_status();
    check.require(is_status_of_kind, || {
        format!(
            "transfer {sequence}: no {} is {}",
            posting.kind.as_str(),
            posting.status.as_str()
        )
    });
    match posting.kind {
        Kind::Deposit | Kind::Withdrawal | Kind::Transfer | Kind::Posting => {}
        Kind::Hold => check.examine(),
        Kind::Capture | Kind::Void | Kind::Expiry | Kind::Reversal => {
            let original = Original::from_row(row, original_column)?;
            let fits =
                original.is_some_and(|original| original.is_of(transfer, recorded_before_ms));
            check.examine();
            check.require(fits, || {
                format!(
                    "transfer {sequence}: a {} of transfer {}, which is nothing of that amount, time, and accounts that could have one",
                    posting.kind.as_str(),
                    transfer.original.map_or(0, |original| original.sequence)
                )
            });
        }
    }
    Ok(())
}

impl Original {
    fn from_row(row: &Row, column: usize) -> Result<Option<Self>, StoreError> {
        row.optional(column, |row, column| {
            Ok(Self {
                status: row.text(column)?,
                kind: row.text(column + 1)?,
                amount_minor: row.optional(column + 2, Row::integer)?,
                debit: row.optional(column + 3, Row::integer)?,
                credit: row.optional(column + 4, Row::integer)?,
                expires_at_ms: row.optional(column + 5, Row::integer)?,
                legs: row
                    .optional(column + 6, legs_from_row)?
                    .unwrap_or_default()
                    .0,
            })
        })
    }

    /// Whether it is the hold that `transfer` ends, or the posting that it moves back.
    fn is_of(&self, transfer: &JournalRow, recorded_before_ms: i64) -> bool {
        let posting = &transfer.posting;
        let amount_minor = posting.amount.map(|amount| amount.minor());
        let debit = transfer.debit.map(|account| account.key);
        let credit = transfer.credit.map(|account| account.key);
        let is_before = transfer
            .original
            .is_some_and(|original| original.sequence < transfer.sequence());
        if posting.kind == Kind::Reversal {
            return is_before
                && self.status == Status::Posted.as_str()
                && self.kind != Kind::Reversal.as_str()
                && (self.debit, self.credit) == (credit, debit)
                && self.amount_minor == amount_minor
                && mirrored(&self.legs) == posting.legs;
        }
        let amount_fits = match posting.kind {
            Kind::Capture => amount_minor <= self.amount_minor,
            _ => amount_minor == self.amount_minor,
        };
        let is_over = self
            .expires_at_ms
            .is_some_and(|expires_at_ms| posting.recorded_at_ms >= expires_at_ms);
        // Recorded times never go back, and holds end by the machine's clock: a row with the time
        // of the previous row may have come earlier.
        let may_be_earlier = posting.recorded_at_ms == recorded_before_ms;
        let is_in_time = match posting.kind {
            Kind::Expiry => is_over,
            _ => !is_over || may_be_earlier,
        };
        is_before
            && self.status == Status::Pending.as_str()
            && amount_fits
            && is_in_time
            && (self.debit, self.credit) == (debit, credit)
    }
}

/// Finds what ended twice, and compares the open holds with their list.
pub fn compare_open<S: Store>(store: &S, check: &mut Check) -> Result<(), StoreError> {
    require_none(store, check, TWICE, |sequence| {
        format!("transfer {sequence}: it was ended or reversed more than once")
    })?;
    require_none(store, check, NOT_OPEN, |sequence| {
        format!("open hold {sequence}: the journal has no such open hold")
    })?;
    require_none(store, check, NOT_LISTED, |sequence| {
        format!("transfer {sequence}: an open hold that the sweep does not know of")
    })
}
