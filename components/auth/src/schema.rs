//! The store's schema. Times are milliseconds since 1970 UTC, ids the 16 bytes of a UUID.

use strongroom_sdk::store::Migration;
use strongroom_sdk::{audit_log, idempotency};

/// Every step of the schema, oldest first. A released step never changes.
pub const MIGRATIONS: &[Migration] = &[
    FIRST,
    audit_log::migration(2),
    idempotency::migration(3),
    FEWEST_FAILURES,
];

const FEWEST_FAILURES: Migration = Migration {
    number: 4,
    name: "the counters with the fewest failures",
    statements: &[
        "CREATE INDEX login_failure_by_failures ON login_failure (kind, failures, last_failure_at)",
    ],
};

const FIRST: Migration = Migration {
    number: 1,
    name: "users, what they are found by, login throttle, device tokens, API keys, and outboxes",
    statements: &[
        "CREATE TABLE user (
            id               BLOB    PRIMARY KEY CHECK (length(id) = 16),
            email            TEXT    NOT NULL,
            email_key        TEXT    NOT NULL UNIQUE,
            name             TEXT,
            search           TEXT    NOT NULL,
            role             TEXT    NOT NULL CHECK (role IN ('customer', 'teller', 'auditor', 'admin')),
            password_hash    TEXT    NOT NULL CHECK (password_hash LIKE '$argon2id$%'),
            security_version INTEGER NOT NULL CHECK (security_version > 0),
            disabled         INTEGER NOT NULL CHECK (disabled IN (0, 1)),
            created_at       INTEGER NOT NULL,
            metadata         TEXT    CHECK (length(metadata) <= 4096)
        ) STRICT, WITHOUT ROWID",
        // A row is a place in the search text of a user where a part may begin.
        "CREATE TABLE user_part (
            part TEXT NOT NULL,
            user BLOB NOT NULL CHECK (length(user) = 16),
            PRIMARY KEY (part, user)
        ) STRICT, WITHOUT ROWID",
        // SQLite takes a partial index only where a statement has its condition word by word.
        "CREATE INDEX user_by_role ON user (role) WHERE role <> 'customer'",
        "CREATE INDEX user_disabled ON user (disabled) WHERE disabled = 1",
        // The account is the SHA-256 of the address, so that the store does not keep what strangers
        // type. The source is the prefix of an IP address, nothing, the hash of a device token, or
        // a session.
        "CREATE TABLE login_failure (
            account         BLOB    NOT NULL CHECK (length(account) = 32),
            kind            TEXT    NOT NULL CHECK (kind IN ('network', 'total', 'device', 'session')),
            source          BLOB    NOT NULL,
            failures        INTEGER NOT NULL CHECK (failures > 0),
            locked_until    INTEGER NOT NULL,
            last_failure_at INTEGER NOT NULL,
            PRIMARY KEY (account, kind, source)
        ) STRICT, WITHOUT ROWID",
        "CREATE INDEX login_failure_by_time ON login_failure (kind, last_failure_at)",
        // A row is a device of a user. The hash is the SHA-256 of its token.
        "CREATE TABLE device_token (
            hash       BLOB    PRIMARY KEY CHECK (length(hash) = 32),
            user       BLOB    NOT NULL CHECK (length(user) = 16),
            created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID",
        "CREATE INDEX device_token_by_user ON device_token (user, created_at)",
        "CREATE INDEX device_token_by_time ON device_token (created_at)",
        // A row is a user whose older sessions the token service may not have ended yet.
        "CREATE TABLE ended_sessions_outbox (
            id                   BLOB    PRIMARY KEY CHECK (length(id) = 16),
            subject              BLOB    NOT NULL CHECK (length(subject) = 16),
            security_version_min INTEGER NOT NULL,
            except_session       BLOB    CHECK (length(except_session) = 16),
            created_at           INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID",
        "CREATE TABLE api_key (
            id         BLOB    PRIMARY KEY CHECK (length(id) = 16),
            state      TEXT    NOT NULL CHECK (state IN ('pending', 'active', 'revoked')),
            name       TEXT    NOT NULL,
            client     BLOB    NOT NULL CHECK (length(client) = 16),
            scopes     TEXT    NOT NULL,
            prefix     TEXT    NOT NULL,
            expires_at INTEGER,
            created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID",
        "CREATE INDEX api_key_in_use ON api_key (id) WHERE state <> 'revoked'",
        "CREATE INDEX api_key_by_client ON api_key (client) WHERE state <> 'revoked'",
        "CREATE INDEX api_key_pending ON api_key (created_at) WHERE state = 'pending'",
        // A row is an API key that the gateway may not refuse yet, or a user who was disabled or
        // enabled and of whom it may not know that.
        "CREATE TABLE gateway_outbox (
            subject BLOB PRIMARY KEY CHECK (length(subject) = 16)
        ) STRICT, WITHOUT ROWID",
    ],
};
