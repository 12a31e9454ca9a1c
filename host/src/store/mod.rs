//! The SQL store of a service: one SQLite database, one writer with group commit, and readers that
//! see durable data only.
//!
//! A guest reaches it through `strongroom:store/sql` ([`guest`]) alone. Every statement passes the
//! [`authorizer`], and has a time limit ([`budget`]). The database belongs to the *name* of a
//! service and outlives its components.
//!
//! A write goes down this list:
//! - [`service_store`]: the files of a service, opened;
//! - [`writer`]: begins a transaction, and ends one that takes too long; [`long_turns`]: who takes
//!   much of its time waits behind others;
//! - [`transaction`]: what the guest does in it;
//! - [`queue`]: the transactions that wait for the connection that writes, and when they commit;
//! - [`group`]: that connection, and the transactions that share a commit;
//! - [`connection`]: SQLite with our settings and limits.

mod authorizer;
mod bindings;
mod budget;
mod checkpoint;
mod commit_times;
mod connection;
mod copy;
mod error;
mod failed_sync;
pub mod faults;
mod figures;
mod group;
mod guest;
mod kept_log;
mod log_file;
mod long_turns;
mod metrics;
mod pace;
mod queue;
mod reader;
mod service_store;
mod sql_functions;
mod statement;
#[cfg(test)]
mod tests;
mod transaction;
mod wal_recovery;
mod writer;

pub use bindings::add_to_linker;
pub use copy::{StoreFiles, open_database};
pub use guest::{HasStore, StoreSession, StoreView};
pub use kept_log::{LogKeeper, LogPosition};
pub use log_file::{database_of_log, log_of};
pub use service_store::{ServiceStore, StoreTimes};
