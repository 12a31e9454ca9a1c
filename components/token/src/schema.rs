//! The store's schema. Times are milliseconds since 1970 UTC, ids the 16 bytes of a UUID.

use strongroom_sdk::store::Migration;

/// Every step of the schema, oldest first. A released step never changes.
pub const MIGRATIONS: &[Migration] = &[Migration {
    number: 1,
    name: "sessions, their rotations, subject floors, and the revocation outbox",
    statements: &[
        "CREATE TABLE session (
            id               BLOB    PRIMARY KEY CHECK (length(id) = 16),
            subject          BLOB    NOT NULL CHECK (length(subject) = 16),
            role             TEXT    NOT NULL,
            scope            TEXT    NOT NULL,
            security_version INTEGER NOT NULL,
            user_agent       TEXT,
            created_at       INTEGER NOT NULL,
            last_used_at     INTEGER NOT NULL,
            expires_at       INTEGER NOT NULL,
            ended_at         INTEGER,
            end_reason       TEXT,
            refresh_key      BLOB    NOT NULL CHECK (length(refresh_key) = 32),
            refresh_counter  INTEGER NOT NULL CHECK (refresh_counter >= 0),
            refresh_hash     BLOB    NOT NULL CHECK (length(refresh_hash) = 32),
            CHECK ((ended_at IS NULL) = (end_reason IS NULL))
        ) STRICT, WITHOUT ROWID",
        "CREATE INDEX session_by_subject ON session (subject)",
        "CREATE INDEX session_by_expiry ON session (expires_at)",
        // A row is a rotated refresh token, by its counter, within its grace. The session's next
        // rotation deletes older rows.
        "CREATE TABLE rotation (
            session    BLOB    NOT NULL CHECK (length(session) = 16),
            counter    INTEGER NOT NULL CHECK (counter >= 0),
            rotated_at INTEGER NOT NULL,
            PRIMARY KEY (session, counter)
        ) STRICT, WITHOUT ROWID",
        // The service refuses a login with a lower security version: it raced with a change of the
        // password. One row for each user who ever ended sessions.
        "CREATE TABLE subject_floor (
            subject              BLOB    PRIMARY KEY CHECK (length(subject) = 16),
            security_version_min INTEGER NOT NULL,
            set_at               INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID",
        // A row is a revocation that the host may not know yet. It leaves when the host has it.
        "CREATE TABLE revocation_outbox (
            id                   BLOB    PRIMARY KEY CHECK (length(id) = 16),
            session              BLOB    CHECK (length(session) = 16),
            subject              BLOB    CHECK (length(subject) = 16),
            security_version_min INTEGER,
            except_session       BLOB    CHECK (length(except_session) = 16),
            created_at           INTEGER NOT NULL,
            CHECK ((session IS NULL) <> (subject IS NULL)),
            CHECK ((subject IS NULL) = (security_version_min IS NULL))
        ) STRICT, WITHOUT ROWID",
    ],
}];
