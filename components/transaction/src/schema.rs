//! The tables of the transaction service: standing orders, the changes of accounts and users that
//! they have followed, and who made and ended them; and an index of the ledger's journal, which can
//! be made again from it. The service keeps nothing else of a payment.

use strongroom_sdk::audit_log;
use strongroom_sdk::store::Migration;

/// Every step of the schema, oldest first. A released step never changes.
pub const MIGRATIONS: &[Migration] = &[FIRST, audit_log::migration(2), INDEX, BEFORE_LOG];

const FIRST: Migration = Migration {
    number: 1,
    name: "standing orders",
    statements: &[
        SCHEDULE,
        "CREATE INDEX schedule_owner ON schedule (owner_id, sequence)",
        "CREATE INDEX schedule_owner_state ON schedule (owner_id, state, id)",
        "CREATE INDEX schedule_payer ON schedule (payer, state, id)",
        "CREATE INDEX schedule_payee ON schedule (payee, state, id)",
        "CREATE INDEX schedule_due ON schedule (next_due_at_ms) WHERE state = 'active'",
        SCHEDULE_RUN,
        "CREATE INDEX schedule_run_latest ON schedule_run (schedule_id, sequence)",
        "CREATE INDEX schedule_run_open ON schedule_run (changed_at_ms, sequence)
         WHERE state = 'pending'",
        "CREATE INDEX schedule_run_again ON schedule_run (next_attempt_at_ms)
         WHERE state = 'retrying'",
        "CREATE INDEX schedule_run_retrying ON schedule_run (schedule_id) WHERE state = 'retrying'",
        FOLLOWED,
        "INSERT INTO followed (source, sequence) VALUES ('accounts', 0), ('users', 0)",
    ],
};

/// The standing orders that were made before the audit log had each of them.
const BEFORE_LOG: Migration = Migration {
    number: 4,
    name: "standing orders without a record",
    statements: &[
        "CREATE TABLE schedule_before_log (
            id BLOB PRIMARY KEY REFERENCES schedule (id)
        ) STRICT, WITHOUT ROWID",
        "INSERT INTO schedule_before_log SELECT id FROM schedule",
    ],
};

/// `dates_behind` is the number of the next date. `next_due_at_ms` is when it begins, kept only to
/// find what is due. `dates_skipped` of the dates behind were never begun. `payer` and `payee` come
/// from the request, for the indexes that find the orders of an account: the payer's id, and the
/// payee's id or number. `paused_at_ms` is when the latest pause began.
const SCHEDULE: &str = "CREATE TABLE schedule (
    sequence       INTEGER PRIMARY KEY,
    id             BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    owner_id       BLOB    NOT NULL CHECK (length(owner_id) = 16),
    fingerprint    BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    request        TEXT    NOT NULL,
    state          TEXT    NOT NULL CHECK (
        state IN ('active', 'paused', 'completed', 'cancelled', 'ended')),
    ended_because  TEXT    CHECK (
        ended_because IN ('account_closed', 'account_not_found', 'currency_mismatch')),
    dates_behind   INTEGER NOT NULL CHECK (dates_behind >= 0),
    dates_skipped  INTEGER NOT NULL DEFAULT 0 CHECK (dates_skipped BETWEEN 0 AND dates_behind),
    next_due_at_ms INTEGER,
    paused_at_ms   INTEGER,
    created_at_ms  INTEGER NOT NULL,
    payer          TEXT    AS (request ->> '$.instruction.source') VIRTUAL,
    payee          TEXT    AS (coalesce(request ->> '$.instruction.destination.id',
                                        request ->> '$.instruction.destination.number')) VIRTUAL,
    CHECK ((state = 'active') = (next_due_at_ms IS NOT NULL)),
    CHECK (state <> 'paused' OR paused_at_ms IS NOT NULL),
    CHECK ((state = 'ended') = (ended_because IS NOT NULL))
) STRICT";

/// One row for each date that was due: a date begins once. Each attempt at it is a transfer of its
/// own. The latest began at `begun_at_ms`.
const SCHEDULE_RUN: &str = "CREATE TABLE schedule_run (
    sequence           INTEGER PRIMARY KEY,
    schedule_id        BLOB    NOT NULL REFERENCES schedule (id),
    due                TEXT    NOT NULL CHECK (length(due) = 10),
    attempts           INTEGER NOT NULL CHECK (attempts > 0),
    transfer_id        BLOB    NOT NULL UNIQUE CHECK (length(transfer_id) = 16),
    state              TEXT    NOT NULL CHECK (
        state IN ('pending', 'posted', 'declined', 'refused', 'retrying', 'cancelled')),
    decline_code       TEXT,
    next_attempt_at_ms INTEGER,
    retry_until_ms     INTEGER NOT NULL,
    begun_at_ms        INTEGER NOT NULL,
    changed_at_ms      INTEGER NOT NULL,
    UNIQUE (schedule_id, due),
    CHECK ((state = 'retrying') = (next_attempt_at_ms IS NOT NULL))
) STRICT";

/// The last change of an account, and the last of a user, that were followed.
const FOLLOWED: &str = "CREATE TABLE followed (
    source   TEXT    PRIMARY KEY CHECK (source IN ('accounts', 'users')),
    sequence INTEGER NOT NULL CHECK (sequence >= 0)
) STRICT, WITHOUT ROWID";

/// The index behind `GET /`. `status` is the one that clients see. Each column that a list can be
/// asked for has an index of its own, in the order of the journal.
///
/// The tables have no row ids and no checks: with either, SQLite copies each page that an INSERT of
/// several rows changes, in order to undo it. That took a third of the time. An audit compares the
/// rows with the journal.
const INDEX: Migration = Migration {
    number: 3,
    name: "index of transactions",
    statements: &[
        "CREATE TABLE listed (
            sequence       INTEGER PRIMARY KEY NOT NULL,
            id             BLOB    NOT NULL,
            type           TEXT    NOT NULL,
            status         TEXT    NOT NULL,
            amount_minor   INTEGER,
            scale          INTEGER,
            reference      TEXT,
            initiator_id   BLOB    NOT NULL,
            asked_for_id   BLOB    NOT NULL,
            payer_id       BLOB,
            created_at_ms  INTEGER NOT NULL,
            recorded_at_ms INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID",
        "CREATE INDEX listed_type ON listed (type, sequence)",
        "CREATE INDEX listed_status ON listed (status, sequence)",
        "CREATE INDEX listed_reference ON listed (reference, sequence)
         WHERE reference IS NOT NULL",
        "CREATE INDEX listed_initiator ON listed (initiator_id, sequence)",
        "CREATE INDEX listed_recorded ON listed (recorded_at_ms, sequence)",
        "CREATE TABLE listed_account (
            account_id BLOB    NOT NULL,
            sequence   INTEGER NOT NULL,
            PRIMARY KEY (account_id, sequence)
        ) STRICT, WITHOUT ROWID",
        "CREATE TABLE listed_metadata (
            key      TEXT    NOT NULL,
            value    TEXT    NOT NULL,
            sequence INTEGER NOT NULL,
            PRIMARY KEY (key, value, sequence)
        ) STRICT, WITHOUT ROWID",
        "CREATE TABLE listed_head (
            singleton    INTEGER PRIMARY KEY CHECK (singleton = 1),
            sequence     INTEGER NOT NULL,
            delay_min_ms INTEGER NOT NULL,
            delay_max_ms INTEGER NOT NULL
        ) STRICT",
    ],
};
