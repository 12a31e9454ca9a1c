//! Goal: few calls reach the host, and the outcome is that of the same statements run at once.
//! Method: a host on SQLite that records its calls, and random statements on it and on SQLite.

use super::*;
use crate::store::{SqliteStore, SqliteTransaction, Store};
use proptest::prelude::*;
use std::rc::Rc;

const INSERT: &str = "INSERT INTO t VALUES (?1)";
const DELETE: &str = "DELETE FROM t WHERE id = ?1";
const IDS: &str = "SELECT id FROM t ORDER BY id";

const NO_IDS: [i64; 0] = [];
const NO_CALLS: [&str; 0] = [];

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

    fn calls(&self) -> Vec<String> {
        self.calls.take()
    }

    fn ids(&self) -> Vec<i64> {
        ids(self.store.query(IDS, &[]).unwrap())
    }
}

fn ids(rows: Rows) -> Vec<i64> {
    rows.into_iter()
        .map(|row| row.integer(0).unwrap())
        .collect()
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

impl Transaction for NotedTransaction {
    fn execute(&self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        self.note("execute");
        self.transaction.execute(sql, params)
    }

    fn query(&self, sql: &str, params: &[Value]) -> Result<Rows, StoreError> {
        self.note("query");
        self.transaction.query(sql, params)
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

fn insert<H: SqlHost>(transaction: &DeferredTransaction<H>, id: i64) -> Result<(), StoreError> {
    transaction.change(INSERT, vec![id.into()], 1)
}

#[test]
fn a_transaction_that_reads_and_then_changes_makes_two_calls() {
    let host = NotingHost::new();
    let transaction = host.begin();
    assert_eq!(ids(transaction.query(IDS, &[]).unwrap()), NO_IDS);
    insert(&transaction, 1).unwrap();
    insert(&transaction, 2).unwrap();
    transaction.commit().unwrap();
    assert_eq!(host.calls(), ["begin-query", "commit-with 2"]);
    assert_eq!(host.ids(), [1, 2]);
}

#[test]
fn a_transaction_that_only_changes_makes_two_calls() {
    let host = NotingHost::new();
    let transaction = host.begin();
    insert(&transaction, 1).unwrap();
    transaction.commit().unwrap();
    assert_eq!(host.calls(), ["begin", "commit-with 1"]);
    assert_eq!(host.ids(), [1]);
}

#[test]
fn a_transaction_without_statements_makes_none() {
    let host = NotingHost::new();
    drop(host.begin());
    host.begin().commit().unwrap();
    host.begin().commit_later().unwrap();
    assert_eq!(host.calls(), NO_CALLS);
}

#[test]
fn a_dropped_transaction_leaves_nothing_and_does_not_begin_for_its_changes() {
    let host = NotingHost::new();
    let transaction = host.begin();
    insert(&transaction, 1).unwrap();
    drop(transaction);
    assert_eq!(host.calls(), NO_CALLS);
    let transaction = host.begin();
    insert(&transaction, 1).unwrap();
    transaction.query(IDS, &[]).unwrap();
    drop(transaction);
    assert_eq!(host.ids(), NO_IDS);
}

/// What it has read may not be on disk yet: the commit waits for that.
#[test]
fn a_transaction_that_only_read_commits() {
    let host = NotingHost::new();
    let transaction = host.begin();
    transaction.query(IDS, &[]).unwrap();
    transaction.commit().unwrap();
    assert_eq!(host.calls(), ["begin-query", "commit"]);
}

#[test]
fn queued_changes_run_before_a_query_and_before_an_execute() {
    let host = NotingHost::new();
    let transaction = host.begin();
    insert(&transaction, 1).unwrap();
    assert_eq!(ids(transaction.query(IDS, &[]).unwrap()), [1]);
    insert(&transaction, 2).unwrap();
    assert_eq!(transaction.execute(DELETE, &[2.into()]), Ok(1));
    insert(&transaction, 3).unwrap();
    transaction.commit().unwrap();
    let calls = host.calls().join(", ");
    assert_eq!(
        calls,
        "begin, execute, query, execute, execute, commit-with 1"
    );
    assert_eq!(host.ids(), [1, 3]);
}

#[test]
fn a_commit_later_runs_the_queued_changes_first() {
    let host = NotingHost::new();
    let transaction = host.begin();
    insert(&transaction, 1).unwrap();
    transaction.commit_later().unwrap();
    assert_eq!(host.calls(), ["begin", "execute", "commit-later"]);
    assert_eq!(host.ids(), [1]);
}

#[test]
fn a_first_query_that_fails_begins_nothing() {
    let host = NotingHost::new();
    let transaction = host.begin();
    assert!(transaction.query("SELECT x", &[]).is_err());
    assert_eq!(ids(transaction.query(IDS, &[]).unwrap()), NO_IDS);
    transaction.commit().unwrap();
    assert_eq!(host.calls(), ["begin-query", "begin-query", "commit"]);
}

#[test]
fn a_change_of_other_rows_undoes_the_transaction_wherever_it_runs() {
    type End = fn(DeferredTransaction<NotingHost>) -> Result<(), StoreError>;
    let ends: [End; 3] = [
        Transaction::commit,
        Transaction::commit_later,
        |transaction| transaction.query(IDS, &[]).map(drop),
    ];
    for end in ends {
        let host = NotingHost::new();
        let transaction = host.begin();
        insert(&transaction, 1).unwrap();
        transaction.change(DELETE, vec![2.into()], 1).unwrap();
        let error = end(transaction).unwrap_err();
        assert!(matches!(error, StoreError::UnexpectedRows(_)), "{error}");
        assert_eq!(host.ids(), NO_IDS);
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
    assert!(aborted(insert(&transaction, 1)));
    assert!(aborted(transaction.commit()));
    assert_eq!(host.ids(), NO_IDS);
}

/// One call of a transaction.
#[derive(Debug, Clone)]
enum Operation {
    Insert(i64),
    Delete(i64),
    DeleteIfThere(i64),
    Read,
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        (0..4_i64).prop_map(Operation::Insert),
        (0..4_i64).prop_map(Operation::Delete),
        (0..4_i64).prop_map(Operation::DeleteIfThere),
        Just(Operation::Read),
    ]
}

/// Runs the operations up to the first error, and returns what was read before it.
fn run(
    transaction: impl Transaction,
    operations: &[Operation],
) -> (Vec<Vec<i64>>, Result<(), StoreError>) {
    let mut read = Vec::new();
    for operation in operations {
        let done = match operation {
            Operation::Insert(id) => transaction.change(INSERT, vec![(*id).into()], 1),
            Operation::Delete(id) => transaction.change(DELETE, vec![(*id).into()], 1),
            Operation::DeleteIfThere(id) => transaction.execute(DELETE, &[(*id).into()]).map(drop),
            Operation::Read => transaction.query(IDS, &[]).map(|rows| read.push(ids(rows))),
        };
        if done.is_err() {
            return (read, done);
        }
    }
    let done = transaction.commit();
    (read, done)
}

proptest! {
    /// The statements of a transaction have the outcome that they have when each runs at once.
    #[test]
    fn queueing_changes_when_and_not_what(transactions in prop::collection::vec(
        prop::collection::vec(operation(), 0..8),
        1..4,
    )) {
        let (queued, at_once) = (NotingHost::new(), NotingHost::new());
        for operations in transactions {
            let late = run(queued.begin(), &operations);
            let early = run(at_once.store.begin().unwrap(), &operations);
            prop_assert_eq!(late, early);
            prop_assert_eq!(queued.ids(), at_once.ids());
        }
    }
}
