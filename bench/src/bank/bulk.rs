//! A store that commits a thousand transactions at a time.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use strongroom_sdk::store::{
    Reader, Rows, SqliteStore, SqliteTransaction, Store, StoreError, Transaction, Value,
};

/// How many transactions share a commit.
const TRANSACTIONS_PER_COMMIT: u32 = 1_000;

pub struct BulkStore {
    store: SqliteStore,
    open: RefCell<Option<Rc<SqliteTransaction>>>,
    count: Cell<u32>,
}

/// A share of the open transaction. Who drops it without a commit must drop the store, too: only
/// that undoes its changes.
pub struct BulkTransaction(Rc<SqliteTransaction>);

impl BulkStore {
    pub fn new(store: SqliteStore) -> Self {
        Self {
            store,
            open: RefCell::default(),
            count: Cell::new(0),
        }
    }

    /// Commits the open transaction.
    pub fn finish(&self) -> Result<(), StoreError> {
        self.count.set(0);
        match self.open.take().map(Rc::into_inner) {
            None => Ok(()),
            Some(Some(open)) => open.commit(),
            Some(None) => Err(StoreError::Aborted("a transaction is open".to_owned())),
        }
    }
}

impl Reader for BulkStore {
    fn query(&self, sql: &str, params: &[Value]) -> Result<Rows, StoreError> {
        self.store.query(sql, params)
    }
}

impl Store for BulkStore {
    type Transaction = BulkTransaction;

    fn begin(&self) -> Result<BulkTransaction, StoreError> {
        if self.count.replace(self.count.get() + 1) >= TRANSACTIONS_PER_COMMIT {
            self.finish()?;
        }
        let mut open = self.open.borrow_mut();
        if open.is_none() {
            *open = Some(Rc::new(self.store.begin()?));
        }
        Ok(BulkTransaction(open.clone().expect("it has begun")))
    }
}

impl Reader for BulkTransaction {
    fn query(&self, sql: &str, params: &[Value]) -> Result<Rows, StoreError> {
        self.0.query(sql, params)
    }
}

impl Transaction for BulkTransaction {
    fn execute(&self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        self.0.execute(sql, params)
    }

    fn commit(self) -> Result<(), StoreError> {
        Ok(())
    }

    fn commit_later(self) -> Result<(), StoreError> {
        Ok(())
    }
}
