//! Following the journal.

use super::rows::Part;
use crate::Error;
use std::collections::HashMap;
use strongroom_ledger_api::{JOURNAL_LIMIT_MAX, Journal, LOOKUP_IDS_MAX, LedgerError};
use strongroom_sdk::store::{Reader, Store, StoreError, Transaction};
use uuid::Uuid;

/// How many commits one tick makes.
pub const PARTS_PER_TICK_MAX: usize = 10;

const CURSOR: &str = "SELECT sequence FROM listed_head";

const NEWEST: &str = "SELECT sequence, id FROM listed ORDER BY sequence DESC LIMIT 1";

/// Follows the journal to its end, or for so many commits; returns whether it came to the end.
///
/// # Errors
/// [`Error`]: what was committed stays, and the next call goes on from there.
pub fn follow(store: &impl Store, ledger: &impl Journal, parts_max: usize) -> Result<bool, Error> {
    let end = ledger.head()?;
    for _ in 0..parts_max {
        let after = indexed_sequence(store)?;
        if is_at(after, end, ledger)? {
            return Ok(true);
        }
        let part = part(ledger, after, end)?;
        let places = places(ledger, &part.ended())?;
        let transaction = store.begin()?;
        // Another call may have followed the same part.
        if indexed_sequence(&transaction)? == after {
            part.insert(&transaction, &places)?;
        }
        transaction.commit()?;
    }
    Ok(false)
}

/// How far the index has come in the journal.
pub(crate) fn indexed_sequence(from: &impl Reader) -> Result<u64, StoreError> {
    Ok(from.query(CURSOR, &[])?.number()?.unsigned_abs())
}

/// Refuses a store that has followed the journal further than the journal goes, or another journal:
/// the two are of different moments, such as in a copy of a running bank.
pub fn check_place(store: &impl Store, ledger: &impl Journal) -> Result<(), Error> {
    let indexed = indexed_sequence(store)?;
    is_at(indexed, ledger.head()?, ledger)?;
    let Some(newest) = store.query(NEWEST, &[])?.first() else {
        return Ok(());
    };
    let (sequence, id) = (newest.integer(0)?.unsigned_abs(), newest.uuid(1)?);
    let found = ledger.journal(sequence.saturating_sub(1), 1)?;
    let is_there = found
        .first()
        .is_some_and(|row| row.sequence == sequence && row.id == id);
    is_there.then_some(()).ok_or(Error::Ahead)
}

/// What one commit writes.
fn part(ledger: &impl Journal, after: u64, end: u64) -> Result<Part, Error> {
    let mut part = Part::after(after);
    while part.last < end && !part.is_full() {
        let postings = ledger.journal(part.last, JOURNAL_LIMIT_MAX)?;
        if postings.is_empty() {
            break;
        }
        for posting in &postings {
            part.push(posting)?;
        }
    }
    Ok(part)
}

/// The places of transactions in the journal.
pub(crate) fn places(
    ledger: &impl Journal,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, i64>, LedgerError> {
    let mut places = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(LOOKUP_IDS_MAX) {
        let found = ledger.lookup_many(ids)?.into_iter().flatten();
        places.extend(found.map(|posting| (posting.id, posting.sequence.cast_signed())));
    }
    Ok(places)
}

/// Whether the index has all up to the end of the journal, as that was when the call began:
/// payments that come meanwhile are not waited for.
fn is_at(indexed: u64, end: u64, ledger: &impl Journal) -> Result<bool, Error> {
    // Another call may have followed what came meanwhile; a journal that was restored has less.
    if indexed > end && ledger.journal(indexed - 1, 1)?.is_empty() {
        return Err(Error::Ahead);
    }
    Ok(indexed >= end)
}
