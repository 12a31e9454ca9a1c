//! A host of transactions on SQLite that notes its calls, for tests.

use super::{
    Change, DeferredTransaction, HostTransaction, Reader, Rows, SqlHost, SqliteStore,
    SqliteTransaction, Store, StoreError, Transaction, Value,
};
use std::cell::RefCell;
use std::rc::Rc;

/// A [`SqliteStore`] behind the calls that a component makes, which it notes.
#[derive(Clone)]
pub struct NotedHost {
    store: SqliteStore,
    calls: Rc<RefCell<Vec<String>>>,
}

impl NotedHost {
    /// Notes the calls of transactions on a store.
    pub fn new(store: SqliteStore) -> Self {
        let calls = Rc::default();
        Self { store, calls }
    }

    /// The calls since the last time, in order, such as `begin-query` and `commit-with 2`.
    pub fn take_calls(&self) -> Vec<String> {
        self.calls.take()
    }

    fn begun(&self, call: &str) -> Result<NotedTransaction, StoreError> {
        let begun = NotedTransaction {
            transaction: self.store.begin()?,
            calls: Rc::clone(&self.calls),
        };
        begun.note(call);
        Ok(begun)
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

/// A transaction of a [`NotedHost`].
pub struct NotedTransaction {
    transaction: SqliteTransaction,
    calls: Rc<RefCell<Vec<String>>>,
}

impl NotedTransaction {
    fn note(&self, call: impl Into<String>) {
        self.calls.borrow_mut().push(call.into());
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
