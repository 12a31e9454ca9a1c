//! The tables of the transaction service.

use strongroom_sdk::audit_log;
use strongroom_sdk::store::Migration;

/// Every step of the schema, oldest first. A released step never changes what it means.
pub const MIGRATIONS: &[Migration] = &[
    FIRST,
    MONEY_MOVEMENT,
    STANDING_ORDERS,
    WEBHOOKS,
    STAFF_REQUESTS,
    LOG_OF_STAFF,
];

const FIRST: Migration = Migration {
    number: 1,
    name: "intents",
    statements: &[INTENT, INTENT_ACCEPTED],
};

/// SQLite cannot change a `CHECK`, so the intents are copied into a table that takes the new routes: twice, since a service may not call
/// the functions by which SQLite renames a table.
const MONEY_MOVEMENT: Migration = Migration {
    number: 2,
    name: "intents of holds, reversals, and batches",
    statements: &[
        "DROP INDEX intent_accepted",
        "CREATE TABLE intent_1 AS SELECT * FROM intent",
        "DROP TABLE intent",
        INTENT_2,
        "INSERT INTO intent SELECT * FROM intent_1 ORDER BY sequence",
        "DROP TABLE intent_1",
        INTENT_ACCEPTED,
    ],
};

const STANDING_ORDERS: Migration = Migration {
    number: 3,
    name: "standing orders",
    statements: &[
        SCHEDULE,
        "CREATE INDEX schedule_owner ON schedule (owner_id, sequence)",
        "CREATE INDEX schedule_due ON schedule (next_due_at_ms) WHERE state = 'active'",
        SCHEDULE_RUN,
        "CREATE INDEX schedule_run_latest ON schedule_run (schedule_id, sequence)",
        "CREATE INDEX schedule_run_open ON schedule_run (sequence) WHERE state = 'pending'",
        "CREATE INDEX schedule_run_again ON schedule_run (next_attempt_at_ms) WHERE state = 'retrying'",
    ],
};

const WEBHOOKS: Migration = Migration {
    number: 4,
    name: "webhooks",
    statements: &[
        WEBHOOK,
        WEBHOOK_DELIVERY,
        "CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_key, next_attempt_at_ms, sequence) WHERE state = 'pending'",
        "CREATE INDEX webhook_delivery_age ON webhook_delivery (created_at_ms)",
    ],
};

const STAFF_REQUESTS: Migration = Migration {
    number: 5,
    name: "in which requests staff moved money",
    statements: &[STAFF_REQUEST],
};

const LOG_OF_STAFF: Migration = Migration {
    number: 6,
    name: "the audit log of what administrators did to webhooks, and its hash chain",
    statements: &[
        audit_log::LOG[0],
        audit_log::LOG[1],
        audit_log::LOG[2],
        audit_log::LOG_BY_TARGET,
        audit_log::CHAIN[0],
        audit_log::CHAIN[1],
        audit_log::CHAIN[2],
        audit_log::CHAIN[3],
        audit_log::CHAIN[4],
    ],
};

const INTENT_ACCEPTED: &str =
    "CREATE INDEX intent_accepted ON intent (next_attempt_at_ms) WHERE state = 'accepted'";

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

/// As the first, for more routes. (These are compared one by one, the usual ones first: for `IN (..)` SQLite makes a temporary table at each
/// insert. A bank of before that has the same condition with `IN`.)
const INTENT_2: &str = "CREATE TABLE intent (
    sequence           INTEGER PRIMARY KEY,
    id                 BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    principal_id       BLOB    NOT NULL CHECK (length(principal_id) = 16),
    route              TEXT    NOT NULL CHECK (route = 'transfer' OR route = 'batch' OR route = 'deposit' OR route = 'withdraw' OR
                                  route = 'hold' OR route = 'capture' OR route = 'void' OR route = 'reverse' OR
                                  route = 'schedule'),
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

/// `dates_behind` is the number of the next date; when that begins is kept beside it only to find what is due.
const SCHEDULE: &str = "CREATE TABLE schedule (
    sequence       INTEGER PRIMARY KEY,
    id             BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    owner_id       BLOB    NOT NULL CHECK (length(owner_id) = 16),
    fingerprint    BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    request        TEXT    NOT NULL,
    state          TEXT    NOT NULL CHECK (state IN ('active', 'completed', 'cancelled')),
    dates_behind   INTEGER NOT NULL CHECK (dates_behind >= 0),
    next_due_at_ms INTEGER,
    created_at_ms  INTEGER NOT NULL,
    CHECK ((state = 'active') = (next_due_at_ms IS NOT NULL))
) STRICT";

/// One row for each date that was due: a date is begun once. Each attempt at it is a transfer of its own.
const SCHEDULE_RUN: &str = "CREATE TABLE schedule_run (
    sequence           INTEGER PRIMARY KEY,
    schedule_id        BLOB    NOT NULL REFERENCES schedule (id),
    due                TEXT    NOT NULL CHECK (length(due) = 10),
    attempts           INTEGER NOT NULL CHECK (attempts > 0),
    transfer_id        BLOB    NOT NULL UNIQUE CHECK (length(transfer_id) = 16),
    state              TEXT    NOT NULL CHECK (state IN ('pending', 'posted', 'declined', 'refused', 'retrying', 'cancelled')),
    decline_code       TEXT,
    next_attempt_at_ms INTEGER,
    retry_until_ms     INTEGER NOT NULL,
    changed_at_ms      INTEGER NOT NULL,
    UNIQUE (schedule_id, due),
    CHECK ((state = 'retrying') = (next_attempt_at_ms IS NOT NULL))
) STRICT";

/// `cursor` is the place up to which it has passed the ledger's journal.
const WEBHOOK: &str = "CREATE TABLE webhook (
    key           INTEGER PRIMARY KEY,
    id            BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    fingerprint   BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    url           TEXT    NOT NULL,
    secret        BLOB    NOT NULL,
    events        TEXT,
    created_by    BLOB    NOT NULL CHECK (length(created_by) = 16),
    created_at_ms INTEGER NOT NULL,
    cursor        INTEGER NOT NULL CHECK (cursor >= 0),
    deleted_at_ms INTEGER,
    CHECK ((deleted_at_ms IS NULL) = (length(secret) > 0))
) STRICT";

/// The body of a delivery is made of the journal's row each time it is sent.
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

/// The host's id of the request in which a member of staff moved customers' money. Who, when, and what is in the ledger's journal, by the same
/// id; this stays as long as that does, where an intent goes after a month.
const STAFF_REQUEST: &str = "CREATE TABLE staff_request (
    id         BLOB PRIMARY KEY CHECK (length(id) = 16),
    request_id TEXT NOT NULL
) STRICT, WITHOUT ROWID";
