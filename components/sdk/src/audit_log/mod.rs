//! What staff did: who, when, what, the old, the new, and the request. The log only grows; triggers refuse anything else, and a hash chain
//! tells whoever got past them.
//!
//! A service that keeps one has [`LOG`], [`LOG_BY_TARGET`], and [`CHAIN`] among its migrations, adds a [`Record`] in the transaction that
//! does what it tells, and has [`check_chain`] among its invariants.
//!
//! - [`record`]: the rows;
//! - [`chain`]: their hash chain, in a table of its own;
//! - [`check`]: the chain verifies;
//! - [`page`]: the log as an auditor reads it.

mod chain;
mod check;
mod page;
mod record;

pub use check::check_chain;
pub use page::page;
pub use record::{Actor, COLUMNS, Event, Record};

/// The log. These statements are parts of released migrations, and so never change.
pub const LOG: [&str; 3] = [
    "CREATE TABLE audit_log (
            id         BLOB    PRIMARY KEY CHECK (length(id) = 16),
            at         INTEGER NOT NULL,
            actor      BLOB    NOT NULL CHECK (length(actor) = 16),
            action     TEXT    NOT NULL,
            target     BLOB    NOT NULL CHECK (length(target) = 16),
            old_value  TEXT,
            new_value  TEXT,
            request_id TEXT
        ) STRICT, WITHOUT ROWID",
    "CREATE TRIGGER audit_log_is_never_updated BEFORE UPDATE ON audit_log
            BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END",
    "CREATE TRIGGER audit_log_is_never_deleted_from BEFORE DELETE ON audit_log
            BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END",
];

/// So that what was done to one target is read without what was done to all others.
pub const LOG_BY_TARGET: &str = "CREATE INDEX audit_log_by_target ON audit_log (target, id)";

/// Beside the log, whose rows then need not be copied where a log was kept before there was a chain.
pub const CHAIN: [&str; 5] = [
    "CREATE TABLE audit_chain (
            sequence INTEGER PRIMARY KEY CHECK (sequence >= 1),
            event    BLOB    NOT NULL UNIQUE CHECK (length(event) = 16),
            hash     BLOB    NOT NULL CHECK (length(hash) = 32)
        ) STRICT",
    "CREATE TRIGGER audit_chain_is_never_updated BEFORE UPDATE ON audit_chain
            BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END",
    "CREATE TRIGGER audit_chain_is_never_deleted_from BEFORE DELETE ON audit_chain
            BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END",
    "CREATE TABLE audit_head (
            singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
            sequence  INTEGER NOT NULL,
            hash      BLOB    NOT NULL CHECK (length(hash) = 32)
        ) STRICT",
    "INSERT INTO audit_head (singleton, sequence, hash) VALUES (1, 0, zeroblob(32))",
];
