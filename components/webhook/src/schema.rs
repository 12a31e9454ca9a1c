//! The tables of the webhook service.

use strongroom_sdk::store::Migration;
use strongroom_sdk::{audit_log, idempotency};

/// Every step of the schema, oldest first. A released step never changes.
pub const MIGRATIONS: &[Migration] = &[
    FIRST,
    audit_log::migration(2),
    idempotency::migration(3),
    EARLIER_SECRETS,
    PASSED,
];

const FIRST: Migration = Migration {
    number: 1,
    name: "webhooks and their deliveries",
    statements: &[
        WEBHOOK,
        WEBHOOK_DELIVERY,
        "CREATE INDEX webhook_delivery_due
         ON webhook_delivery (webhook_key, next_attempt_at_ms, sequence) WHERE state = 'pending'",
        "CREATE INDEX webhook_delivery_age ON webhook_delivery (created_at_ms)",
    ],
};

const EARLIER_SECRETS: Migration = Migration {
    number: 4,
    name: "earlier secrets of webhooks",
    statements: &[
        "CREATE TABLE webhook_earlier_secret (
            webhook_key    INTEGER NOT NULL REFERENCES webhook (key),
            secret         BLOB    NOT NULL CHECK (length(secret) > 0),
            signs_until_ms INTEGER NOT NULL
        ) STRICT",
        "CREATE INDEX webhook_earlier_secret_end ON webhook_earlier_secret (signs_until_ms)",
    ],
};

/// The id of the posting at a webhook's cursor, to recognise the journal. There is none at the
/// journal's beginning, and where the cursor has not moved since this step.
const PASSED: Migration = Migration {
    number: 5,
    name: "which posting a webhook has passed last",
    statements: &["CREATE TABLE webhook_passed (
            webhook_key INTEGER PRIMARY KEY REFERENCES webhook (key),
            id          BLOB    NOT NULL CHECK (length(id) = 16)
        ) STRICT"],
};

/// `cursor` is the last sequence of the ledger's journal that the webhook has passed. The row of a
/// deleted webhook stays, without its secret, as the audit log names it. `ended_at_ms` is when its
/// receiver returned 410.
const WEBHOOK: &str = "CREATE TABLE webhook (
    key           INTEGER PRIMARY KEY,
    id            BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    url           TEXT    NOT NULL,
    secret        BLOB    NOT NULL,
    events        TEXT,
    created_by    BLOB    NOT NULL CHECK (length(created_by) = 16),
    created_at_ms INTEGER NOT NULL,
    cursor        INTEGER NOT NULL CHECK (cursor >= 0),
    ended_at_ms   INTEGER,
    deleted_at_ms INTEGER,
    CHECK ((deleted_at_ms IS NULL) = (length(secret) > 0))
) STRICT";

/// No body is stored: each attempt makes it of the journal's row.
const WEBHOOK_DELIVERY: &str = "CREATE TABLE webhook_delivery (
    webhook_key        INTEGER NOT NULL REFERENCES webhook (key),
    sequence           INTEGER NOT NULL CHECK (sequence > 0),
    type               TEXT    NOT NULL,
    state              TEXT    NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts           INTEGER NOT NULL CHECK (attempts >= 0),
    next_attempt_at_ms INTEGER,
    since_ms           INTEGER NOT NULL,
    last_status        INTEGER,
    last_error         TEXT,
    created_at_ms      INTEGER NOT NULL,
    delivered_at_ms    INTEGER,
    PRIMARY KEY (webhook_key, sequence),
    CHECK ((state = 'pending') = (next_attempt_at_ms IS NOT NULL)),
    CHECK ((state = 'delivered') = (delivered_at_ms IS NOT NULL))
) STRICT";
