//! A write transaction that calls the host as late and as rarely as possible.
//!
//! Each call crosses the sandbox while other writers wait. So the transaction begins with its first
//! statement, in the same call if that is a query, and sends its changes with the commit.

use super::{Reader, Rows, StoreError, Transaction, Value};
use std::cell::RefCell;

/// A statement that must change exactly `rows` rows.
#[derive(Debug)]
pub struct Change {
    /// The SQL text.
    pub sql: String,
    /// The values of `?1`, `?2`, .. in order.
    pub params: Vec<Value>,
    /// How many rows it must change.
    pub rows: u64,
}

/// The static functions of `strongroom:store/sql`, which begin a transaction.
pub trait SqlHost {
    /// A transaction that the host has begun.
    type Begun: HostTransaction;

    /// Waits for the writer, and begins a transaction.
    fn begin_transaction(&self) -> Result<Self::Begun, StoreError>;

    /// Waits for the writer, begins a transaction, and runs one query in it.
    fn begin_query(&self, sql: &str, params: &[Value]) -> Result<(Self::Begun, Rows), StoreError>;
}

/// A transaction that the host has begun. Each of its calls is a call of the host.
pub trait HostTransaction: Transaction {
    /// Runs the changes in order, and commits.
    fn commit_with(self, changes: Vec<Change>) -> Result<(), StoreError>;
}

/// A transaction that begins at its first statement, and sends its changes with its commit.
pub struct DeferredTransaction<H: SqlHost> {
    host: H,
    state: RefCell<State<H::Begun>>,
    /// The changes that the host does not have yet.
    queued: RefCell<Vec<Change>>,
}

enum State<T> {
    /// The host has not begun it.
    Unbegun,
    Begun(T),
    /// A queued change has failed, and the host has rolled back.
    Failed,
}

impl<H: SqlHost> DeferredTransaction<H> {
    /// A transaction that has not begun.
    pub fn new(host: H) -> Self {
        Self {
            host,
            state: RefCell::new(State::Unbegun),
            queued: RefCell::default(),
        }
    }

    /// Begins the transaction if needed, runs the queued changes, and then `act`.
    fn flushed<T>(
        &self,
        act: impl FnOnce(&H::Begun) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut state = self.state.borrow_mut();
        if matches!(*state, State::Unbegun) {
            *state = State::Begun(self.host.begin_transaction()?);
        }
        let State::Begun(turn) = &*state else {
            return Err(StoreError::after_failed_change());
        };
        for Change { sql, params, rows } in self.queued.take() {
            if let Err(error) = turn.change(&sql, params, rows) {
                *state = State::Failed;
                return Err(error);
            }
        }
        act(turn)
    }

    /// Whether the next statement is the first one.
    fn is_untouched(&self) -> bool {
        matches!(*self.state.borrow(), State::Unbegun) && self.queued.borrow().is_empty()
    }
}

impl<H: SqlHost> Reader for DeferredTransaction<H> {
    fn query(&self, sql: &str, params: &[Value]) -> Result<Rows, StoreError> {
        if !self.is_untouched() {
            return self.flushed(|turn| turn.query(sql, params));
        }
        let (turn, rows) = self.host.begin_query(sql, params)?;
        self.state.replace(State::Begun(turn));
        Ok(rows)
    }
}

impl<H: SqlHost> Transaction for DeferredTransaction<H> {
    fn execute(&self, sql: &str, params: &[Value]) -> Result<u64, StoreError> {
        self.flushed(|turn| turn.execute(sql, params))
    }

    fn change(&self, sql: &str, params: Vec<Value>, rows: u64) -> Result<(), StoreError> {
        if matches!(*self.state.borrow(), State::Failed) {
            return Err(StoreError::after_failed_change());
        }
        let sql = sql.to_owned();
        self.queued.borrow_mut().push(Change { sql, params, rows });
        Ok(())
    }

    fn commit(self) -> Result<(), StoreError> {
        let changes = self.queued.into_inner();
        let turn = match self.state.into_inner() {
            State::Begun(turn) => turn,
            State::Failed => return Err(StoreError::after_failed_change()),
            State::Unbegun if changes.is_empty() => return Ok(()),
            State::Unbegun => self.host.begin_transaction()?,
        };
        if changes.is_empty() {
            turn.commit()
        } else {
            turn.commit_with(changes)
        }
    }

    fn commit_later(self) -> Result<(), StoreError> {
        if self.is_untouched() {
            return Ok(());
        }
        self.flushed(|_| Ok(()))?;
        match self.state.into_inner() {
            State::Begun(turn) => turn.commit_later(),
            State::Unbegun | State::Failed => Err(StoreError::after_failed_change()),
        }
    }
}

#[cfg(test)]
#[cfg(feature = "native")]
mod tests;
