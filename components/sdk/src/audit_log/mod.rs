//! The log of what staff do: the time, the actor, the action, its target, the old and the new
//! value, and the request.
//!
//! A service has [`migration`] among its migrations, and appends a [`Record`] in the transaction
//! that makes the change. The log only grows: triggers refuse other statements, and a hash chain
//! shows changes past them. An audit of the service calls [`check_chain`], and [`check_targets`]
//! with the rows that the log is about.
//!
//! - `record`: the rows, and their hash chain;
//! - `read`: the log as auditors read it;
//! - `check`: the invariants.

mod check;
mod read;
mod record;

pub use check::{Step, check_chain, check_targets};
pub use read::{EventView, after, event_schema, feed, head, page};
pub use record::{Actor, Event, Record};

use crate::store::Migration;

/// The migration that makes the log, as step `number` of the service's schema.
pub const fn migration(number: i64) -> Migration {
    Migration {
        number,
        name: "audit log",
        statements: &[
            "CREATE TABLE audit_log (
                sequence   INTEGER PRIMARY KEY CHECK (sequence >= 1),
                at_ms      INTEGER NOT NULL,
                actor      BLOB    NOT NULL CHECK (length(actor) = 16),
                actor_role TEXT    NOT NULL,
                on_behalf_of BLOB  CHECK (length(on_behalf_of) = 16),
                action     TEXT    NOT NULL,
                target     BLOB    NOT NULL CHECK (length(target) = 16),
                old_value  TEXT,
                new_value  TEXT,
                request_id TEXT,
                hash       BLOB    NOT NULL CHECK (length(hash) = 32)
            ) STRICT",
            "CREATE INDEX audit_log_by_target ON audit_log (target, sequence)",
            "CREATE TRIGGER audit_log_is_never_updated BEFORE UPDATE ON audit_log
             BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END",
            "CREATE TRIGGER audit_log_is_never_deleted_from BEFORE DELETE ON audit_log
             BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END",
            "CREATE TABLE audit_head (
                singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
                sequence  INTEGER NOT NULL,
                hash      BLOB    NOT NULL CHECK (length(hash) = 32)
            ) STRICT",
            "INSERT INTO audit_head (singleton, sequence, hash) VALUES (1, 0, zeroblob(32))",
        ],
    }
}

#[cfg(test)]
#[cfg(feature = "native")]
mod tests;
