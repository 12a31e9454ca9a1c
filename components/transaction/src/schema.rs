//! The table of the transaction service.

use strongroom_sdk::store::Migration;

/// Every step of the schema, oldest first. A released step never changes.
pub const MIGRATIONS: &[Migration] = &[Migration {
    number: 1,
    name: "intents",
    statements: &[
        INTENT,
        "CREATE INDEX intent_accepted ON intent (next_attempt_at_ms) WHERE state = 'accepted'",
    ],
}];

/// `request` is what recovery needs, and goes when the outcome is known; `status` and `body` are what a repeated request is
/// answered with, and come then.
const INTENT: &str = "CREATE TABLE intent (
    sequence           INTEGER PRIMARY KEY,
    id                 BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    principal_id       BLOB    NOT NULL CHECK (length(principal_id) = 16),
    route              TEXT    NOT NULL CHECK (route IN ('deposit', 'withdraw', 'transfer')),
    idempotency_key    TEXT    NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 255),
    fingerprint        BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    state              TEXT    NOT NULL CHECK (state IN ('accepted', 'final')),
    request            TEXT,
    status             INTEGER CHECK (status BETWEEN 200 AND 499),
    body               TEXT,
    created_at_ms      INTEGER NOT NULL,
    attempts           INTEGER NOT NULL CHECK (attempts >= 0),
    next_attempt_at_ms INTEGER NOT NULL,
    deadline_at_ms     INTEGER NOT NULL,
    CHECK ((state = 'accepted') = (request IS NOT NULL)),
    CHECK ((state = 'final') = (status IS NOT NULL)),
    CHECK ((state = 'final') = (body IS NOT NULL))
) STRICT";
