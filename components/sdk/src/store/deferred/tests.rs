//! Goal: few calls reach the host, and the outcome is that of the same statements run at once.
//! Method: a host on SQLite that records its calls, and scripts of statements, named and random.

use super::*;
use crate::store::{Reader, SqliteStore, SqliteTransaction, Store};
use proptest::prelude::*;
use std::rc::Rc;

const INSERT: &str = "INSERT INTO t VALUES (?1)";
const DELETE: &str = "DELETE FROM t WHERE id = ?1";
const IDS: &str = "SELECT id FROM t ORDER BY id";

/// A host on SQLite that records its calls.
#[derive(Clone)]
struct NotingHost {
    store: SqliteStore,
    calls: Rc<RefCell<Vec<String>>>,
}

struct NotedTransaction {
    transaction: SqliteTransaction,
    calls: Rc<RefCell<Vec<String>>>,
}

impl NotingHost {
    fn new() -> Self {
        let store = SqliteStore::in_memory().unwrap();
        let transaction = store.begin().unwrap();
        let create = "CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT";
        transaction.execute(create, &[]).unwrap();
        transaction.commit().unwrap();
        let calls = Rc::default();
        Self { store, calls }
    }

    fn begin(&self) -> DeferredTransaction<Self> {
        DeferredTransaction::new(self.clone())
    }

    fn begun(&self, call: &str) -> Result<NotedTransaction, StoreError> {
        let begun = NotedTransaction {
            transaction: self.store.begin()?,
            calls: Rc::clone(&self.calls),
        };
        begun.note(call);
        Ok(begun)
    }

    fn calls(&self) -> String {
        self.calls.take().join(", ")
    }

    fn ids(&self) -> Vec<i64> {
        ids(self.store.query(IDS, &[]).unwrap())
    }
}

fn ids(rows: Rows) -> Vec<i64> {
    let ids = rows.into_iter().map(|row| row.integer(0).unwrap());
    ids.collect()
}

impl NotedTransaction {
    fn note(&self, call: impl Into<String>) {
        self.calls.borrow_mut().push(call.into());
    }
}

impl SqlHost for NotingHost {
    type Begun = NotedTransaction;

    fn begin_transaction(&self) -> Result<NotedTransaction, StoreError> {
        self.begun("begin")
    }

    fn begin_query(
        &self,
        sql: &str,
        params: &[Value],
    ) -> Result<(NotedTransaction, Rows), StoreError> {
        let begun = self.begun("begin-query")?;
        let rows = begun.transaction.query(sql, params)?;
        Ok((begun, rows))
    }
}

impl Reader for NotedTransaction {
    fn query(&self, sql: &str, params: &[Value]) -> Result<Rows, StoreError> {
        self.note("query");
        self.transaction.query(sql, params)
    }
}

impl Transaction for NotedTransaction {
    fn execute(&self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        self.note("execute");
        self.transaction.execute(sql, params)
    }

    fn commit(self) -> Result<(), StoreError> {
        self.note("commit");
        self.transaction.commit()
    }

    fn commit_later(self) -> Result<(), StoreError> {
        self.note("commit-later");
        self.transaction.commit_later()
    }
}

impl HostTransaction for NotedTransaction {
    fn commit_with(self, changes: Vec<Change>) -> Result<(), StoreError> {
        self.note(format!("commit-with {}", changes.len()));
        for Change { sql, params, rows } in changes {
            self.transaction.change(&sql, params, rows)?;
        }
        self.transaction.commit()
    }
}

/// What a script read, and how it ended.
type Outcome = (Vec<Vec<i64>>, Result<(), StoreError>);

/// Runs the words of a script up to the first error: `+1` and `-1` are changes that insert and
/// delete a row, `try-1` deletes it if it is there, and `read` reads all. The end is `commit`,
/// `later`, or `drop`.
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
    for (script, calls, left) in [
        (
            "read +1 +2 commit",
            "begin-query, commit-with 2",
            vec![1, 2],
        ),
        ("+1 commit", "begin, commit-with 1", vec![1]),
        // A transaction without statements, or with changes that are dropped, does not begin.
        ("drop", "", vec![]),
        ("commit", "", vec![]),
        ("later", "", vec![]),
        ("+1 drop", "", vec![]),
        ("+1 read drop", "begin, execute, query", vec![]),
        // The rows that it has read may not be on disk yet: the commit waits for them.
        ("read commit", "begin-query, commit", vec![]),
        ("+1 read +2 try-2 +3 commit", ALL, vec![1, 3]),
        ("+1 later", "begin, execute, commit-later", vec![1]),
    ] {
        let host = NotingHost::new();
        let (_, ended) = run(host.begin(), script);
        assert_eq!(ended, Ok(()), "{script}");
        assert_eq!(host.calls(), calls, "{script}");
        assert_eq!(host.ids(), left, "{script}");
    }
}

#[test]
fn a_first_query_that_fails_begins_nothing() {
    let host = NotingHost::new();
    let transaction = host.begin();
    assert!(transaction.query("SELECT x", &[]).is_err());
    assert_eq!(run(transaction, "read commit"), (vec![vec![]], Ok(())));
    assert_eq!(host.calls(), "begin-query, begin-query, commit");
}

#[test]
fn a_change_of_other_rows_undoes_the_transaction_wherever_it_runs() {
    for end in ["commit", "later", "read drop"] {
        let host = NotingHost::new();
        let (_, ended) = run(host.begin(), &format!("+1 -2 {end}"));
        assert!(matches!(ended, Err(StoreError::UnexpectedRows(_))), "{end}");
        assert_eq!(host.ids(), [0; 0]);
    }
}

#[test]
fn nothing_goes_on_after_a_failed_change() {
    let host = NotingHost::new();
    let transaction = host.begin();
    transaction.change(DELETE, vec![1.into()], 1).unwrap();
    transaction.query(IDS, &[]).unwrap_err();
    let aborted = |outcome| matches!(outcome, Err(StoreError::Aborted(_)));
    assert!(aborted(transaction.query(IDS, &[]).map(drop)));
    assert!(aborted(transaction.execute(INSERT, &[1.into()]).map(drop)));
    assert!(aborted(transaction.change(INSERT, vec![1.into()], 1)));
    assert!(aborted(transaction.commit()));
    assert_eq!(host.ids(), [0; 0]);
}

proptest! {
    /// The statements of a transaction have the outcome that they have when each runs at once.
    #[test]
    fn queueing_changes_when_and_not_what(
        scripts in prop::collection::vec("((\\+|-|try-)[0-3] |read ){0,7}commit", 1..4),
    ) {
        let (queued, at_once) = (NotingHost::new(), NotingHost::new());
        for script in scripts {
            let late = run(queued.begin(), &script);
            let early = run(at_once.store.begin().unwrap(), &script);
            prop_assert_eq!(late, early);
            prop_assert_eq!(queued.ids(), at_once.ids());
        }
    }
}
