//! Goal: pages have every row once, and a check names the first broken rows.

use super::*;
use crate::rows;
use crate::store::{
    Migration, Reader, Row, Rows, SqliteStore, SqliteTransaction, Store, StoreError,
    Transaction as _, Value,
};
use crate::testing::store_of;

const NUMBERS: &str = "WITH RECURSIVE number (value) AS
    (SELECT 1 UNION ALL SELECT value + 1 FROM number WHERE value < 7)
SELECT value FROM number WHERE value > ?1 AND value <= COUNT LIMIT ?2";

/// The numbers from 1 to `count`, which is at most 7.
fn pages<S: Store>(store: &S, count: i64, page_rows: usize) -> Pages<'_, S> {
    let sql = NUMBERS.replace("COUNT", &count.to_string());
    Pages::new(store, sql, [Value::from(0_i64)], page_rows)
}

/// A store that returns two rows at once.
struct NarrowStore(SqliteStore);

impl Reader for NarrowStore {
    fn query(&self, sql: &str, params: &[Value]) -> Result<Rows, StoreError> {
        let found = self.0.query(sql, params)?;
        match found.rows.len() {
            0..=2 => Ok(found),
            _ => Err(StoreError::TooLarge("more than two rows".to_owned())),
        }
    }
}

impl Store for NarrowStore {
    type Transaction = SqliteTransaction;

    fn begin(&self) -> Result<Self::Transaction, StoreError> {
        self.0.begin()
    }
}

fn read<S: Store>(pages: Pages<'_, S>) -> Vec<i64> {
    pages.map(|row| row.unwrap().integer(0).unwrap()).collect()
}

#[test]
fn every_row_is_read_once_wherever_the_pages_end_also_where_rows_are_long() {
    let store = SqliteStore::in_memory().unwrap();
    let narrow = NarrowStore(store.clone());
    for count in 0..=7 {
        let numbers: Vec<_> = (1..=count).collect();
        assert_eq!(read(pages(&store, count, 3)), numbers);
        assert_eq!(read(pages(&narrow, count, 7)), numbers);
    }
}

#[test]
fn a_peeked_row_is_still_returned() {
    let store = SqliteStore::in_memory().unwrap();
    let mut pages = pages(&store, 2, 1);
    for number in 1..=2 {
        let row = Row(vec![Value::from(number)]);
        assert_eq!(pages.peek(), Ok(Some(&row)));
        assert_eq!(pages.next(), Some(Ok(row)));
    }
    assert_eq!(pages.peek(), Ok(None));
    assert_eq!(pages.next(), None);
}

#[test]
fn nothing_follows_an_error() {
    let store = SqliteStore::in_memory().unwrap();
    let mut pages = Pages::new(&store, "nonsense", [Value::from(0_i64)], 1);
    assert!(pages.next().is_some_and(|row| row.is_err()));
    assert_eq!(pages.next(), None);
}

#[test]
fn a_check_names_each_broken_row_once_and_only_the_first_ones() {
    let mut check = Check::new("all is well");
    check.require(true, || "nothing".to_owned());
    let row = |number: usize| format!("row {number}");
    for number in [0, 0].into_iter().chain(1..30) {
        check.require(false, || row(number));
    }
    let first: Vec<_> = (0..VIOLATIONS_MAX).map(row).collect();
    assert_eq!(check.violations, first);
}

#[test]
fn what_was_added_to_a_schema_or_taken_out_of_it_is_found() {
    const STEPS: &[Migration] = &[Migration {
        number: 1,
        name: "a table",
        statements: &[
            "CREATE TABLE t (
                id INTEGER PRIMARY KEY, -- a remark
                v  TEXT NOT NULL UNIQUE
            ) STRICT, WITHOUT ROWID",
            "CREATE UNIQUE INDEX t_v ON t (v) WHERE v > 'a'",
            "CREATE TRIGGER t_stays BEFORE UPDATE ON t BEGIN SELECT RAISE(ABORT, 'no'); END",
            "INSERT INTO t VALUES (1, 'x')",
        ],
    }];
    let store = store_of(STEPS);
    assert_eq!(check_schema(&store, STEPS).unwrap().violations, [""; 0]);
    let planted = "CREATE TRIGGER planted AFTER INSERT ON t BEGIN DELETE FROM t; END";
    for (change, words) in rows! {
        ("DROP TRIGGER t_stays", "CREATE TRIGGER t_stays BEFORE UPDATE ON t"),
        ("DROP INDEX t_v", "CREATE UNIQUE INDEX t_v ON t: is not there"),
        (planted, "planted: was added or changed"),
    } {
        let transaction = store.begin().unwrap();
        transaction.execute(change, &[]).unwrap();
        // The store has one connection: the check reads what the transaction has changed.
        let found = check_schema(&store, STEPS).unwrap().violations;
        assert!(found.len() == 1 && found[0].starts_with(words), "{found:?}");
    }
}
