//! The tables of the account service.
//!
//! Only rows of `transfer` and `entry` move money; triggers refuse to change or delete these rows.
//! `balance` has their sums, because every transfer needs them, and `decline_count` has the numbers
//! of declines. `journal_head`, `batch_head`, and
//! `audit_head` hold the end of each hash chain, so that a cut-off tail is found.
//!
//! The ledger's tables name an account by its integer `key`: an index entry of a few bytes instead
//! of sixteen. They have no foreign keys, as each would cost a search per entry; the audit finds
//! dangling keys.

use strongroom_sdk::store::Migration;
use strongroom_sdk::{audit_log, idempotency};

/// The steps of the schema, oldest first. A released step never changes.
pub const MIGRATIONS: &[Migration] = &[FIRST, audit_log::migration(2), idempotency::migration(3)];

const FIRST: Migration = Migration {
    number: 1,
    name: "accounts, and the ledger with its hash chains",
    statements: &[
        ACCOUNT,
        "CREATE INDEX account_by_owner ON account (owner_id)",
        ACCOUNT_BY_CODE,
        "CREATE INDEX account_by_currency ON account (currency)",
        "CREATE INDEX account_by_type ON account (type) WHERE type <> 'checking'",
        "CREATE INDEX account_by_status ON account (status) WHERE status <> 'open'",
        BALANCE,
        TRANSFER,
        TRANSFER_DECLINED,
        TRANSFER_RESOLVES,
        TRANSFER_HELD_DEBIT,
        TRANSFER_HELD_CREDIT,
        TRANSFER_RELEASED_DEBIT,
        TRANSFER_RELEASED_CREDIT,
        "CREATE INDEX transfer_by_time ON transfer (recorded_at_ms)",
        ENTRY,
        OPEN_HOLD,
        "CREATE INDEX open_hold_by_expiry ON open_hold (expires_at_ms)",
        DECLINE_COUNT,
        JOURNAL_HEAD,
        "INSERT INTO journal_head (singleton, transfer_sequence, entry_sequence, recorded_at_ms, hash)
         VALUES (1, 0, 0, 0, zeroblob(32))",
        BATCH,
        BATCH_HEAD,
        "INSERT INTO batch_head (singleton, sequence, hash) VALUES (1, 0, zeroblob(32))",
        "CREATE TRIGGER transfer_no_update BEFORE UPDATE ON transfer
         BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
        "CREATE TRIGGER transfer_no_delete BEFORE DELETE ON transfer
         BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
        "CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry
         BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END",
        "CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry
         BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END",
        "CREATE TRIGGER batch_no_update BEFORE UPDATE ON batch
         BEGIN SELECT RAISE(ABORT, 'batches are append-only'); END",
        "CREATE TRIGGER batch_no_delete BEFORE DELETE ON batch
         BEGIN SELECT RAISE(ABORT, 'batches are append-only'); END",
        "CREATE TRIGGER account_no_delete BEFORE DELETE ON account
         BEGIN SELECT RAISE(ABORT, 'accounts are closed, never deleted'); END",
    ],
};

/// `version` counts the account's events. `scale` is that at opening: a later table of ISO 4217
/// must not move a decimal point. Only the bank's own accounts may have no overdraft limit.
const ACCOUNT: &str = "CREATE TABLE account (
    key                   INTEGER PRIMARY KEY,
    id                    BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    number                TEXT    NOT NULL UNIQUE CHECK (length(number) BETWEEN 1 AND 34),
    owner_id              BLOB    NOT NULL CHECK (length(owner_id) = 16),
    type                  TEXT    NOT NULL CHECK (type IN ('checking', 'savings', 'settlement', 'internal')),
    code                  TEXT    CHECK (length(code) BETWEEN 1 AND 64),
    name                  TEXT    CHECK (length(name) BETWEEN 1 AND 100),
    metadata              TEXT    CHECK (length(metadata) <= 4096),
    currency              TEXT    NOT NULL CHECK (length(currency) = 3),
    scale                 INTEGER NOT NULL CHECK (scale BETWEEN 0 AND 4),
    status                TEXT    NOT NULL CHECK (status IN ('open', 'frozen', 'closed')),
    frozen                TEXT    CHECK (frozen IN ('debits', 'credits', 'both')),
    overdraft_limit_minor INTEGER CHECK (overdraft_limit_minor BETWEEN 0 AND 1000000000000000),
    version               INTEGER NOT NULL CHECK (version >= 1),
    created_at_ms         INTEGER NOT NULL,
    CHECK ((status = 'frozen') = (frozen IS NOT NULL)),
    CHECK ((type = 'internal') = (code IS NOT NULL)),
    CHECK (overdraft_limit_minor IS NOT NULL OR type = 'settlement' OR type = 'internal'),
    CHECK (overdraft_limit_minor IS NULL OR type <> 'settlement')
) STRICT";

/// A code means one account of a currency. The lists of accounts have no index of the ordinary open
/// checking account but that of its currency: opening one pays for each.
const ACCOUNT_BY_CODE: &str =
    "CREATE UNIQUE INDEX account_by_code ON account (code, currency) WHERE code IS NOT NULL";

/// Four counters, never a signed balance. `entry_count` is the sequence of the newest entry.
const BALANCE: &str = "CREATE TABLE balance (
    account_key    INTEGER PRIMARY KEY,
    debits_posted  INTEGER NOT NULL DEFAULT 0 CHECK (debits_posted  BETWEEN 0 AND 9000000000000000000),
    credits_posted INTEGER NOT NULL DEFAULT 0 CHECK (credits_posted BETWEEN 0 AND 9000000000000000000),
    debits_pending  INTEGER NOT NULL DEFAULT 0 CHECK (debits_pending  BETWEEN 0 AND 9000000000000000000),
    credits_pending INTEGER NOT NULL DEFAULT 0 CHECK (credits_pending BETWEEN 0 AND 9000000000000000000),
    entry_count    INTEGER NOT NULL DEFAULT 0 CHECK (entry_count >= 0)
) STRICT";

/// The journal: every decision, posted or declined. Only a declined row may have no account key.
/// `subject_sequence` is the original: the row that this one captures, voids, lets expire, or
/// reverses. `legs` are those of a posting of several legs, and of its reversal, as `ledger/legs`
/// encodes them; such a row has no amount, and an account to debit only where it is declined.
///
/// The checks compare words one by one, the usual ones first: for `IN (..)` SQLite makes a
/// temporary table at each insert, and the tables of one transfer took an eighth of the host's
/// time.
const TRANSFER: &str = "CREATE TABLE transfer (
    sequence           INTEGER PRIMARY KEY CHECK (sequence >= 1),
    id                 BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    fingerprint        BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    kind               TEXT    NOT NULL CHECK (kind = 'transfer' OR kind = 'deposit' OR kind = 'withdrawal' OR kind = 'hold' OR
                                      kind = 'capture' OR kind = 'void' OR kind = 'expiry' OR kind = 'reversal' OR kind = 'posting'),
    status             TEXT    NOT NULL CHECK (status = 'posted' OR status = 'declined' OR status = 'pending' OR
                                      status = 'voided' OR status = 'expired'),
    decline_code       TEXT    CHECK (decline_code IS NULL OR decline_code = 'insufficient_funds' OR
                                      decline_code = 'account_closed' OR decline_code = 'account_frozen' OR
                                      decline_code = 'currency_mismatch' OR decline_code = 'limit_exceeded' OR
                                      decline_code = 'cancelled' OR decline_code = 'already_captured' OR
                                      decline_code = 'already_voided' OR decline_code = 'hold_expired' OR
                                      decline_code = 'amount_exceeds_hold' OR decline_code = 'already_reversed' OR
                                      decline_code = 'not_reversible' OR decline_code = 'batch_declined' OR
                                      decline_code = 'screening_denied'),
    denied_by          TEXT    CHECK (length(denied_by) BETWEEN 1 AND 64),
    actor_kind         TEXT    NOT NULL CHECK (actor_kind = 'user' OR actor_kind = 'bank' OR actor_kind = 'client'),
    actor_id           BLOB    NOT NULL CHECK (length(actor_id) = 16),
    on_behalf_of_id    BLOB    CHECK (length(on_behalf_of_id) = 16),
    request_id         TEXT    CHECK (length(request_id) BETWEEN 1 AND 128),
    debit_account_key  INTEGER,
    credit_account_key INTEGER,
    amount_minor       INTEGER CHECK (amount_minor BETWEEN 1 AND 1000000000000000),
    currency           TEXT    CHECK (length(currency) = 3),
    reference          TEXT    CHECK (length(reference) <= 140),
    metadata           TEXT    CHECK (length(metadata) <= 4096),
    requested_at_ms    INTEGER NOT NULL,
    recorded_at_ms     INTEGER NOT NULL,
    hash               BLOB    NOT NULL CHECK (length(hash) = 32),
    subject_sequence   INTEGER CHECK (subject_sequence BETWEEN 1 AND sequence - 1),
    expires_at_ms      INTEGER,
    legs               BLOB    CHECK (length(legs) BETWEEN 26 AND 4502),
    CHECK ((status = 'declined') = (decline_code IS NOT NULL)),
    CHECK ((decline_code IS NOT NULL AND decline_code = 'screening_denied') = (denied_by IS NOT NULL)),
    CHECK (status = 'declined' OR legs IS NOT NULL OR (debit_account_key IS NOT NULL AND credit_account_key IS NOT NULL)),
    CHECK ((legs IS NULL) = (amount_minor IS NOT NULL)),
    CHECK ((amount_minor IS NULL) = (currency IS NULL)),
    CHECK (legs IS NULL OR kind = 'posting' OR kind = 'reversal'),
    CHECK (kind <> 'posting' OR legs IS NOT NULL),
    CHECK (debit_account_key <> credit_account_key),
    CHECK (status = 'declined' OR
        (kind = 'capture' OR kind = 'void' OR kind = 'expiry' OR kind = 'reversal') = (subject_sequence IS NOT NULL)),
    CHECK ((status = 'pending') = (expires_at_ms IS NOT NULL)),
    CHECK ((status <> 'pending' AND status <> 'voided' AND status <> 'expired') OR kind = iif(status = 'pending', 'hold',
        iif(status = 'voided', 'void', 'expiry')))
) STRICT";

/// The key under which `transfer_declined` has a decline. SQLite uses the index only for a query
/// with exactly this expression.
macro_rules! declined_by {
    () => {
        "coalesce(iif(kind = 'deposit', credit_account_key, debit_account_key), \
            iif(subject_sequence IS NULL, coalesce(on_behalf_of_id, actor_id), NULL))"
    };
}
pub(crate) use declined_by;

/// Finds the declines of the account to debit (of a deposit: to credit), or of the one who
/// asked where there is no such account. Entries find posted transfers, so only declines pay for
/// this index. An account's key is a number and a user's id a blob: SQLite does not confuse them.
const TRANSFER_DECLINED: &str = concat!(
    "CREATE INDEX transfer_declined ON transfer (",
    declined_by!(),
    ", sequence) WHERE status = 'declined'"
);

/// Each hold ends once, and each posting is reversed once: SQLite refuses a second row.
const TRANSFER_RESOLVES: &str =
    "CREATE UNIQUE INDEX transfer_resolves ON transfer (subject_sequence)
    WHERE subject_sequence IS NOT NULL AND status <> 'declined'";

/// The holds on an account, and the holds in its favour.
const TRANSFER_HELD_DEBIT: &str = "CREATE INDEX transfer_held_debit ON transfer (debit_account_key, sequence) WHERE status = 'pending'";

const TRANSFER_HELD_CREDIT: &str = "CREATE INDEX transfer_held_credit ON transfer (credit_account_key, sequence) WHERE status = 'pending'";

/// The voids and expiries of either. They are apart, so that a search for holds skips them.
const TRANSFER_RELEASED_DEBIT: &str =
    "CREATE INDEX transfer_released_debit ON transfer (debit_account_key, sequence)
    WHERE status = 'voided' OR status = 'expired'";

const TRANSFER_RELEASED_CREDIT: &str =
    "CREATE INDEX transfer_released_credit ON transfer (credit_account_key, sequence)
    WHERE status = 'voided' OR status = 'expired'";

/// One debit or credit. An account has at most one entry of a transfer, so (account, transfer)
/// orders its entries as `account_sequence` does. One index serves statements, history, and past
/// balances.
const ENTRY: &str = "CREATE TABLE entry (
    sequence            INTEGER PRIMARY KEY CHECK (sequence >= 1),
    transfer_sequence   INTEGER NOT NULL,
    account_key         INTEGER NOT NULL,
    account_sequence    INTEGER NOT NULL CHECK (account_sequence >= 1),
    direction           TEXT    NOT NULL CHECK (direction IN ('debit', 'credit')),
    amount_minor        INTEGER NOT NULL CHECK (amount_minor BETWEEN 1 AND 1000000000000000),
    balance_after_minor INTEGER NOT NULL,
    UNIQUE (account_key, transfer_sequence)
) STRICT";

/// The open holds, for the sweep alone. A hold's row in the journal is authoritative.
const OPEN_HOLD: &str = "CREATE TABLE open_hold (
    transfer_sequence INTEGER PRIMARY KEY,
    expires_at_ms     INTEGER NOT NULL
) STRICT";

/// How many declines the journal has of each code.
const DECLINE_COUNT: &str = "CREATE TABLE decline_count (
    code  TEXT    NOT NULL PRIMARY KEY,
    count INTEGER NOT NULL CHECK (count >= 1)
) STRICT";

/// The end of the journal: its last sequences, time, and hash. Times never go back.
const JOURNAL_HEAD: &str = "CREATE TABLE journal_head (
    singleton         INTEGER PRIMARY KEY CHECK (singleton = 1),
    transfer_sequence INTEGER NOT NULL,
    entry_sequence    INTEGER NOT NULL,
    recorded_at_ms    INTEGER NOT NULL,
    hash              BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT";

/// A batch: the common fields of its lines, and why the refused lines were refused. The ids of the
/// other lines' transfers are derived from `id`. `refusals` is a JSON list of `{index, code,
/// pointer, detail}`.
const BATCH: &str = "CREATE TABLE batch (
    sequence        INTEGER PRIMARY KEY CHECK (sequence >= 1),
    id              BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    fingerprint     BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    actor_kind      TEXT    NOT NULL CHECK (actor_kind = 'user' OR actor_kind = 'bank' OR actor_kind = 'client'),
    actor_id        BLOB    NOT NULL CHECK (length(actor_id) = 16),
    on_behalf_of_id BLOB    CHECK (length(on_behalf_of_id) = 16),
    atomic          INTEGER NOT NULL CHECK (atomic BETWEEN 0 AND 1),
    lines           INTEGER NOT NULL CHECK (lines BETWEEN 1 AND 1000),
    refusals        TEXT    NOT NULL,
    requested_at_ms INTEGER NOT NULL,
    recorded_at_ms  INTEGER NOT NULL,
    hash            BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT";

const BATCH_HEAD: &str = "CREATE TABLE batch_head (
    singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
    sequence  INTEGER NOT NULL,
    hash      BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT";
