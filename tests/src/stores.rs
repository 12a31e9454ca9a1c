//! The stores of a bank that does not run, as its files: read and changed past the bank.

use std::path::Path;

use rusqlite::Connection;

/// Puts all of a store into its one file.
pub fn settle(file: &Path) {
    let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
    let settled = open(file).query_row(checkpoint, [], |_| Ok(()));
    settled.expect("a checkpoint");
}

/// Opens a store for changes past its constraints; its triggers stay.
pub fn open_past_constraints(file: &Path) -> Connection {
    let connection = open(file);
    let settings = "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF;";
    connection.execute_batch(settings).expect("the settings");
    connection
}

fn open(file: &Path) -> Connection {
    Connection::open(file).expect("a store")
}
