//! The index of transactions is what the journal says, as far as it has followed.

use super::AuditError;
use crate::index::{
    INDEX_COLUMNS, IndexRow, TABLES, account_rows, account_values, end_of, note_rows, note_values,
    places,
};
use crate::service::{Env, Service};
use std::collections::HashMap;
use strongroom_ledger_api::{JOURNAL_LIMIT_MAX, Journal, Posting};
use strongroom_sdk::audit::{Check, Pages};
use strongroom_sdk::store::{ManyRows, Row, Store, StoreError, Value};
use uuid::Uuid;

/// How many rows one query counts.
const COUNTED_AT_ONCE: usize = 5_000;

const ROWS: &str = "SELECT sequence FROM listed WHERE sequence > ?1 ORDER BY sequence LIMIT ?2";

const ACCOUNT_ROWS: &str = "\
SELECT account_id, sequence FROM listed_account WHERE (account_id, sequence) > (?1, ?2)
ORDER BY account_id, sequence LIMIT ?3";

/// How many of the pairs of account and place the index has.
const ACCOUNTS_FOUND: ManyRows = ManyRows {
    before: "SELECT count(*) FROM listed_account WHERE (account_id, sequence) IN (VALUES ",
    row: "(?, ?)",
    after: ")",
};

/// How many of the notes.
const METADATA_FOUND: ManyRows = ManyRows {
    before: "SELECT count(*) FROM listed_metadata WHERE (key, value, sequence) IN (VALUES ",
    row: "(?, ?, ?)",
    after: ")",
};

const METADATA_ROWS: &str = "\
SELECT key, value, sequence FROM listed_metadata WHERE (key, value, sequence) > (?1, ?2, ?3)
ORDER BY key, value, sequence LIMIT ?4";

/// Each transaction of the journal has its row, and no row is of anything else: each expected one
/// is there, and there are as many as expected.
pub(super) fn check<E: Env>(service: &Service<E>) -> Result<Check, AuditError> {
    let mut check = Check::new("the index of transactions is what the journal says");
    let store = &service.store;
    let head = first_integer(store, "SELECT sequence FROM listed_head", &[])?.unwrap_or(0);
    let (mut after, mut expected) = (0, Expected::default());
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
        compare(service, &postings, (after, last), &mut expected, &mut check)?;
        after = last;
    }
    check.require(expected.ended == 0, || {
        "listed: a row has a status that no posting gave it".to_owned()
    });
    let rows = count(store, ROWS, [0_i64.into()])?;
    let notes = count(store, METADATA_ROWS, ["".into(), "".into(), 0_i64.into()])?;
    let accounts = count(store, ACCOUNT_ROWS, [Uuid::nil().into(), 0_i64.into()])?;
    for (table, found, expected) in [
        ("listed", rows, expected.rows),
        ("listed_metadata", notes, expected.metadata),
        ("listed_account", accounts, expected.accounts),
    ] {
        check.require(found == expected, || {
            format!("{table}: {found} rows, and not {expected}")
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
struct Expected {
    rows: i64,
    accounts: i64,
    metadata: i64,
    /// Rows that have another status than at first, less the postings that say so.
    ended: i64,
}

/// Compares the rows of a part of the journal.
fn compare<E: Env>(
    service: &Service<E>,
    postings: &[Posting],
    (after, last): (i64, i64),
    expected: &mut Expected,
    check: &mut Check,
) -> Result<(), AuditError> {
    let store = &service.store;
    let sql = format!("SELECT {INDEX_COLUMNS} FROM listed WHERE sequence > ?1 AND sequence <= ?2");
    let rows = store.query(&sql, &[after.into(), last.into()])?;
    let rows = rows.into_iter().map(|row| IndexRow::from_row(&row));
    let rows = rows.map(|row| row.map(|row| (row.sequence, row)));
    let mut rows: HashMap<_, _> = rows.collect::<Result<_, StoreError>>()?;
    let (mut pairs, mut notes) = (Vec::new(), Vec::new());
    let mut ends = Vec::new();
    for posting in postings {
        check.examine();
        ends.extend(end_of(posting));
        let Some(made) = IndexRow::of(posting) else {
            continue;
        };
        let sequence = made.sequence;
        pairs.extend(account_rows(posting));
        notes.extend(note_rows(posting)?);
        expected.rows += 1;
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
    for (table, sql, rows, total, values) in [
        (
            "listed_account",
            ACCOUNTS_FOUND,
            pairs.len() as i64,
            &mut expected.accounts,
            account_values(pairs),
        ),
        (
            "listed_metadata",
            METADATA_FOUND,
            notes.len() as i64,
            &mut expected.metadata,
            note_values(notes),
        ),
    ] {
        *total += rows;
        let mut found = 0;
        for statement in sql.statements(values) {
            found += first_integer(store, &statement.sql, &statement.values)?.unwrap_or(0);
        }
        check.require(found == rows, || {
            format!("{table}: rows of {} to {last} are missing", after + 1)
        });
    }
    Ok(())
}

fn status_at<S: Store>(store: &S, place: i64) -> Result<Option<String>, StoreError> {
    let sql = "SELECT status FROM listed WHERE sequence = ?1";
    let row = store.query(sql, &[place.into()])?.first();
    row.map(|row| row.text(0)).transpose()
}

/// How many rows the statement's table has, read page by page: one query may take only so long.
fn count<S: Store, const N: usize>(
    store: &S,
    sql: &'static str,
    place: [Value; N],
) -> Result<i64, StoreError> {
    let mut rows = 0;
    for row in Pages::new(store, sql, place, COUNTED_AT_ONCE) {
        row?;
        rows += 1;
    }
    Ok(rows)
}

fn first_integer<S: Store>(
    store: &S,
    sql: &str,
    values: &[Value],
) -> Result<Option<i64>, StoreError> {
    match store.query(sql, values)?.first() {
        Some(row) => row.optional(0, Row::integer),
        None => Ok(None),
    }
}
