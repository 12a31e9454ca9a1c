//! The index of transactions is what the journal says, as far as it has followed.

use crate::Error;
use crate::index::{
    INDEX_COLUMNS, IndexRow, TABLES, account_rows, end_of, indexed_sequence, note_rows, places,
};
use crate::service::{Env, Service};
use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use strongroom_ledger_api::{JOURNAL_LIMIT_MAX, Journal, Posting};
use strongroom_sdk::audit::{Check, Pages};
use strongroom_sdk::store::{Reader, Store, StoreError};
use uuid::Uuid;

/// How many rows one query reads.
const READ_AT_ONCE: usize = 5_000;

const ROWS: &str = "SELECT sequence FROM listed WHERE sequence > ?1 ORDER BY sequence LIMIT ?2";

const ACCOUNT_ROWS: &str = "\
SELECT account_id, sequence FROM listed_account WHERE (account_id, sequence) > (?1, ?2)
ORDER BY account_id, sequence LIMIT ?3";

const METADATA_ROWS: &str = "\
SELECT key, value, sequence FROM listed_metadata WHERE (key, value, sequence) > (?1, ?2, ?3)
ORDER BY key, value, sequence LIMIT ?4";

/// Each transaction of the journal has its row, and no row is of anything else. Those of the table
/// `listed` are compared one by one, and those of the other two as sums: they are in another order
/// than the journal.
pub(super) fn check<E: Env>(service: &Service<E>) -> Result<Check, Error> {
    let mut check = Check::new("the index of transactions is what the journal says");
    let store = &service.store;
    let head = indexed_sequence(store)?.cast_signed();
    let (mut after, mut expected) = (0, ExpectedRows::default());
    while after < head {
        let mut postings = service
            .ledger
            .journal(after.unsigned_abs(), JOURNAL_LIMIT_MAX)?;
        postings.retain(|posting| posting.sequence <= head.unsigned_abs());
        let Some(last) = postings.last() else {
            check.violation(format!(
                "listed: its head is {head}, and the journal ends at {after}"
            ));
            break;
        };
        let last = last.sequence.cast_signed();
        compare(service, &postings, after, last, &mut expected, &mut check)?;
        after = last;
    }
    check.require(delays_fit(store, &expected)?, || {
        "listed_head: a request was recorded sooner or later than its delays allow".to_owned()
    });
    check.require(expected.ended == 0, || {
        "listed: a row has a status that no posting gave it".to_owned()
    });
    let mut rows = 0;
    for row in Pages::new(store, ROWS, [0_i64.into()], READ_AT_ONCE) {
        row?;
        rows += 1;
    }
    check.require(rows == expected.rows, || {
        format!("listed: {rows} rows, and not {}", expected.rows)
    });
    let mut accounts = expected.accounts.empty();
    for row in Pages::new(
        store,
        ACCOUNT_ROWS,
        [Uuid::nil().into(), 0_i64.into()],
        READ_AT_ONCE,
    ) {
        let row = row?;
        accounts.add(&(row.uuid(0)?, row.integer(1)?));
    }
    let mut metadata = expected.metadata.empty();
    for row in Pages::new(
        store,
        METADATA_ROWS,
        ["".into(), "".into(), 0_i64.into()],
        READ_AT_ONCE,
    ) {
        let row = row?;
        metadata.add(&(row.text(0)?, row.text(1)?, row.integer(2)?));
    }
    for (table, found, expected) in [
        ("listed_account", accounts, &expected.accounts),
        ("listed_metadata", metadata, &expected.metadata),
    ] {
        check.require(found.equals(expected), || {
            format!(
                "{table}: its {} rows are not the {} that the journal says",
                found.rows, expected.rows
            )
        });
    }
    if !check.violations.is_empty() {
        let statements = TABLES
            .map(|table| format!("DELETE FROM {table};"))
            .join(" ");
        check.violation(format!(
            "to have the index made again, stop the bank and run: {statements}"
        ));
    }
    Ok(check)
}

#[derive(Default)]
struct ExpectedRows {
    rows: i64,
    accounts: RowSum,
    metadata: RowSum,
    /// Rows that have another status than at first, less the postings that say so.
    ended: i64,
    /// How long after its request a posting was recorded, at least and at most.
    delay_min_ms: i64,
    delay_max_ms: i64,
}

/// Whether a list by time looks at all places where a request of that time may be.
fn delays_fit<S: Store>(store: &S, expected: &ExpectedRows) -> Result<bool, StoreError> {
    let delays = "SELECT delay_min_ms, delay_max_ms FROM listed_head";
    let Some(row) = store.query(delays, &[])?.first() else {
        return Ok(true);
    };
    Ok(row.integer(0)? <= expected.delay_min_ms && row.integer(1)? >= expected.delay_max_ms)
}

/// Rows in no order: their number, and the sum of their hashes by a random key. Of other rows the
/// sum is the same once in 2^64 audits.
#[derive(Default)]
struct RowSum {
    key: RandomState,
    rows: u64,
    sum: u64,
}

impl RowSum {
    /// No rows, to be compared with these.
    fn empty(&self) -> Self {
        Self {
            key: self.key.clone(),
            ..Self::default()
        }
    }

    fn add(&mut self, row: &impl Hash) {
        self.rows += 1;
        self.sum = self.sum.wrapping_add(self.key.hash_one(row));
    }

    fn equals(&self, other: &Self) -> bool {
        (self.rows, self.sum) == (other.rows, other.sum)
    }
}

/// Compares the rows of a part of the journal.
fn compare<E: Env>(
    service: &Service<E>,
    postings: &[Posting],
    after: i64,
    last: i64,
    expected: &mut ExpectedRows,
    check: &mut Check,
) -> Result<(), Error> {
    let store = &service.store;
    let sql = format!("SELECT {INDEX_COLUMNS} FROM listed WHERE sequence > ?1 AND sequence <= ?2");
    let rows = store.query(&sql, &[after.into(), last.into()])?;
    let rows = rows.into_iter().map(|row| IndexRow::from_row(&row));
    let rows = rows.map(|row| row.map(|row| (row.sequence, row)));
    let mut rows: HashMap<_, _> = rows.collect::<Result<_, StoreError>>()?;
    let mut ends = Vec::new();
    for posting in postings {
        check.examine();
        let delay = posting
            .recorded_at_ms
            .saturating_sub(posting.requested_at_ms);
        expected.delay_min_ms = expected.delay_min_ms.min(delay);
        expected.delay_max_ms = expected.delay_max_ms.max(delay);
        ends.extend(end_of(posting));
        let Some(made) = IndexRow::of(posting) else {
            continue;
        };
        let sequence = made.sequence;
        expected.rows += 1;
        for row in account_rows(posting) {
            expected.accounts.add(&row);
        }
        for row in note_rows(posting)? {
            expected.metadata.add(&row);
        }
        // A row has the status in which its transaction ended, which a later posting says.
        let is_as_made = rows.remove(&sequence).is_some_and(|row| {
            let status = row.status.clone();
            let has_ended = row.status != made.status;
            expected.ended += i64::from(has_ended);
            row == made.with_status(status) && (!has_ended || posting.decline.is_none())
        });
        check.require(is_as_made, || {
            format!("listed: {sequence} is not as the journal says")
        });
    }
    for row in rows.into_values() {
        check.violation(format!("listed: {} is in no journal", row.sequence));
    }
    expected.ended -= ends.len() as i64;
    let ids: Vec<_> = ends.iter().map(|(id, _)| *id).collect();
    let places = places(&service.ledger, &ids)?;
    for (id, status) in ends {
        let found = match places.get(&id) {
            Some(place) => status_at(store, *place)?,
            None => None,
        };
        check.require(found.as_deref() == Some(status), || {
            format!("listed: {id} is not {status}, as the journal says")
        });
    }
    Ok(())
}

fn status_at<S: Store>(store: &S, place: i64) -> Result<Option<String>, StoreError> {
    let sql = "SELECT status FROM listed WHERE sequence = ?1";
    store.query(sql, &[place.into()])?.one(|row| row.text(0))
}
