//! A store that records how its transactions end, and which statements they run, for tests.
//!
//! The host commits several turns at once. A transaction reads the rows of earlier turns of the
//! group before they are on disk, and only [`Transaction::commit`] waits for the disk. A response
//! from such a read must not come before.

use super::{Reader, Rows, SqliteStore, SqliteTransaction, Store, StoreError, Transaction, Value};
use std::cell::RefCell;
use std::rc::Rc;

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// By a commit that waited for the disk, for its own rows and for those that it has read.
    OnDisk,
    /// By a commit that did not wait.
    Later,
    /// By a rollback, which does not wait for the disk.
    RolledBack,
}

/// The opcode of SQLite that makes a temporary table.
const TEMPORARY_TABLE: &str = "OpenEphemeral";

/// A [`SqliteStore`] that records what its transactions do.
#[derive(Clone)]
pub struct WatchedStore {
    store: SqliteStore,
    endings: Rc<RefCell<Vec<Ending>>>,
    statements: Rc<RefCell<Vec<SeenStatement>>>,
}

/// A statement, and the number of its parameters.
type SeenStatement = (String, usize);

impl WatchedStore {
    /// Watches a store.
    pub fn new(store: SqliteStore) -> Self {
        Self {
            store,
            endings: Rc::default(),
            statements: Rc::default(),
        }
    }

    /// How the transactions since the last call ended, in order.
    pub fn take_endings(&self) -> Vec<Ending> {
        self.endings.take()
    }

    /// The statements of transactions since the last call for which SQLite makes a temporary table.
    /// One costs as much as some rows, and all other writers wait for it.
    pub fn take_temporary_tables(&self) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        for (sql, parameters) in self.statements.take() {
            let program = self
                .store
                .query(&format!("EXPLAIN {sql}"), &vec![Value::Null; parameters])?;
            for step in program {
                if step.text(1)? == TEMPORARY_TABLE {
                    found.push(sql.clone());
                }
            }
        }
        Ok(found)
    }
}

impl Reader for WatchedStore {
    fn query(&self, sql: &str, params: &[Value]) -> Result<Rows, StoreError> {
        self.store.query(sql, params)
    }
}

impl Store for WatchedStore {
    type Transaction = WatchedTransaction;

    fn begin(&self) -> Result<Self::Transaction, StoreError> {
        Ok(WatchedTransaction {
            transaction: self.store.begin()?,
            statements: Rc::clone(&self.statements),
            noted: Noted {
                endings: Rc::clone(&self.endings),
                ending: Ending::RolledBack,
            },
        })
    }
}

/// A transaction of a [`WatchedStore`].
pub struct WatchedTransaction {
    transaction: SqliteTransaction,
    statements: Rc<RefCell<Vec<SeenStatement>>>,
    noted: Noted,
}

impl WatchedTransaction {
    fn note(&self, sql: &str, params: &[Value]) {
        let seen = (sql.to_owned(), params.len());
        self.statements.borrow_mut().push(seen);
    }
}

/// Records the ending when it is dropped with its transaction.
struct Noted {
    endings: Rc<RefCell<Vec<Ending>>>,
    ending: Ending,
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.endings.borrow_mut().push(self.ending);
    }
}

impl Reader for WatchedTransaction {
    fn query(&self, sql: &str, params: &[Value]) -> Result<Rows, StoreError> {
        self.note(sql, params);
        self.transaction.query(sql, params)
    }
}

impl Transaction for WatchedTransaction {
    fn execute(&self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        self.note(sql, params);
        self.transaction.execute(sql, params)
    }

    fn change(&self, sql: &str, params: Vec<Value>, rows: u64) -> Result<(), StoreError> {
        self.note(sql, &params);
        self.transaction.change(sql, params, rows)
    }

    fn commit(mut self) -> Result<(), StoreError> {
        self.transaction.commit()?;
        self.noted.ending = Ending::OnDisk;
        Ok(())
    }

    fn commit_later(mut self) -> Result<(), StoreError> {
        self.transaction.commit_later()?;
        self.noted.ending = Ending::Later;
        Ok(())
    }
}
