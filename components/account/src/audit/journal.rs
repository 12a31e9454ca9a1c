//! I1, I4, I6, I7: checks the journal and its entries, read side by side in the order of their
//! writing.

use super::accounts::EntrySums;
use super::holds;
use super::legs;
use super::require_none;
use crate::account::Direction;
use crate::ledger::{
    AccountOfRow, DeclineCounts, ENTRY_COLUMNS, Entry, JOURNAL_ROW_COLUMNS, JournalRow, chain_hash,
    decline_counts, journal_row_sql,
};
use strongroom_ledger_api::Status;
use strongroom_sdk::audit::{ChainWalk, Check, PAGE_ROWS, Pages, Report};
use strongroom_sdk::store::{Row, Store, StoreError, Value};

const HEAD: &str = "\
SELECT transfer_sequence, hash, entry_sequence, recorded_at_ms
FROM journal_head WHERE singleton = 1";

/// Behind the row: whether its accounts have its currency, and its original.
const TRANSFERS: &str = journal_row_sql!(
    ", coalesce(debit.currency, transfer.currency) = transfer.currency
        AND coalesce(credit.currency, transfer.currency) = transfer.currency,
       original.status, original.kind, original.amount_minor, original.debit_account_key,
       original.credit_account_key, original.expires_at_ms, original.legs",
    "",
    "WHERE transfer.sequence > ?1 ORDER BY transfer.sequence LIMIT ?2"
);
const IS_ONE_CURRENCY: usize = JOURNAL_ROW_COLUMNS;
const ORIGINAL: usize = JOURNAL_ROW_COLUMNS + 1;

const ENTRIES_TAIL: &str = "FROM entry WHERE sequence > ?1 ORDER BY sequence LIMIT ?2";

/// Ids that a file has twice although an index forbids it.
const TWICE: &str = "\
SELECT max(sequence) FROM transfer GROUP BY id HAVING count(*) > 1 LIMIT 20";

/// Checks the journal up to its head, and adds up the entries of each account.
pub fn check<S: Store>(
    store: &S,
    sums: &mut EntrySums,
    report: &mut Report,
) -> Result<(), StoreError> {
    let mut walk = JournalWalk::new(sums);
    let first = Value::from(i64::MIN);
    let sql = format!("SELECT {ENTRY_COLUMNS} {ENTRIES_TAIL}");
    let mut entries = Pages::new(store, sql, [first.clone()], 2 * PAGE_ROWS);
    for row in Pages::new(store, TRANSFERS, [first], PAGE_ROWS) {
        walk.step(store, &row?, &mut entries)?;
    }
    // The entries that are left have no transfer.
    walk.entries_of(i64::MAX, &mut entries)?;
    let head = store.query(HEAD, &[])?.first();
    walk.compare_head(head.as_ref())?;
    require_none(store, &mut walk.chain.check, TWICE, |sequence| {
        format!("transfer {sequence}: its id is that of another")
    })?;
    holds::compare_open(store, &mut walk.holds)?;
    let declines_counted = walk.compare_declines(&decline_counts(store)?);
    report.checks.extend([
        walk.double_entry,
        walk.declines,
        walk.holds,
        declines_counted,
    ]);
    walk.chain.finish(head.as_ref(), report)
}

/// The walk along the journal, and its findings.
struct JournalWalk<'a> {
    sums: &'a mut EntrySums,
    double_entry: Check,
    chain: ChainWalk,
    declines: Check,
    holds: Check,
    decline_counts: DeclineCounts,
    entry_sequence: i64,
    recorded_at_ms: i64,
}

impl<'a> JournalWalk<'a> {
    fn new(sums: &'a mut EntrySums) -> Self {
        Self {
            sums,
            double_entry: Check::new(
                "every posted transfer has one debit and one credit of its amount, in one currency, or those of its legs",
            ),
            chain: ChainWalk::new(
                "sequences have no gaps, the hash chain verifies, and its end is the stored head",
                "transfer",
            ),
            declines: Check::new("no declined transfer, and no hold, void, or expiry, has entries"),
            holds: Check::new(
                "each hold ends at most once, in time, by at most what it held, and each posting is reversed at most once",
            ),
            decline_counts: DeclineCounts::new(),
            entry_sequence: 0,
            recorded_at_ms: 0,
        }
    }

    fn step<S: Store>(
        &mut self,
        store: &S,
        row: &Row,
        entries: &mut Pages<'_, S>,
    ) -> Result<(), StoreError> {
        let sequence = row.integer(0)?;
        let own = self.entries_of(sequence, entries)?;
        let transfer = JournalRow::from_row(row);
        self.chain
            .step(sequence, JournalRow::hash_from_row(row)?, |previous| {
                transfer
                    .as_ref()
                    .map(|transfer| chain_hash(previous, transfer, &own))
            });
        if let Ok(transfer) = transfer {
            let recorded_before_ms = self.recorded_at_ms;
            self.check(store, &transfer, row, &own)?;
            let holds = &mut self.holds;
            holds::check_row(&transfer, row, ORIGINAL, recorded_before_ms, holds)?;
        }
        Ok(())
    }

    /// The entries of a transfer. Entries of earlier transfers that are still there have none.
    fn entries_of<S: Store>(
        &mut self,
        transfer_sequence: i64,
        entries: &mut Pages<'_, S>,
    ) -> Result<Vec<Entry>, StoreError> {
        let mut own = Vec::with_capacity(2);
        while let Some(row) = entries.peek()? {
            let owner = row.integer(1)?;
            if owner > transfer_sequence {
                break;
            }
            let sequence = row.integer(0)?;
            let entry = Entry::from_row(row);
            entries.next().transpose()?;
            let previous = self.entry_sequence;
            self.chain.check.require(sequence == previous + 1, || {
                format!("entry {sequence}: follows {previous}, so some are missing")
            });
            self.entry_sequence = sequence;
            let is_own = owner == transfer_sequence;
            self.double_entry.require(is_own, || {
                format!("entry {sequence}: its transfer {owner} is not before it in the journal")
            });
            match entry {
                Ok(entry) => {
                    self.sums.add(&entry);
                    own.extend(is_own.then_some(entry));
                }
                Err(error) => self
                    .chain
                    .check
                    .violation(format!("entry {sequence}: {error}")),
            }
        }
        Ok(own)
    }

    /// Checks a transfer against its entries and against the time of the previous transfer.
    fn check<S: Store>(
        &mut self,
        store: &S,
        transfer: &JournalRow,
        row: &Row,
        entries: &[Entry],
    ) -> Result<(), StoreError> {
        let sequence = transfer.sequence();
        let posting = &transfer.posting;
        match posting.status {
            Status::Posted => {
                let balanced = if posting.legs.is_empty() {
                    is_balanced(transfer, entries) && row.integer(IS_ONE_CURRENCY)? == 1
                } else {
                    legs::are_balanced(store, transfer, entries)?
                };
                self.double_entry.examine();
                self.double_entry.require(balanced, || {
                    format!(
                        "transfer {sequence}: its {} entries are not one debit and one credit of its amount, or not its legs",
                        entries.len()
                    )
                });
            }
            Status::Declined | Status::Pending | Status::Voided | Status::Expired => {
                self.declines.examine();
                if let Some(code) = posting.decline {
                    let count = self.decline_counts.entry(code.as_str().to_owned());
                    *count.or_default() += 1;
                }
                let fits = entries.is_empty() && legs::names_its_payer(transfer);
                self.declines.require(fits, || {
                    format!(
                        "transfer {sequence}: {}, and has {} entries, or another payer than its legs",
                        posting.status.as_str(),
                        entries.len()
                    )
                });
            }
        }
        let recorded_before = self.recorded_at_ms;
        self.chain
            .check
            .require(posting.recorded_at_ms >= recorded_before, || {
                format!("transfer {sequence}: recorded before the one before it")
            });
        self.recorded_at_ms = posting.recorded_at_ms;
        Ok(())
    }

    /// Compares the numbers of declines with those of the journal.
    fn compare_declines(&self, stored: &DeclineCounts) -> Check {
        let mut check = Check::new("the declines of each code are counted");
        let of_journal = &self.decline_counts;
        for code in of_journal.keys().chain(stored.keys()) {
            check.examine();
            let (counted, there) = (stored.get(code), of_journal.get(code));
            check.require(counted == there, || {
                let [counted, there] = [counted, there].map(|count| count.unwrap_or(&0));
                format!("{code}: {counted} declines are counted, and the journal has {there}")
            });
        }
        check
    }

    /// Compares the head's last entry and time with those of the journal.
    fn compare_head(&mut self, head: Option<&Row>) -> Result<(), StoreError> {
        let Some(head) = head else { return Ok(()) };
        let last = (self.entry_sequence, self.recorded_at_ms);
        let stored = (head.integer(2)?, head.integer(3)?);
        self.chain.check.require(last == stored, || {
            format!(
                "the journal ends at entry {}, and its head says {}, or another time",
                last.0, stored.0
            )
        });
        Ok(())
    }
}

fn is_balanced(transfer: &JournalRow, entries: &[Entry]) -> bool {
    let is = |entry: &Entry, direction, account: Option<AccountOfRow>| {
        entry.direction == direction
            && Some(entry.amount_minor) == transfer.posting.amount.map(|amount| amount.minor())
            && account.is_some_and(|account| account.key == entry.account_key)
    };
    match entries {
        [debit, credit] => {
            is(debit, Direction::Debit, transfer.debit)
                && is(credit, Direction::Credit, transfer.credit)
        }
        _ => false,
    }
}
