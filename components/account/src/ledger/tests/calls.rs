//! Goal: a posting is two calls to the host: the first begins with a query, the second commits with
//! all changes.
//! Method: the transaction of a component, on a host that records its calls.

use super::*;
use std::cell::RefCell;
use std::rc::Rc;
use strongroom_sdk::store::{
    Change, DeferredTransaction, HostTransaction, Reader, Rows, SqlHost, SqliteTransaction,
};

type Calls = Rc<RefCell<Vec<&'static str>>>;

#[derive(Clone)]
struct NotedHost {
    store: SqliteStore,
    calls: Calls,
}

struct NotedTransaction {
    transaction: SqliteTransaction,
    calls: Calls,
}

impl NotedHost {
    fn new(store: SqliteStore) -> Self {
        let calls = Rc::default();
        Self { store, calls }
    }

    fn turn(&self, call: &'static str) -> Result<NotedTransaction, StoreError> {
        self.calls.borrow_mut().push(call);
        Ok(NotedTransaction {
            transaction: self.store.begin()?,
            calls: Rc::clone(&self.calls),
        })
    }
}

impl Reader for NotedHost {
    fn query(&self, sql: &str, params: &[Value]) -> Result<Rows, StoreError> {
        self.store.query(sql, params)
    }
}

impl Store for NotedHost {
    type Transaction = DeferredTransaction<Self>;

    fn begin(&self) -> Result<Self::Transaction, StoreError> {
        Ok(DeferredTransaction::new(self.clone()))
    }
}

impl SqlHost for NotedHost {
    type Begun = NotedTransaction;

    fn begin_transaction(&self) -> Result<NotedTransaction, StoreError> {
        self.turn("begin")
    }

    fn begin_query(
        &self,
        sql: &str,
        params: &[Value],
    ) -> Result<(NotedTransaction, Rows), StoreError> {
        let turn = self.turn("begin-query")?;
        let rows = turn.transaction.query(sql, params)?;
        Ok((turn, rows))
    }
}

impl NotedTransaction {
    fn note(&self, call: &'static str) {
        self.calls.borrow_mut().push(call);
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
        self.note("commit-with");
        for Change { sql, params, rows } in changes {
            self.transaction.change(&sql, params, rows)?;
        }
        self.transaction.commit()
    }
}

#[test]
fn a_posting_is_one_query_and_one_commit_with_its_changes() {
    let (store, from, to) = bank();
    let host = NotedHost::new(store);
    let denied = Transfer {
        denied_by: Some("rule".to_owned()),
        ..pay(9, &from, &to, 1)
    };
    for transfer in [
        // The settlement account exists already.
        transfer(2, Kind::Deposit, None, Some(from.id), 1),
        transfer(3, Kind::Withdrawal, Some(from.id), None, 1),
        pay(4, &from, &to, 1),
        pay(5, &from, &to, 9_000),
        holds::hold(6, &from, &to, 1),
        holds::of_original(7, Kind::Capture, 6, 1),
        holds::of_original(8, Kind::Reversal, 4, 1),
        denied,
        holds::hold(10, &from, &to, 1),
        holds::of_original(11, Kind::Void, 10, 1),
    ] {
        posted(&host, &transfer).unwrap();
        let calls = host.calls.take();
        assert_eq!(calls, ["begin-query", "commit-with"], "{transfer:?}");
        // A retry reads the record, and waits for the disk.
        posted(&host, &transfer).unwrap();
        let calls = host.calls.take();
        assert_eq!(calls, ["begin-query", "query", "commit"], "{transfer:?}");
    }
    cancelled(&host, &pay(12, &from, &to, 1)).unwrap();
    assert_eq!(host.calls.take(), ["begin-query", "commit-with"]);
}

#[test]
fn a_batch_reads_its_accounts_and_writes_with_its_commit() {
    let (store, from, to) = bank();
    let host = NotedHost::new(store);
    for (id, count) in [(10, 1), (11, 100)] {
        let lines = vec![batch::line(&from, &to, 1); count];
        posted_batch(&host, &batch::batch(id, true, lines)).unwrap();
        let calls = host.calls.take();
        assert_eq!(calls, ["begin-query", "query", "commit-with"]);
    }
}
