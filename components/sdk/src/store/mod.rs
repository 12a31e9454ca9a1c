//! The SQL store of a service, behind one small trait.
//!
//! In a component the trait is the `strongroom:store/sql` import ([`HostStore`]); in native tests and in the bench's native twin it
//! is SQLite itself ([`SqliteStore`]). Rules and SQL are written once, against the trait, and so cannot drift apart.

mod deferred;
mod migrate;
#[cfg(feature = "native")]
mod native;
mod row;
mod value;
#[cfg(target_family = "wasm")]
mod wasm;
#[cfg(feature = "native")]
mod watched;

pub use deferred::{Change, DeferredTransaction, HostTransaction, SqlHost};
pub use migrate::{Migration, migrate};
#[cfg(feature = "native")]
pub use native::{SqliteStore, SqliteTransaction};
pub use row::{Row, Rows};
pub use value::Value;
#[cfg(target_family = "wasm")]
pub use wasm::HostStore;
#[cfg(feature = "native")]
pub use watched::{Ending, WatchedStore, WatchedTransaction};

/// Why a statement or a transaction did not succeed; unless said otherwise, nothing of it took effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A constraint refused the row; the text names it.
    #[error("constraint: {0}")]
    Constraint(String),
    /// The statement or its parameters are wrong.
    #[error("invalid statement: {0}")]
    Invalid(String),
    /// The store's tables are not those of this component.
    #[error("schema: {0}")]
    Schema(String),
    /// The statement tries what a service may not do.
    #[error("denied: {0}")]
    Denied(String),
    /// The answer has more rows or bytes than the store's limits allow.
    #[error("answer too large: {0}")]
    TooLarge(String),
    /// The statement or the write transaction took longer than its limit.
    #[error("the store's time limit has passed")]
    TimedOut,
    /// Too many callers wait for the writer.
    #[error("the store is busy")]
    Busy,
    /// The host does not trust the machine's clock, and begins and commits no write transaction.
    #[error("the machine's clock is not trusted")]
    Clock,
    /// The transaction was rolled back; begin a new one.
    #[error("transaction aborted: {0}")]
    Aborted(String),
    /// A statement changed more or fewer rows than it must, which is a fault of the service. The
    /// transaction is rolled back.
    #[error("unexpected rows: {0}")]
    UnexpectedRows(String),
    /// The store's size limit is reached, or the disk is full.
    #[error("the store is full")]
    Full,
    /// The disk failed.
    #[error("disk: {0}")]
    Io(String),
    /// A row did not have the column or the type that the code asked for.
    #[error("row: {0}")]
    Row(String),
}

impl StoreError {
    /// The error of each call after a failed change.
    fn after_failed_change() -> Self {
        Self::Aborted("an earlier change of the transaction failed".to_owned())
    }
}

/// A service's SQL store: durable reads, and write transactions.
pub trait Store {
    /// A write transaction of this store.
    type Transaction: Transaction;

    /// Runs one read-only statement on a snapshot of what is durable.
    fn query(&self, sql: &str, params: &[Value]) -> Result<Rows, StoreError>;

    /// Begins a write transaction.
    ///
    /// The transaction waits for the writer's turn at its first statement. What depends on the turn,
    /// such as a time that must not go back, comes after a first query.
    fn begin(&self) -> Result<Self::Transaction, StoreError>;
}

/// A write transaction; dropping it rolls back.
///
/// It reads what earlier turns of the same group have written, which may not be on disk yet, and only
/// [`Transaction::commit`] waits for the group. So what is answered from a row that was read here is
/// answered after a commit, even of nothing.
pub trait Transaction {
    /// Runs one statement that changes rows, and returns how many it changed.
    ///
    /// If it fails, the transaction goes on without it: this is the call for a statement whose error
    /// the caller handles, such as a constraint that says that a name is taken.
    fn execute(&self, sql: &str, params: &[Value]) -> Result<u64, StoreError>;

    /// Queues a statement that must change exactly `rows` rows. It runs at the commit, in one call
    /// of the host with the others that are queued, or before the next
    /// [`execute`](Transaction::execute) or [`query`](Transaction::query) of this transaction.
    ///
    /// # Errors
    /// [`StoreError::UnexpectedRows`] for another number of rows. This error, or the statement's own,
    /// comes from this call or from the one that runs the statement. It ends the transaction: nothing
    /// of it takes effect.
    fn change(&self, sql: &str, params: Vec<Value>, rows: u64) -> Result<(), StoreError> {
        let changed = self.execute(sql, &params)?;
        expect_rows(sql, changed, rows)
    }

    /// Runs one statement and returns its rows; sees this transaction's own changes.
    fn query(&self, sql: &str, params: &[Value]) -> Result<Rows, StoreError>;

    /// Commits, and returns when the change is on disk.
    fn commit(self) -> Result<(), StoreError>;

    /// Ends the transaction and lets it become durable with the next group commit, without waiting. A
    /// crash may still lose it.
    fn commit_later(self) -> Result<(), StoreError>;
}

fn expect_rows(sql: &str, changed: u64, rows: u64) -> Result<(), StoreError> {
    if changed == rows {
        Ok(())
    } else {
        let text = format!("{changed} and not {rows} were changed by: {sql}");
        Err(StoreError::UnexpectedRows(text))
    }
}
