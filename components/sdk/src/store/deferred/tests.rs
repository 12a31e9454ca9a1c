//! Goal: few calls reach the host, and the outcome is that of the same statements run at once.

use super::*;
use crate::rows;
use crate::store::{NotedHost, SqliteStore, Store};
use crate::testing::TestStore;
use proptest::prelude::*;

const INSERT: &str = "INSERT INTO t VALUES (?1)";
const DELETE: &str = "DELETE FROM t WHERE id = ?1";
const IDS: &str = "SELECT id FROM t ORDER BY id";

fn store() -> SqliteStore {
    let store = SqliteStore::in_memory().unwrap();
    store.execute("CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT");
    store
}

fn host() -> NotedHost {
    NotedHost::new(store())
}

fn calls_of(host: &NotedHost) -> String {
    host.take_calls().join(", ")
}

fn ids_of(store: &impl Reader) -> Vec<i64> {
    ids(store.query(IDS, &[]).unwrap())
}

fn ids(rows: Rows) -> Vec<i64> {
    rows.all(|row| row.integer(0)).unwrap()
}

/// What a script read, and how it ended.
type Outcome = (Vec<Vec<i64>>, Result<(), StoreError>);

/// Runs a script up to the first error: `+1` and `-1` insert and delete a row, `try-1` deletes it
/// if it is there, and `read` reads all; `commit`, `later`, or `drop` ends it.
fn run(transaction: impl Transaction, script: &str) -> Outcome {
    let mut read = Vec::new();
    for word in script.split(' ') {
        let id = |at: usize| vec![Value::from(word[at..].parse::<i64>().unwrap())];
        let done = match word {
            "commit" => return (read, transaction.commit()),
            "later" => return (read, transaction.commit_later()),
            "drop" => break,
            "read" => transaction.query(IDS, &[]).map(|rows| read.push(ids(rows))),
            _ if word.starts_with('+') => transaction.change(INSERT, id(1), 1),
            _ if word.starts_with('-') => transaction.change(DELETE, id(1), 1),
            _ => transaction.execute(DELETE, &id(4)).map(drop),
        };
        if done.is_err() {
            return (read, done);
        }
    }
    (read, Ok(()))
}

#[test]
fn a_transaction_makes_these_calls_and_leaves_these_rows() {
    const ALL: &str = "begin, execute, query, execute, execute, commit-with 1";
    for (script, calls, left) in rows! {
        ("read +1 +2 commit", "begin-query, commit-with 2", vec![1, 2]),
        ("+1 commit", "begin, commit-with 1", vec![1]),
        // A transaction without statements, or with changes that are dropped, does not begin.
        ("drop", "", vec![]), ("commit", "", vec![]), ("later", "", vec![]),
        ("+1 drop", "", vec![]), ("+1 read drop", "begin, execute, query", vec![]),
        // The rows that it has read may not be on disk yet: the commit waits for them.
        ("read commit", "begin-query, commit", vec![]),
        ("+1 read +2 try-2 +3 commit", ALL, vec![1, 3]),
        ("+1 later", "begin, execute, commit-later", vec![1]),
    } {
        let host = host();
        let (_, ended) = run(host.begin().unwrap(), script);
        assert_eq!(ended, Ok(()), "{script}");
        assert_eq!(calls_of(&host), calls, "{script}");
        assert_eq!(ids_of(&host), left, "{script}");
    }
}

#[test]
fn a_first_query_that_fails_begins_nothing() {
    let host = host();
    let transaction = host.begin().unwrap();
    assert!(transaction.query("SELECT x", &[]).is_err());
    assert_eq!(run(transaction, "read commit"), (vec![vec![]], Ok(())));
    assert_eq!(calls_of(&host), "begin-query, begin-query, commit");
}

#[test]
fn a_change_of_other_rows_undoes_the_transaction_wherever_it_runs() {
    for end in ["commit", "later", "read drop"] {
        let host = host();
        let (_, ended) = run(host.begin().unwrap(), &format!("+1 -2 {end}"));
        assert!(matches!(ended, Err(StoreError::UnexpectedRows(_))), "{end}");
        assert_eq!(ids_of(&host), [0; 0]);
    }
}

#[test]
fn nothing_goes_on_after_a_failed_change() {
    let host = host();
    let transaction = host.begin().unwrap();
    transaction.change(DELETE, vec![1.into()], 1).unwrap();
    transaction.query(IDS, &[]).unwrap_err();
    let aborted = |outcome| matches!(outcome, Err(StoreError::Aborted(_)));
    assert!(aborted(transaction.query(IDS, &[]).map(drop)));
    assert!(aborted(transaction.execute(INSERT, &[1.into()]).map(drop)));
    assert!(aborted(transaction.change(INSERT, vec![1.into()], 1)));
    assert!(aborted(transaction.commit()));
    assert_eq!(ids_of(&host), [0; 0]);
}

proptest! {
    /// The statements of a transaction have the outcome that they have when each runs at once.
    #[test]
    fn queueing_changes_when_and_not_what(
        scripts in prop::collection::vec("((\\+|-|try-)[0-3] |read ){0,7}commit", 1..4),
    ) {
        let (queued, at_once) = (host(), store());
        for script in scripts {
            let late = run(queued.begin().unwrap(), &script);
            prop_assert_eq!(late, run(at_once.begin().unwrap(), &script));
            prop_assert_eq!(ids_of(&queued), ids_of(&at_once));
        }
    }
}
