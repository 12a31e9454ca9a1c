//! The SQL store of a service, behind one small trait.
//!
//! In a component the trait is the `strongroom:store/sql` import (`HostStore`). In native tests and
//! in the bench's native twin it is SQLite itself (`SqliteStore`). Both run the same rules and the
//! same SQL.

mod deferred;
mod error;
mod many_rows;
mod migrate;
#[cfg(feature = "native")]
mod native;
#[cfg(feature = "native")]
mod noted;
mod purge;
mod row;
mod value;
#[cfg(target_family = "wasm")]
mod wasm;
#[cfg(feature = "native")]
mod watched;

pub use deferred::{Change, DeferredTransaction, HostTransaction, SqlHost};
pub use error::StoreError;
pub use many_rows::{ManyRows, Statement};
pub(crate) use migrate::SCHEMA_MIGRATION;
pub use migrate::{Migration, migrate};
#[cfg(feature = "native")]
pub use native::{SqliteStore, SqliteTransaction, drop_guards};
#[cfg(feature = "native")]
pub use noted::{NotedHost, NotedTransaction};
pub use purge::purge;
pub use row::{Row, Rows};
pub use value::Value;
#[cfg(target_family = "wasm")]
pub use wasm::HostStore;
#[cfg(feature = "native")]
pub use watched::{Ending, WatchedStore, WatchedTransaction};

/// What has rows: a [`Store`] or a [`Transaction`].
pub trait Reader {
    /// Runs one statement, and returns its rows. A store only reads, from a snapshot of what is
    /// durable. A transaction sees its own changes.
    fn query(&self, sql: &str, params: &[Value]) -> Result<Rows, StoreError>;
}

/// A service's SQL store: durable reads, and write transactions.
pub trait Store: Reader {
    /// A write transaction of this store.
    type Transaction: Transaction;

    /// Begins a write transaction.
    ///
    /// The transaction waits for the writer at its first statement. Read what depends on the order
    /// of transactions, such as a time that must not go back, after a first query.
    fn begin(&self) -> Result<Self::Transaction, StoreError>;
}

/// A write transaction. Dropping it rolls back.
///
/// It reads the rows of earlier turns of the same group, which may not be on disk yet. Only
/// [`Transaction::commit`] waits for the group. Commit before you respond from such a row, even if
/// you wrote nothing.
pub trait Transaction: Reader {
    /// Runs one statement that changes rows, and returns how many it changed.
    ///
    /// If it fails, the transaction goes on without it. Use it for a statement whose error the
    /// caller handles, such as a constraint that says that a name is taken.
    fn execute(&self, sql: &str, params: &[Value]) -> Result<u64, StoreError>;

    /// Queues a statement that must change exactly `rows` rows. It runs at the commit, in one call
    /// of the host with the others that are queued, or before the next
    /// [`execute`](Transaction::execute) or [`query`](Reader::query) of this transaction.
    ///
    /// # Errors
    /// [`StoreError::UnexpectedRows`] for another number of rows. This error, or that of the
    /// statement, comes from this call or from the one that runs the statement. It rolls the
    /// transaction back.
    fn change(&self, sql: &str, params: Vec<Value>, rows: u64) -> Result<(), StoreError> {
        let changed = self.execute(sql, &params)?;
        StoreError::unless_rows(sql, changed, rows)
    }

    /// Commits, and returns when the changes are on disk.
    fn commit(self) -> Result<(), StoreError>;

    /// Commits with the next group, and returns without waiting for the disk. A crash may still
    /// lose the changes.
    fn commit_later(self) -> Result<(), StoreError>;
}
