//! The store's schema. Times are milliseconds since 1970 UTC, ids the 16 bytes of a UUID.

use strongroom_sdk::store::Migration;

/// In order; a released one never changes.
pub const MIGRATIONS: &[Migration] = &[FIRST, LOG_OF_USER, CHAIN_OF_LOG];

const FIRST: Migration = Migration {
    number: 1,
    name: "users, login throttle, audit log, and the outbox of ended sessions",
    statements: &[
        "CREATE TABLE user (
            id               BLOB    PRIMARY KEY CHECK (length(id) = 16),
            email            TEXT    NOT NULL,
            email_key        TEXT    NOT NULL UNIQUE,
            name             TEXT,
            role             TEXT    NOT NULL CHECK (role IN ('customer', 'teller', 'auditor', 'admin')),
            password_hash    TEXT    NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
            security_version INTEGER NOT NULL CHECK (security_version > 0),
            disabled         INTEGER NOT NULL CHECK (disabled IN (0, 1)),
            created_at       INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID",
        "CREATE INDEX user_by_role ON user (role) WHERE role <> 'customer'",
        // The account is the SHA-256 of the address, so that what strangers type in is not kept.
        "CREATE TABLE login_failure (
            account         BLOB    PRIMARY KEY CHECK (length(account) = 32),
            failures        INTEGER NOT NULL CHECK (failures > 0),
            locked_until    INTEGER NOT NULL,
            last_failure_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID",
        "CREATE INDEX login_failure_by_time ON login_failure (last_failure_at)",
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
        // A row is a user whose older sessions the token service may not have ended yet.
        "CREATE TABLE ended_sessions_outbox (
            id                   BLOB    PRIMARY KEY CHECK (length(id) = 16),
            subject              BLOB    NOT NULL CHECK (length(subject) = 16),
            security_version_min INTEGER NOT NULL,
            except_session       BLOB    CHECK (length(except_session) = 16),
            created_at           INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID",
    ],
};

/// So that what was done to one user is read without what was done to all others.
const LOG_OF_USER: Migration = Migration {
    number: 2,
    name: "the audit log by user",
    statements: &["CREATE INDEX audit_log_by_target ON audit_log (target, id)"],
};

/// Beside the log, whose rows then need not be copied. Those of before are appended by `start`: SQL here has no SHA-256.
const CHAIN_OF_LOG: Migration = Migration {
    number: 3,
    name: "the hash chain of the audit log",
    statements: &[
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
    ],
};
