//! The statements of the tables `webhook` and `webhook_delivery`.

use super::record::{DELIVERY_COLUMNS, Delivery, DeliveryState, WEBHOOK_COLUMNS, Webhook};
use strongroom_sdk::store::{Rows, Store, StoreError, Transaction, Value};
use uuid::Uuid;

/// How many of the oldest deliveries one [`purge`] looks at.
const PURGE_ROWS_MAX: i64 = 256;

const INSERT: &str = "\
INSERT INTO webhook (id, fingerprint, url, secret, events, created_by, created_at_ms, cursor)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT (id) DO NOTHING";

/// The secret goes with it.
const DELETE: &str = "\
UPDATE webhook SET deleted_at_ms = ?2, secret = zeroblob(0) WHERE id = ?1 AND deleted_at_ms IS NULL";

const INSERT_DELIVERY: &str = "\
INSERT INTO webhook_delivery (webhook_key, sequence, type, state, attempts, next_attempt_at_ms, since_ms, created_at_ms)
VALUES (?1, ?2, ?3, 'pending', 0, ?4, ?4, ?4)
ON CONFLICT (webhook_key, sequence) DO NOTHING";

const RECORD: &str = "\
UPDATE webhook_delivery
SET state = ?4, attempts = attempts + 1, next_attempt_at_ms = ?5, last_status = ?6, last_error = ?7, delivered_at_ms = ?8
WHERE webhook_key = ?1 AND sequence = ?2 AND state = 'pending' AND since_ms = ?3";

const RESEND: &str = "\
UPDATE webhook_delivery
SET state = 'pending', attempts = 0, next_attempt_at_ms = ?3, since_ms = ?3, delivered_at_ms = NULL
WHERE webhook_key = ?1 AND sequence = ?2";

/// Bounded by the rows it looks at, not by those it deletes.
const PURGEABLE: &str = "\
SELECT rowid FROM (SELECT rowid, webhook_key, state, created_at_ms FROM webhook_delivery ORDER BY created_at_ms LIMIT ?2)
WHERE created_at_ms < ?1
AND (state <> 'pending' OR webhook_key IN (SELECT key FROM webhook WHERE deleted_at_ms IS NOT NULL))";

/// Inserts a new webhook; false if its id is there already.
pub fn insert(transaction: &impl Transaction, webhook: &Webhook) -> Result<bool, StoreError> {
    let events = webhook.events.as_ref().map(serde_json::to_string);
    let events = events.transpose();
    let params = [
        Value::from(webhook.id),
        Value::from(webhook.fingerprint.as_slice()),
        Value::from(webhook.url.as_str()),
        Value::from(webhook.secret.bytes()),
        Value::from(events.map_err(|error| StoreError::Row(error.to_string()))?),
        Value::from(webhook.created_by),
        Value::from(webhook.created_at_ms),
        integer(webhook.cursor)?,
    ];
    Ok(transaction.execute(INSERT, &params)? == 1)
}

/// The webhook of an id, deleted or not, inside a write transaction.
pub fn find(transaction: &impl Transaction, id: Uuid) -> Result<Option<Webhook>, StoreError> {
    let sql = format!("SELECT {WEBHOOK_COLUMNS} FROM webhook WHERE id = ?1");
    let found = webhooks(transaction.query(&sql, &[id.into()])?)?;
    Ok(found.into_iter().next())
}

/// The webhook of an id, deleted or not.
pub fn peek<S: Store>(store: &S, id: Uuid) -> Result<Option<Webhook>, StoreError> {
    let sql = format!("SELECT {WEBHOOK_COLUMNS} FROM webhook WHERE id = ?1");
    let found = webhooks(store.query(&sql, &[id.into()])?)?;
    Ok(found.into_iter().next())
}

/// The webhooks that are there, newest first, below a place among all.
pub fn list<S: Store>(
    store: &S,
    before: Option<u64>,
    limit: i64,
) -> Result<Vec<Webhook>, StoreError> {
    let sql = format!(
        "SELECT {WEBHOOK_COLUMNS} FROM webhook WHERE deleted_at_ms IS NULL AND key < ?1 ORDER BY key DESC LIMIT ?2"
    );
    webhooks(store.query(&sql, &[place(before), Value::from(limit)])?)
}

fn webhooks(rows: Rows) -> Result<Vec<Webhook>, StoreError> {
    rows.into_iter()
        .map(|row| Webhook::from_row(&row))
        .collect()
}

/// How many webhooks there are.
pub fn count(transaction: &impl Transaction) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM webhook WHERE deleted_at_ms IS NULL";
    let row = transaction.query(sql, &[])?.first();
    row.map_or(Ok(0), |row| row.integer(0))
}

/// Deletes a webhook; false if there is none.
pub fn delete(transaction: &impl Transaction, id: Uuid, now_ms: i64) -> Result<bool, StoreError> {
    let params = [Value::from(id), Value::from(now_ms)];
    Ok(transaction.execute(DELETE, &params)? == 1)
}

/// Moves a webhook's cursor; false if it stands elsewhere: somebody else has moved it.
pub(super) fn move_cursor(
    transaction: &impl Transaction,
    webhook: &Webhook,
    to: u64,
) -> Result<bool, StoreError> {
    let sql =
        "UPDATE webhook SET cursor = ?3 WHERE key = ?1 AND cursor = ?2 AND deleted_at_ms IS NULL";
    let params = [
        Value::from(webhook.key),
        integer(webhook.cursor)?,
        integer(to)?,
    ];
    Ok(transaction.execute(sql, &params)? == 1)
}

/// Notes that an event is to be delivered.
pub(super) fn insert_delivery(
    transaction: &impl Transaction,
    webhook_key: i64,
    (sequence, event_type): (u64, &str),
    now_ms: i64,
) -> Result<(), StoreError> {
    let params = [
        Value::from(webhook_key),
        integer(sequence)?,
        Value::from(event_type),
        Value::from(now_ms),
    ];
    transaction.execute(INSERT_DELIVERY, &params).map(drop)
}

/// How many deliveries of a webhook are not done, as far as `limit`.
pub(super) fn count_pending<S: Store>(
    store: &S,
    webhook_key: i64,
    limit: i64,
) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM webhook_delivery WHERE webhook_key = ?1 AND state = 'pending' LIMIT ?2)";
    let params = [Value::from(webhook_key), Value::from(limit)];
    let row = store.query(sql, &params)?.first();
    row.map_or(Ok(0), |row| row.integer(0))
}

/// The deliveries of a webhook that are due, at most `limit`, longest overdue first.
pub(super) fn due<S: Store>(
    store: &S,
    webhook_key: i64,
    now_ms: i64,
    limit: i64,
) -> Result<Vec<Delivery>, StoreError> {
    let sql = format!(
        "SELECT {DELIVERY_COLUMNS} FROM webhook_delivery WHERE webhook_key = ?1 AND state = 'pending' AND next_attempt_at_ms <= ?2 \
         ORDER BY next_attempt_at_ms, sequence LIMIT ?3"
    );
    let params = [
        Value::from(webhook_key),
        Value::from(now_ms),
        Value::from(limit),
    ];
    rows_of_deliveries(store.query(&sql, &params)?)
}

/// A webhook's deliveries, newest event first, below a place in the journal.
pub fn deliveries<S: Store>(
    store: &S,
    webhook_key: i64,
    before: Option<u64>,
    limit: i64,
) -> Result<Vec<Delivery>, StoreError> {
    let sql = format!(
        "SELECT {DELIVERY_COLUMNS} FROM webhook_delivery WHERE webhook_key = ?1 AND sequence < ?2 ORDER BY sequence DESC LIMIT ?3"
    );
    let params = [Value::from(webhook_key), place(before), Value::from(limit)];
    rows_of_deliveries(store.query(&sql, &params)?)
}

/// One delivery of a webhook.
pub fn peek_delivery<S: Store>(
    store: &S,
    webhook_key: i64,
    sequence: u64,
) -> Result<Option<Delivery>, StoreError> {
    let before = sequence.saturating_add(1);
    let found = deliveries(store, webhook_key, Some(before), 1)?;
    Ok(found.into_iter().find(|found| found.sequence == sequence))
}

fn rows_of_deliveries(rows: Rows) -> Result<Vec<Delivery>, StoreError> {
    rows.into_iter()
        .map(|row| Delivery::from_row(&row))
        .collect()
}

/// What came of an attempt.
pub(super) struct Attempt {
    pub(super) state: DeliveryState,
    pub(super) next_attempt_at_ms: Option<i64>,
    pub(super) status: Option<u16>,
    pub(super) error: Option<String>,
    pub(super) delivered_at_ms: Option<i64>,
}

/// Notes an attempt. A delivery that was asked for again meanwhile stays as it is.
pub(super) fn record(
    transaction: &impl Transaction,
    delivery: &Delivery,
    attempt: Attempt,
) -> Result<(), StoreError> {
    let params = [
        Value::from(delivery.webhook_key),
        integer(delivery.sequence)?,
        Value::from(delivery.since_ms),
        Value::from(attempt.state.as_str()),
        Value::from(attempt.next_attempt_at_ms),
        Value::from(attempt.status.map(i64::from)),
        Value::from(attempt.error),
        Value::from(attempt.delivered_at_ms),
    ];
    transaction.execute(RECORD, &params).map(drop)
}

/// Asks for a delivery again, whatever came of it; false if there is none.
pub fn resend(
    transaction: &impl Transaction,
    webhook_key: i64,
    sequence: u64,
    now_ms: i64,
) -> Result<bool, StoreError> {
    let params = [
        Value::from(webhook_key),
        integer(sequence)?,
        Value::from(now_ms),
    ];
    Ok(transaction.execute(RESEND, &params)? == 1)
}

/// Forgets deliveries that the cursor passed before `before_ms`, from among the oldest: those that are done, and those of deleted webhooks.
pub(super) fn purge<S: Store>(store: &S, before_ms: i64) -> Result<(), StoreError> {
    let params = [Value::from(before_ms), Value::from(PURGE_ROWS_MAX)];
    // Reading first: most ticks find nothing, and then do not take the writer's turn.
    if store.query(PURGEABLE, &params)?.first().is_none() {
        return Ok(());
    }
    let transaction = store.begin()?;
    let sql = format!("DELETE FROM webhook_delivery WHERE rowid IN ({PURGEABLE})");
    transaction.execute(&sql, &params)?;
    transaction.commit_later()
}

fn place(before: Option<u64>) -> Value {
    let place = before.map_or(i64::MAX, |before| i64::try_from(before).unwrap_or(i64::MAX));
    Value::from(place)
}

/// SQLite's integers are signed; no journal is that long.
fn integer(number: u64) -> Result<Value, StoreError> {
    i64::try_from(number)
        .map(Value::from)
        .map_err(|_| StoreError::Row(format!("{number} is beyond any journal")))
}
