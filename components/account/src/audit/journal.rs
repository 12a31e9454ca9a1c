//! I1, I4, I6, I7: the journal and its entries, read side by side in the order in which they were written.

use super::PAGE_ROWS;
use super::accounts::{Accounts, Expected};
use strongroom_sdk::audit::Check;
use super::holds::Holds;
use crate::ledger::{
    Direction, Entry, GENESIS, Hash, JournalRow, Status, bytes32, chain_hash, journal_row_sql,
};
use std::collections::VecDeque;
use strongroom_sdk::store::{Row, Rows, Store, StoreError, Value};

const HEAD: &str = "SELECT transfer_sequence, entry_sequence, recorded_at_ms, hash FROM journal_head WHERE singleton = 1";

const TRANSFERS: &str = journal_row_sql!(
    "WHERE transfer.sequence > ?1 AND transfer.sequence <= ?2 ORDER BY transfer.sequence LIMIT ?3"
);

const ENTRIES: &str = "\
SELECT sequence, transfer_sequence, account_key, account_sequence, direction, amount_minor, balance_after_minor
FROM entry WHERE sequence > ?1 AND sequence <= ?2 ORDER BY sequence LIMIT ?3";

/// Compared within one snapshot: what is written meanwhile moves the head with it.
const BEYOND_HEAD: &str = "\
SELECT transfer_sequence = coalesce((SELECT max(sequence) FROM transfer), 0),
    entry_sequence = coalesce((SELECT max(sequence) FROM entry), 0)
FROM journal_head WHERE singleton = 1";

/// Checks the journal up to its head, and adds every entry to its account.
pub fn check<S: Store>(store: &S, accounts: &mut Accounts) -> Result<[Check; 4], StoreError> {
    let mut walk = Walk::new(store, accounts);
    let Some(head) = store.query(HEAD, &[])?.first() else {
        walk.chain
            .require(false, || "the journal has no head".to_owned());
        return walk.into_checks();
    };
    let (transfer_sequence, entry_sequence) = (head.integer(0)?, head.integer(1)?);
    let mut entries = EntryStream::new(store, entry_sequence);
    let mut after = 0;
    loop {
        let page = [
            Value::from(after),
            Value::from(transfer_sequence),
            Value::from(PAGE_ROWS),
        ];
        let Rows { rows } = store.query(TRANSFERS, &page)?;
        let Some(last) = rows.last() else { break };
        after = last.integer(0)?;
        for row in &rows {
            walk.step(row, &mut entries)?;
        }
    }
    walk.finish(&mut entries, &head)?;
    if let Some(row) = store.query(BEYOND_HEAD, &[])?.first() {
        let ends = row.integer(0)? == 1 && row.integer(1)? == 1;
        walk.chain.require(ends, || {
            "the head of the journal is not at its last transfer and entry".to_owned()
        });
    }
    walk.into_checks()
}

/// Where the walk along the journal is, and what it has found.
struct Walk<'a, S> {
    accounts: &'a mut Accounts,
    holds: Holds<'a, S>,
    double_entry: Check,
    chain: Check,
    declines: Check,
    transfer_sequence: i64,
    entry_sequence: i64,
    recorded_at_ms: i64,
    hash: Hash,
}

impl<'a, S: Store> Walk<'a, S> {
    fn new(store: &'a S, accounts: &'a mut Accounts) -> Self {
        Self {
            accounts,
            holds: Holds::new(store),
            double_entry: Check::new(
                "every posted transfer has one debit and one credit of its amount, in one currency",
            ),
            chain: Check::new(
                "sequences have no gaps, the hash chain verifies, and its end is the stored head",
            ),
            declines: Check::new("no declined transfer, and no hold, void, or expiry, has entries"),
            transfer_sequence: 0,
            entry_sequence: 0,
            recorded_at_ms: 0,
            hash: GENESIS,
        }
    }

    fn into_checks(self) -> Result<[Check; 4], StoreError> {
        let holds = self.holds.finish()?;
        Ok([self.double_entry, self.chain, self.declines, holds])
    }

    fn step(&mut self, row: &Row, entries: &mut EntryStream<'_, S>) -> Result<(), StoreError> {
        let sequence = row.integer(0)?;
        let previous = self.transfer_sequence;
        self.chain.examine();
        self.chain.require(sequence == previous + 1, || {
            format!("transfer {sequence}: follows {previous}, so some are missing")
        });
        self.transfer_sequence = sequence;

        let own = entries.of_transfer(sequence, &mut self.double_entry)?;
        for entry in &own {
            self.count(sequence, entry);
        }
        match JournalRow::from_row(row) {
            Ok(transfer) => {
                self.judge(&transfer, &own, JournalRow::hash_from_row(row)?);
                self.holds.follow(&transfer)?;
            }
            Err(error) => self
                .chain
                .require(false, || format!("transfer {sequence}: {error}")),
        }
        // The next row is judged by the stored hash, so that one broken row does not break all that follow.
        self.hash = JournalRow::hash_from_row(row)?;
        Ok(())
    }

    /// Judges an entry by the entries before it.
    fn count(&mut self, transfer: i64, entry: &Entry) {
        let previous = self.entry_sequence;
        self.chain.require(entry.sequence == previous + 1, || {
            format!(
                "entry {}: follows {previous}, so some are missing",
                entry.sequence
            )
        });
        self.entry_sequence = entry.sequence;
        let holds = match self.accounts.add(entry) {
            Some(Expected::Now {
                account_sequence,
                balance_minor,
            }) => {
                entry.account_sequence == account_sequence
                    && entry.balance_after_minor == balance_minor
            }
            Some(Expected::Later) => true,
            None => entry.account_key > self.accounts.key_max,
        };
        self.chain.require(holds, || {
            format!(
                "entry {} of transfer {transfer}: its account's entries do not lead to its sequence {} and balance {}",
                entry.sequence, entry.account_sequence, entry.balance_after_minor
            )
        });
    }

    /// Judges a transfer by its own entries and the hash before it.
    fn judge(&mut self, transfer: &JournalRow, entries: &[Entry], stored: Hash) {
        let sequence = transfer.sequence;
        match transfer.status {
            Status::Posted => {
                let balanced = is_balanced(transfer, entries) && self.is_one_currency(transfer);
                self.double_entry.examine();
                self.double_entry.require(balanced, || {
                    format!("transfer {sequence}: its {} entries are not one debit and one credit of its amount", entries.len())
                });
            }
            Status::Declined | Status::Pending | Status::Voided | Status::Expired => {
                self.declines.examine();
                self.declines.require(entries.is_empty(), || {
                    format!(
                        "transfer {sequence}: {}, and has {} entries",
                        transfer.status.as_str(),
                        entries.len()
                    )
                });
            }
        }
        let recorded_before = self.recorded_at_ms;
        self.chain
            .require(transfer.recorded_at_ms >= recorded_before, || {
                format!("transfer {sequence}: recorded before the one before it")
            });
        self.recorded_at_ms = transfer.recorded_at_ms;
        let holds = chain_hash(&self.hash, transfer, entries) == stored;
        self.chain.require(holds, || {
            format!("transfer {sequence}: it or its entries are not what its hash was made of")
        });
    }

    fn is_one_currency(&mut self, transfer: &JournalRow) -> bool {
        [transfer.debit, transfer.credit]
            .into_iter()
            .flatten()
            .all(|party| match self.accounts.get(party.key) {
                Some(account) => account.currency == transfer.currency,
                None => party.key > self.accounts.key_max,
            })
    }

    fn finish(&mut self, entries: &mut EntryStream<'_, S>, head: &Row) -> Result<(), StoreError> {
        // What is left belongs to no transfer.
        entries.of_transfer(i64::MAX, &mut self.double_entry)?;
        let last = (
            self.transfer_sequence,
            self.entry_sequence,
            self.recorded_at_ms,
            self.hash,
        );
        let stored = (
            head.integer(0)?,
            head.integer(1)?,
            head.integer(2)?,
            bytes32(head, 3)?,
        );
        self.chain.require(last == stored, || {
            format!(
                "the journal ends at transfer {} and entry {}, and its head says {} and {}, or another time or hash",
                last.0, last.1, stored.0, stored.1
            )
        });
        Ok(())
    }
}

fn is_balanced(transfer: &JournalRow, entries: &[Entry]) -> bool {
    let is = |entry: &Entry, direction, party: Option<crate::ledger::Party>| {
        entry.direction == direction
            && entry.amount_minor == transfer.amount_minor
            && party.is_some_and(|party| party.key == entry.account_key)
    };
    match entries {
        [debit, credit] => {
            is(debit, Direction::Debit, transfer.debit)
                && is(credit, Direction::Credit, transfer.credit)
        }
        _ => false,
    }
}

/// The entries in order, a page at a time.
struct EntryStream<'a, S> {
    store: &'a S,
    page: VecDeque<(i64, Entry)>,
    after: i64,
    last: i64,
}

impl<'a, S: Store> EntryStream<'a, S> {
    fn new(store: &'a S, last: i64) -> Self {
        Self {
            store,
            page: VecDeque::new(),
            after: 0,
            last,
        }
    }

    /// The entries of the transfer; those of transfers before it that are still there belong to none.
    fn of_transfer(
        &mut self,
        transfer_sequence: i64,
        check: &mut Check,
    ) -> Result<Vec<Entry>, StoreError> {
        let mut own = Vec::with_capacity(2);
        while let Some((owner, entry)) = self.peek()? {
            if owner > transfer_sequence {
                break;
            }
            check.require(owner == transfer_sequence, || {
                format!(
                    "entry {}: its transfer {owner} is not before it in the journal",
                    entry.sequence
                )
            });
            if owner == transfer_sequence {
                own.push(entry);
            }
            self.page.pop_front();
        }
        Ok(own)
    }

    fn peek(&mut self) -> Result<Option<(i64, Entry)>, StoreError> {
        if self.page.is_empty() {
            let page = [
                Value::from(self.after),
                Value::from(self.last),
                Value::from(PAGE_ROWS),
            ];
            for row in self.store.query(ENTRIES, &page)? {
                self.after = row.integer(0)?;
                self.page.push_back((row.integer(1)?, entry(&row)?));
            }
        }
        Ok(self.page.front().copied())
    }
}

fn entry(row: &Row) -> Result<Entry, StoreError> {
    Ok(Entry {
        sequence: row.integer(0)?,
        account_key: row.integer(2)?,
        account_sequence: row.integer(3)?,
        direction: Direction::from_stored(&row.text(4)?)?,
        amount_minor: row.integer(5)?,
        balance_after_minor: row.integer(6)?,
    })
}
