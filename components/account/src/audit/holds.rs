//! I7: each hold ends at most once, in time, and by at most what it held; each posting is reversed at most once. And what the sweep looks
//! at, `open_hold`, is what the journal says is open.

use super::PAGE_ROWS;
use strongroom_sdk::audit::Check;
use crate::ledger::{JournalRow, Kind, Status};
use std::collections::{HashMap, HashSet};
use strongroom_sdk::store::{Row, Store, StoreError, Value};

const SUBJECT: &str = "\
SELECT status, kind, debit_account_key, credit_account_key, amount_minor FROM transfer WHERE sequence = ?1";

/// Rows of `open_hold` and what the journal says of them, in one snapshot.
const NOTED: &str = "\
SELECT open_hold.transfer_sequence, transfer.status IS 'pending' AND transfer.expires_at_ms IS open_hold.expires_at_ms
    AND NOT EXISTS (SELECT 1 FROM transfer AS ending WHERE ending.subject_sequence = open_hold.transfer_sequence
        AND ending.status <> 'declined')
FROM open_hold LEFT JOIN transfer ON transfer.sequence = open_hold.transfer_sequence
WHERE open_hold.transfer_sequence > ?1 ORDER BY open_hold.transfer_sequence LIMIT ?2";

/// Whether a hold is noted as open, or has ended since the journal was walked.
const IS_NOTED: &str = "\
SELECT EXISTS (SELECT 1 FROM open_hold WHERE transfer_sequence = ?1)
    OR EXISTS (SELECT 1 FROM transfer WHERE subject_sequence = ?1 AND status <> 'declined')";

/// A hold that has not ended yet, as far as the walk has come.
struct OpenHold {
    debit: Option<i64>,
    credit: Option<i64>,
    amount_minor: i64,
    expires_at_ms: i64,
}

/// The holds and reversals of the journal, followed row by row. Memory: a row for each open hold and each reversal.
pub struct Holds<'a, S> {
    store: &'a S,
    open: HashMap<i64, OpenHold>,
    reversed: HashSet<i64>,
    check: Check,
}

impl<'a, S: Store> Holds<'a, S> {
    pub fn new(store: &'a S) -> Self {
        Self {
            store,
            open: HashMap::new(),
            reversed: HashSet::new(),
            check: Check::new(
                "each hold ends at most once, in time, by at most what it held, and each posting is reversed at most once",
            ),
        }
    }

    /// Judges the next row of the journal by those before it.
    pub fn follow(&mut self, row: &JournalRow) -> Result<(), StoreError> {
        let sequence = row.sequence;
        let shaped = match row.kind {
            Kind::Deposit | Kind::Withdrawal | Kind::Transfer => {
                row.subject.is_none() && row.expires_at_ms.is_none()
            }
            Kind::Hold => {
                row.subject.is_none()
                    && (row.expires_at_ms.is_some() == (row.status == Status::Pending))
            }
            Kind::Capture | Kind::Void | Kind::Expiry | Kind::Reversal => {
                row.expires_at_ms.is_none()
                    && (row.subject.is_some() || row.status == Status::Declined)
            }
        };
        self.check.require(shaped, || {
            format!("transfer {sequence}: it has a subject or a time that its kind does not have, or lacks one")
        });
        if row.status == Status::Declined {
            return Ok(());
        }
        let is_status_of_kind = row.status == row.kind.accepted_status();
        self.check.require(is_status_of_kind, || {
            format!(
                "transfer {sequence}: no {} is {}",
                row.kind.as_str(),
                row.status.as_str()
            )
        });
        match row.kind {
            Kind::Deposit | Kind::Withdrawal | Kind::Transfer => {}
            Kind::Hold => self.open(row),
            Kind::Capture | Kind::Void | Kind::Expiry => self.end(row),
            Kind::Reversal => self.reverse(row)?,
        }
        Ok(())
    }

    fn open(&mut self, row: &JournalRow) {
        self.check.examine();
        let hold = OpenHold {
            debit: row.debit.map(|party| party.key),
            credit: row.credit.map(|party| party.key),
            amount_minor: row.amount_minor,
            expires_at_ms: row.expires_at_ms.unwrap_or(i64::MIN),
        };
        self.open.insert(row.sequence, hold);
    }

    fn end(&mut self, row: &JournalRow) {
        let subject = row.subject.map_or(0, |subject| subject.sequence);
        let is_its_end = self.open.remove(&subject).is_some_and(|hold| {
            let amount_fits = match row.kind {
                Kind::Capture => row.amount_minor <= hold.amount_minor,
                _ => row.amount_minor == hold.amount_minor,
            };
            let is_over = row.recorded_at_ms >= hold.expires_at_ms;
            amount_fits
                && is_over == (row.kind == Kind::Expiry)
                && hold.debit == row.debit.map(|party| party.key)
                && hold.credit == row.credit.map(|party| party.key)
        });
        self.check.require(is_its_end, || {
            format!(
                "transfer {}: a {} of transfer {subject}, which is no open hold of that amount, time, and accounts",
                row.sequence,
                row.kind.as_str()
            )
        });
    }

    fn reverse(&mut self, row: &JournalRow) -> Result<(), StoreError> {
        self.check.examine();
        let subject = row.subject.map_or(0, |subject| subject.sequence);
        let original = self.store.query(SUBJECT, &[Value::from(subject)])?.first();
        let mirrors = original
            .map(|original| mirrors(row, &original))
            .transpose()?
            .unwrap_or(false);
        let first = self.reversed.insert(subject);
        self.check.require(mirrors && first, || {
            format!(
                "transfer {}: a reversal of transfer {subject}, which was reversed before, or is no posting of that amount and accounts",
                row.sequence
            )
        });
        Ok(())
    }

    /// Compares what is open with what is noted as open.
    pub fn finish(mut self) -> Result<Check, StoreError> {
        let mut after = 0;
        loop {
            let page = [Value::from(after), Value::from(PAGE_ROWS)];
            let rows = self.store.query(NOTED, &page)?.rows;
            let Some(last) = rows.last() else { break };
            after = last.integer(0)?;
            for row in &rows {
                let (sequence, is_open) = (row.integer(0)?, row.integer(1)? == 1);
                self.check.require(is_open, || {
                    format!("open hold {sequence}: the journal has no such open hold")
                });
            }
        }
        let mut open: Vec<i64> = self.open.keys().copied().collect();
        open.sort_unstable();
        for sequence in open {
            let row = self
                .store
                .query(IS_NOTED, &[Value::from(sequence)])?
                .first();
            let noted = row.map(|row| row.integer(0)).transpose()? == Some(1);
            self.check.require(noted, || {
                format!("transfer {sequence}: an open hold that the sweep does not know of")
            });
        }
        Ok(self.check)
    }
}

/// Whether `row` moves back what `original`, a row of [`SUBJECT`], has moved.
fn mirrors(row: &JournalRow, original: &Row) -> Result<bool, StoreError> {
    Ok(original.text(0)? == Status::Posted.as_str()
        && original.text(1)? != Kind::Reversal.as_str()
        && original.optional(2, Row::integer)? == row.credit.map(|party| party.key)
        && original.optional(3, Row::integer)? == row.debit.map(|party| party.key)
        && original.integer(4)? == row.amount_minor)
}
