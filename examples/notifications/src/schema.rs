//! The tables of the notification feed.

use strongroom_sdk::store::Migration;

/// The steps of the schema, oldest first. A released step never changes.
pub const MIGRATIONS: &[Migration] = &[Migration {
    number: 1,
    name: "notifications",
    statements: &[
        NOTIFICATION,
        "CREATE INDEX notification_owner ON notification (owner_id, sequence)",
        CURSOR,
        "INSERT INTO journal_cursor (id, after) VALUES (1, 0)",
    ],
}];

/// An owner gets one notification of a posting: the pair is unique.
const NOTIFICATION: &str = "CREATE TABLE notification (
    sequence         INTEGER PRIMARY KEY,
    id               BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    owner_id         BLOB    NOT NULL CHECK (length(owner_id) = 16),
    journal_sequence INTEGER NOT NULL CHECK (journal_sequence > 0),
    event            TEXT    NOT NULL CHECK (event IN ('deposited', 'withdrawn', 'sent', 'received', 'moved', 'declined')),
    account_id       BLOB    NOT NULL CHECK (length(account_id) = 16),
    transaction_id   BLOB    NOT NULL CHECK (length(transaction_id) = 16),
    amount_minor     INTEGER NOT NULL CHECK (amount_minor > 0),
    currency         TEXT    NOT NULL,
    reference        TEXT,
    created_at_ms    INTEGER NOT NULL,
    read_at_ms       INTEGER,
    UNIQUE (journal_sequence, owner_id)
) STRICT";

/// Its one row has the last sequence of the journal that was read.
const CURSOR: &str = "CREATE TABLE journal_cursor (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    after INTEGER NOT NULL CHECK (after >= 0)
) STRICT";
