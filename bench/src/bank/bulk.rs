//! A store whose transactions reach the file a thousand at a time.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use strongroom_sdk::store::{
    Rows, SqliteStore, SqliteTransaction, Store, StoreError, Transaction, Value,
};

/// How many transactions are one commit.
const TURNS_PER_COMMIT: u32 = 1_000;

/// Each transaction is a savepoint of an open one.
pub struct BulkStore {
    store: SqliteStore,
    open: Rc<RefCell<Option<SqliteTransaction>>>,
    turns: Cell<u32>,
}

/// A savepoint; dropping it rolls back to where it began.
pub struct BulkTurn {
    open: Rc<RefCell<Option<SqliteTransaction>>>,
    is_over: Cell<bool>,
}

impl BulkStore {
    /// Writes to `store`.
    pub fn new(store: SqliteStore) -> Self {
        Self {
            store,
            open: Rc::default(),
            turns: Cell::new(0),
        }
    }

    /// Commits what is open.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn finish(&self) -> Result<(), StoreError> {
        self.turns.set(0);
        self.open
            .borrow_mut()
            .take()
            .map_or(Ok(()), SqliteTransaction::commit)
    }
}

impl Store for BulkStore {
    type Transaction = BulkTurn;

    fn query(&self, sql: &str, params: &[Value]) -> Result<Rows, StoreError> {
        self.store.query(sql, params)
    }

    fn begin(&self) -> Result<BulkTurn, StoreError> {
        if self.turns.replace(self.turns.get() + 1) >= TURNS_PER_COMMIT {
            self.finish()?;
        }
        if self.open.borrow().is_none() {
            *self.open.borrow_mut() = Some(self.store.begin()?);
        }
        let turn = BulkTurn {
            open: Rc::clone(&self.open),
            is_over: Cell::new(false),
        };
        turn.execute("SAVEPOINT turn", &[])?;
        Ok(turn)
    }
}

impl BulkTurn {
    fn within<T>(
        &self,
        work: impl FnOnce(&SqliteTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let open = self.open.borrow();
        let open = open.as_ref();
        work(open.ok_or_else(|| StoreError::Aborted("the transaction was committed".to_owned()))?)
    }
}

impl Transaction for BulkTurn {
    fn execute(&self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        self.within(|open| open.execute(sql, params))
    }

    fn query(&self, sql: &str, params: &[Value]) -> Result<Rows, StoreError> {
        self.within(|open| open.query(sql, params))
    }

    fn commit(self) -> Result<(), StoreError> {
        self.is_over.set(true);
        self.execute("RELEASE turn", &[]).map(drop)
    }

    fn commit_later(self) -> Result<(), StoreError> {
        self.commit()
    }
}

impl Drop for BulkTurn {
    fn drop(&mut self) {
        if !self.is_over.get() {
            // A failed rollback leaves nothing to do: the whole is then rolled back when it is dropped.
            let _ = self.execute("ROLLBACK TO turn", &[]);
            let _ = self.execute("RELEASE turn", &[]);
        }
    }
}
