//! A store that notes how each of its transactions ended, for tests of what an answer rests on.
//!
//! The host commits several turns at once. Within a transaction one reads what earlier turns of the same group have written, before it
//! is on disk, and only [`Transaction::commit`] waits until it is: an answer from such a read must not come before.

use super::{Rows, SqliteStore, SqliteTransaction, Store, StoreError, Transaction, Value};
use std::cell::RefCell;
use std::rc::Rc;

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// By a commit that waited for the disk: for its own rows, and for those that it has read.
    OnDisk,
    /// By a commit that did not wait.
    Later,
    /// By a rollback, which does not wait either.
    RolledBack,
}

/// A [`SqliteStore`], and how its transactions ended.
#[derive(Clone)]
pub struct WatchedStore {
    store: SqliteStore,
    endings: Rc<RefCell<Vec<Ending>>>,
}

impl WatchedStore {
    /// Watches a store.
    pub fn new(store: SqliteStore) -> Self {
        Self {
            store,
            endings: Rc::default(),
        }
    }

    /// How the transactions since the last call ended, in order.
    pub fn take_endings(&self) -> Vec<Ending> {
        self.endings.take()
    }
}

impl Store for WatchedStore {
    type Transaction = WatchedTransaction;

    fn query(&self, sql: &str, params: &[Value]) -> Result<Rows, StoreError> {
        self.store.query(sql, params)
    }

    fn begin(&self) -> Result<Self::Transaction, StoreError> {
        Ok(WatchedTransaction {
            transaction: self.store.begin()?,
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
    noted: Noted,
}

/// Notes the ending when the transaction is over, however it got there.
struct Noted {
    endings: Rc<RefCell<Vec<Ending>>>,
    ending: Ending,
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.endings.borrow_mut().push(self.ending);
    }
}

impl Transaction for WatchedTransaction {
    fn execute(&self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        self.transaction.execute(sql, params)
    }

    fn query(&self, sql: &str, params: &[Value]) -> Result<Rows, StoreError> {
        self.transaction.query(sql, params)
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
