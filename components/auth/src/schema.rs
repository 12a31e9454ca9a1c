//! The store's schema. Times are milliseconds since 1970 UTC, ids the 16 bytes of a UUID.

use strongroom_sdk::audit_log;
use strongroom_sdk::store::Migration;

/// Every step of the schema, oldest first. A released step never changes.
pub const MIGRATIONS: &[Migration] = &[FIRST, audit_log::migration(2)];

const FIRST: Migration = Migration {
    number: 1,
    name: "users, login throttle, and the outbox of ended sessions",
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
