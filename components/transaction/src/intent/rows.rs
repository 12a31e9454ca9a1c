//! The statements of the table `intent`.

use super::record::{Accepted, COLUMNS, Final, Intent, State, Stored, request_column};
use crate::ledger::DebitAuthority;
use crate::order::Order;
use strongroom_sdk::store::{Row, Rows, Store, StoreError, Transaction, Value};
use uuid::Uuid;

/// How long a new intent is left to the request that brought it, before the sweep looks at it.
const FIRST_ATTEMPT_AFTER_MS: i64 = 2_000;

/// How many of the oldest rows one [`purge`] looks at.
pub const PURGE_ROWS_MAX: i64 = 256;

const INSERT: &str = "\
INSERT INTO intent
    (id, principal_id, route, idempotency_key, fingerprint, state, request, created_at_ms, attempts, next_attempt_at_ms, deadline_at_ms)
VALUES (?1, ?2, ?3, ?4, ?5, 'accepted', ?6, ?7, 0, ?8, ?9)
ON CONFLICT (id) DO NOTHING";

/// An outcome is of a request in its own words. While a storm of clients sends one key in several wordings, the row of one that is turned
/// away may give way to the row of another, before all who were turned away have noted it.
const FINISH: &str = "\
UPDATE intent SET state = 'final', request = NULL, status = ?3, body = ?4
WHERE id = ?1 AND fingerprint = ?2 AND state = 'accepted'";

const REMOVE: &str = "DELETE FROM intent WHERE id = ?1 AND fingerprint = ?2 AND state = 'accepted'";

const INSERT_STAFF_REQUEST: &str =
    "INSERT INTO staff_request (id, request_id) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING";

const REMOVE_STAFF_REQUEST: &str = "DELETE FROM staff_request WHERE id = ?1";

const POSTPONE: &str = "\
UPDATE intent SET attempts = attempts + 1, next_attempt_at_ms = ?3
WHERE id = ?1 AND fingerprint = ?2 AND state = 'accepted'";

/// Bounded by the rows it looks at, not by those it deletes: it costs the same whether there is anything to do or not.
const PURGE: &str = "\
DELETE FROM intent WHERE sequence IN (
    SELECT sequence FROM (SELECT sequence, state, created_at_ms FROM intent ORDER BY sequence LIMIT ?2)
    WHERE state = 'final' AND created_at_ms < ?1)";

const PURGEABLE: &str = "\
SELECT 1 FROM (SELECT state, created_at_ms FROM intent ORDER BY sequence LIMIT ?2)
WHERE state = 'final' AND created_at_ms < ?1 LIMIT 1";

/// How much of requests is read at once, in bytes: a batch is hundreds of KiB, and one answer of the store at most 4 MiB.
const REQUEST_BYTES_MAX: i64 = 2 << 20;

/// Inserts a new intent; false if its id is there already.
pub fn insert(transaction: &impl Transaction, intent: &Intent) -> Result<bool, StoreError> {
    let order = &intent.accepted.order;
    let inserted = transaction.execute(
        INSERT,
        &[
            Value::from(order.id()),
            Value::from(intent.principal),
            Value::from(intent.route.as_str()),
            Value::from(intent.key.as_str()),
            Value::from(order.fingerprint().as_slice()),
            Value::from(request_column(order)),
            Value::from(order.requested_at_ms()),
            Value::from(
                order
                    .requested_at_ms()
                    .saturating_add(FIRST_ATTEMPT_AFTER_MS),
            ),
            Value::from(intent.deadline_at_ms),
        ],
    )?;
    if let (1, Some(request_id)) = (inserted, &intent.staff_request) {
        let params = [order.id().into(), Value::from(request_id.as_str())];
        transaction.execute(INSERT_STAFF_REQUEST, &params)?;
    }
    Ok(inserted == 1)
}

/// The host's id of the request in which staff asked for a transaction, if they did.
pub fn staff_request<S: Store>(store: &S, id: Uuid) -> Result<Option<String>, StoreError> {
    let sql = "SELECT request_id FROM staff_request WHERE id = ?1";
    let row = store.query(sql, &[id.into()])?.first();
    row.map(|row| row.text(0)).transpose()
}

/// What is stored under an id, inside a write transaction.
pub fn find(transaction: &impl Transaction, id: Uuid) -> Result<Option<Stored>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM intent WHERE id = ?1");
    let row = transaction.query(&sql, &[id.into()])?.first();
    row.map(|row| Stored::from_row(&row)).transpose()
}

/// What is durably stored under an id.
pub fn peek<S: Store>(store: &S, id: Uuid) -> Result<Option<Stored>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM intent WHERE id = ?1");
    let row = store.query(&sql, &[id.into()])?.first();
    row.map(|row| Stored::from_row(&row)).transpose()
}

/// Keeps the answer. An intent that is final already stays as it is: the answer is the same.
pub fn finish(
    transaction: &impl Transaction,
    order: &Order,
    answer: &Final,
) -> Result<(), StoreError> {
    let [id, fingerprint] = words_of(order);
    let params = [
        id,
        fingerprint,
        Value::from(i64::from(answer.status)),
        Value::from(answer.body.as_str()),
    ];
    transaction.execute(FINISH, &params).map(drop)
}

/// Forgets a request for which the ledger records nothing.
pub fn remove(transaction: &impl Transaction, order: &Order) -> Result<(), StoreError> {
    if transaction.execute(REMOVE, &words_of(order))? > 0
        && order.authority() == DebitAuthority::Bank
    {
        transaction.execute(REMOVE_STAFF_REQUEST, &[order.id().into()])?;
    }
    Ok(())
}

/// Leaves an intent for a later sweep.
pub fn postpone(
    transaction: &impl Transaction,
    order: &Order,
    next_attempt_at_ms: i64,
) -> Result<(), StoreError> {
    let [id, fingerprint] = words_of(order);
    let params = [id, fingerprint, Value::from(next_attempt_at_ms)];
    transaction.execute(POSTPONE, &params).map(drop)
}

fn words_of(order: &Order) -> [Value; 2] {
    [
        Value::from(order.id()),
        Value::from(order.fingerprint().as_slice()),
    ]
}

/// The intents without an outcome whose next attempt is due, at most `limit`, longest overdue first.
pub fn due<S: Store>(store: &S, now_ms: i64, limit: i64) -> Result<Vec<Accepted>, StoreError> {
    open(store, "next_attempt_at_ms", now_ms, limit)
}

/// The intents without an outcome that were there at `started_ms`, whenever their next attempt is due, at most `limit`.
pub fn left_over<S: Store>(
    store: &S,
    started_ms: i64,
    limit: i64,
) -> Result<Vec<Accepted>, StoreError> {
    open(store, "created_at_ms", started_ms, limit)
}

/// The intents without an outcome whose `time_column` has passed, as many as can be read at once.
fn open<S: Store>(
    store: &S,
    time_column: &str,
    until_ms: i64,
    limit: i64,
) -> Result<Vec<Accepted>, StoreError> {
    let tail = format!(
        "FROM intent WHERE state = 'accepted' AND {time_column} <= ?1 ORDER BY next_attempt_at_ms, sequence LIMIT ?2"
    );
    let params = |limit: i64| [Value::from(until_ms), Value::from(limit)];
    let sizes = store.query(
        &format!("SELECT octet_length(request) {tail}"),
        &params(limit),
    )?;
    let (mut count, mut bytes) = (0_i64, 0_i64);
    for size in sizes {
        bytes = bytes.saturating_add(size.integer(0)?);
        // One alone always can be.
        if count > 0 && bytes > REQUEST_BYTES_MAX {
            break;
        }
        count += 1;
    }
    if count == 0 {
        return Ok(Vec::new());
    }
    accepted(store.query(&format!("SELECT {COLUMNS} {tail}"), &params(count))?)
}

fn accepted(rows: Rows) -> Result<Vec<Accepted>, StoreError> {
    let mut intents = Vec::with_capacity(rows.rows.len());
    for row in rows {
        if let State::Accepted(accepted) = Stored::from_row(&row)?.state {
            intents.push(*accepted);
        }
    }
    Ok(intents)
}

/// How many intents have no outcome yet.
pub fn count_accepted<S: Store>(store: &S) -> Result<i64, StoreError> {
    let rows = store.query("SELECT count(*) FROM intent WHERE state = 'accepted'", &[])?;
    rows.first().map_or(Ok(0), |row: Row| row.integer(0))
}

/// Deletes answers that are older than `before_ms` from among the oldest rows. A retry that comes later still than that meets the
/// transfer in the ledger, and is answered from there.
pub fn purge<S: Store>(store: &S, before_ms: i64) -> Result<(), StoreError> {
    let params = [Value::from(before_ms), Value::from(PURGE_ROWS_MAX)];
    // Reading first: most ticks find nothing, and then do not take the writer's turn.
    if store.query(PURGEABLE, &params)?.first().is_none() {
        return Ok(());
    }
    let transaction = store.begin()?;
    transaction.execute(PURGE, &params)?;
    transaction.commit_later()
}
